"""What SQL can reach once a connection is locked down: the folders given, and nothing else."""

from datetime import date

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials

from orchestration.ledger.opening import start_build
from orchestration.project import HOME_VARIABLE
from orchestration.warehouse.connections import lock_down
from orchestration.warehouse.lockdown import Plugin

SORT = """
create table {name} as
select i, md5(i::varchar) as text from range(700000) as numbers(i) order by text
"""


@pytest.fixture
def places(tmp_path):
    """A readable folder, and a folder that is not."""
    for name in ("readable", "outside"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "data.csv").write_text("number\n1\n")
        duckdb.sql(f"copy (select 1 as number) to '{tmp_path / name}/data.parquet'")
    return tmp_path


@pytest.fixture
def connection(places):
    with duckdb.connect(str(places / "rekindle.duckdb")) as connection:
        lock_down(connection, [places / "readable"])
        yield connection


def test_the_folder_given_can_be_read(connection, places):
    glob = f"{places}/readable/*.parquet"
    assert connection.execute(f"select number from read_parquet('{glob}')").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_csv('{outside}/data.csv')",
        "select * from read_parquet('{outside}/*.parquet')",
        "select * from '{outside}/data.parquet'",
        "select * from read_csv('{readable}/../outside/data.csv')",
        "select * from read_text('{outside}/data.csv')",
        "select * from glob('{outside}/*')",
        "select * from read_csv('https://example.com/data.csv')",
        "attach '{outside}/other.duckdb'",
        "copy (select 1) to '{outside}/stolen.csv'",
        "copy (select 1) to '{outside}/stolen.parquet' (format parquet)",
        "export database '{outside}/stolen'",
        "install httpfs",
        "install h3 from community",
        "load httpfs",
        "load '{readable}/data.csv'",
        "set memory_limit = '100GB'",
        "set global TimeZone = 'Asia/Shanghai'",
        "set global enable_external_access = true",
        "set global allowed_directories = ['/']",
        "set global lock_configuration = false",
        "reset lock_configuration",
        "pragma threads = 8",
    ],
)
def test_anything_else_is_refused(connection, places, statement):
    outside = places / "outside"
    before = sorted(outside.iterdir())
    with pytest.raises((duckdb.PermissionException, duckdb.InvalidInputException)) as refused:
        connection.cursor().execute(statement.format(outside=outside, readable=places / "readable"))
    assert any(reason in str(refused.value) for reason in ("disabled", "configuration has been locked")), (
        refused.value
    )
    assert sorted(outside.iterdir()) == before


def test_with_no_folder_given_nothing_can_be_read(places):
    with duckdb.connect() as connection:
        lock_down(connection, [])
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"select * from '{places}/readable/data.parquet'")


def test_cursors_are_in_utc_whatever_the_machine_is_in(connection):
    assert connection.cursor().execute("select current_setting('TimeZone')").fetchall() == [("UTC",)]


def test_a_sort_larger_than_memory_still_spills_to_disk(places):
    settings = {"memory_limit": "45MB", "threads": 1, "preserve_insertion_order": False}
    with duckdb.connect(str(places / "small.duckdb"), config=settings) as connection:
        lock_down(connection, [places / "readable"])
        connection.execute(SORT.format(name="spilled"))
        assert connection.execute("select count(*) from spilled").fetchall() == [(700000,)]
    # Without a folder to spill to it does not fit, so the sort above did spill.
    with (
        duckdb.connect(":memory:", config=settings | {"temp_directory": ""}) as connection,
        pytest.raises(duckdb.OutOfMemoryException),
    ):
        connection.execute(SORT.format(name="cramped"))


def test_an_apostrophe_in_a_folders_name_is_only_an_apostrophe(places):
    folder = places / "it's"
    folder.mkdir()
    duckdb.sql(f"copy (select 1 as number) to '{str(folder).replace(chr(39), chr(39) * 2)}/data.parquet'")
    with duckdb.connect() as connection:
        lock_down(connection, [folder])
        assert connection.execute(
            "select * from read_parquet($1)", [f"{folder}/data.parquet"]
        ).fetchall() == [(1,)]


def plugin_of(home, monkeypatch, warehouse):
    monkeypatch.setenv(HOME_VARIABLE, str(home.root))
    return Plugin("lockdown", {}, DuckDBCredentials(database="rekindle", schema="main", path=str(warehouse)))


def test_the_plugin_locks_once_and_names_the_sources_on_every_cursor(home, monkeypatch):
    build = start_build(home, [date(2025, 12, 28)], run_id="run", code_version="c0de")
    plugin = plugin_of(home, monkeypatch, build.file)
    with duckdb.connect() as connection:
        plugin.configure_connection(connection)
        plugin.configure_connection(connection)
        for cursor in (connection.cursor(), connection.cursor()):
            plugin.configure_cursor(cursor)
            assert cursor.execute("select getvariable('loaded'), getvariable('build')").fetchall() == [
                (str(home.loaded), str(build.folder))
            ]


@pytest.mark.parametrize("elsewhere", [False, True])
def test_what_an_engineer_builds_reads_what_the_newest_build_is_for(home, tmp_path, monkeypatch, elsewhere):
    for day in (27, 28):
        start_build(home, [date(2025, 12, day)], run_id=f"run {day}", code_version="c0de")
    file = tmp_path / "mine.duckdb" if elsewhere else home.development_warehouse
    plugin = plugin_of(home, monkeypatch, file)
    with duckdb.connect() as connection:
        plugin.configure_connection(connection)
        plugin.configure_cursor(connection)
        read = "select as_of_date from read_parquet(getvariable('build') || '/rekindle/as_of_dates.parquet')"
        assert connection.execute(read).fetchall() == [(date(2025, 12, 28),)]
