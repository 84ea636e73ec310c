"""The tables Rekindle writes for dbt: their columns are those of the sources file, none is half written."""

from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration import own_tables
from orchestration.core.errors import RekindleError
from orchestration.own_tables import (
    add_rows,
    arrow_type,
    provide_own_tables,
    read_own_table,
    schema_of,
    write_own_table,
)
from orchestration.project import Home

DAY = date(2025, 12, 28)
BUILD = {"build_id": "2025-12-28-00000001", "as_of_date": DAY, "code_version": "c0de"}


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture
def build(tmp_path):
    """Whatever has own tables and is no home."""
    return SimpleNamespace(own_tables=tmp_path / "build" / "rekindle")


def test_a_table_has_the_columns_and_types_of_the_sources_file(build):
    write_own_table(build, "builds", [BUILD])
    written = pq.read_table(build.own_tables / "builds.parquet").schema
    assert [(field.name, field.type) for field in written] == [
        ("build_id", pa.string()),
        ("as_of_date", pa.date32()),
        ("code_version", pa.string()),
    ]
    assert read_own_table(build, "builds") == [BUILD]


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        ("varchar", "text"), ("bigint", 2**40), ("integer", 7), ("double", 0.5), ("boolean", True),
        ("date", DAY), ("timestamp", datetime(2025, 12, 28, 6, 30)), ("decimal(9,6)", Decimal("0.800000")),
    ],
)  # fmt: skip
def test_every_type_of_a_sources_file_keeps_its_values(data_type, value):
    assert pa.array([value, None], arrow_type(data_type)).to_pylist() == [value, None]


def test_all_types_of_the_sources_file_are_known():
    assert {table: len(schema_of(table)) for table in own_tables._definitions()}["loads"] == 12


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({name: value for name, value in BUILD.items() if name != "code_version"}, "build_id, as_of_date;"),
        (BUILD | {"run_id": "1"}, "code_version, run_id;"),
    ],
)
def test_a_row_with_a_column_too_few_or_too_many_is_refused(build, row, said):
    with pytest.raises(ValueError, match=said):
        write_own_table(build, "builds", [BUILD, row])
    assert read_own_table(build, "builds") == []


def test_a_value_of_another_type_is_refused(build):
    with pytest.raises(TypeError):
        write_own_table(build, "builds", [BUILD | {"as_of_date": "a Sunday"}])


def test_added_rows_leave_the_former_ones_as_they_are(build):
    add_rows(build, "builds", [BUILD])
    add_rows(build, "builds", [BUILD | {"build_id": "next"}])
    assert [row["build_id"] for row in read_own_table(build, "builds")] == [BUILD["build_id"], "next"]


def test_a_file_of_another_version_is_neither_read_nor_overwritten(build):
    file = build.own_tables / "builds.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"build_id": ["old"], "stamp": ["x"]}), file)
    with pytest.raises(RekindleError, match=r"has the columns build_id, stamp; this version writes build_id"):
        add_rows(build, "builds", [BUILD])
    assert pq.read_table(file).to_pylist() == [{"build_id": "old", "stamp": "x"}]


def test_a_new_build_gets_every_table_without_rows_and_a_used_one_keeps_its_rows(build):
    write_own_table(build, "builds", [BUILD])
    provide_own_tables(build)
    assert read_own_table(build, "builds") == [BUILD]
    found = {file.relative_to(build.own_tables).as_posix() for file in build.own_tables.rglob("*.parquet")}
    assert found > {"experiment_results.parquet", "sealed_weeks.parquet", "sealed_touches/empty.parquet"}
    assert pq.read_table(build.own_tables / "sealed_touches").schema == schema_of("sealed_touches")


def test_every_table_is_either_the_homes_or_a_builds(home, build):
    for place in (home, build):
        provide_own_tables(place)
    found = [{file.name for file in place.own_tables.iterdir()} for place in (home, build)]
    assert found[0].isdisjoint(found[1])
    assert sum(map(len, found)) == len(own_tables._definitions())
    assert {"experiment_decisions.parquet", "churn_parameters.parquet", "loads.parquet"} < found[0]


@pytest.mark.parametrize(("table", "of_a_build"), [("as_of_dates", True), ("loads", False)])
def test_a_table_is_written_and_read_only_where_it_belongs(home, build, table, of_a_build):
    elsewhere = home if of_a_build else build
    with pytest.raises(ValueError, match=f"{table} is not a table of {elsewhere.own_tables}"):
        write_own_table(elsewhere, table, [])
    with pytest.raises(ValueError, match="says where it lies"):
        read_own_table(elsewhere, table)


def test_a_write_that_fails_leaves_the_former_table_of_a_home_and_no_litter(home, monkeypatch):
    loads = dict.fromkeys(schema_of("loads").names) | {"source": "chain"}
    write_own_table(home, "loads", [loads])

    def full(_path):
        raise OSError("no space left on device")

    monkeypatch.setattr("orchestration.files.sync", full)
    with pytest.raises(OSError, match="no space"):
        write_own_table(home, "loads", [])
    monkeypatch.undo()
    assert [file.name for file in home.own_tables.iterdir()] == ["loads.parquet"]
    assert read_own_table(home, "loads") == [loads]
