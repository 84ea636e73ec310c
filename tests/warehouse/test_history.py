"""What a build takes over of past dates, and whose rows stand in its tables."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta

import duckdb
import pytest

from orchestration.own_tables import read_own_table
from orchestration.project import FORMER_FILE_NAME
from orchestration.warehouse import history as of_history
from orchestration.warehouse.builds import empty_build
from orchestration.warehouse.history import dates_in, history_of, tables_of_history, whole_history
from orchestration.warehouse.told import attach_told, with_what_was_told
from orchestration.warehouse.versions import rollback, version_file
from tests.warehouse.made_by_hand import AS_OF, publish_one

SUNDAY = AS_OF
WEEK = timedelta(days=7)
TABLE = "marts.fct_told"
COLUMNS = {"as_of_date": "date", "horizon_days": "integer", "said": "varchar"}


@pytest.fixture
def one_table(monkeypatch):
    """A project in which one table carries past dates on."""
    monkeypatch.setattr(of_history, "tables_of_history", lambda: {TABLE: COLUMNS})
    monkeypatch.setattr("orchestration.warehouse.told.tables_of_history", lambda: {TABLE: COLUMNS})


def tell(home, manifest, rows, columns=COLUMNS):
    """Write rows of past dates into a published version, as a build would have."""
    file = version_file(home, manifest.build_id)
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        defined = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection.execute(f"create table {TABLE} ({defined})")
        connection.executemany(f"insert into {TABLE} values (?, ?, ?)", rows)
        connection.execute(
            "create or replace table core.dim_as_of_date (as_of_date date, computed_because varchar, "
            "is_told boolean, told_by varchar, definition_hash varchar)"
        )
        for day in sorted({row[0] for row in rows}):
            connection.execute(
                "insert into core.dim_as_of_date values (?, 'asked for', false, ?, 'then')",
                [day, manifest.build_id],
            )


def test_every_table_that_carries_dates_on_is_public_and_has_its_dates():
    tables = tables_of_history()
    assert {"marts.member_history", "marts.fct_churn_panel", "audiences.aud_call_queue"} <= tables.keys()
    assert all("as_of_date" in columns for columns in tables.values())


def test_a_first_build_makes_every_date_anew_and_says_why(home):
    found = history_of(home, [SUNDAY - WEEK, SUNDAY], "new")
    assert found.version is None
    assert set(found.computed.values()) == {"no version tells of it"}
    assert {each.told_by for each in found.dates} == {"new"}


def test_dates_that_a_version_tells_of_are_taken_over_with_who_decided_them(home, one_table):
    told = publish_one(home, 1, as_of=SUNDAY)
    dates = [SUNDAY - 20 * WEEK, SUNDAY - 10 * WEEK, SUNDAY]
    tell(home, told, [(day, 28, "old") for day in dates])
    found = history_of(home, [*dates, SUNDAY + WEEK], "new")
    assert [(each.is_told, each.told_by) for each in found.dates] == [
        *[(True, told.build_id)] * 3, (False, "new"),
    ]  # fmt: skip
    assert [each.definition_hash == "then" for each in found.dates] == [True, True, True, False]
    assert SUNDAY - 20 * WEEK not in found.computed


def test_a_version_with_other_columns_tells_of_nothing(home, one_table, monkeypatch):
    tell(home, publish_one(home, 1, as_of=SUNDAY), [(SUNDAY, 28, "old")])
    monkeypatch.setattr(of_history, "tables_of_history", lambda: {TABLE: {**COLUMNS, "more": "date"}})
    found = history_of(home, [SUNDAY, SUNDAY + WEEK], "new")
    assert found.version is None
    assert found.instead.startswith(f"{TABLE} of ")


def test_the_version_that_readers_went_back_to_tells_of_past_dates(home, one_table, monkeypatch):
    first, second = (publish_one(home, number, as_of=SUNDAY) for number in (1, 2))
    for manifest in (first, second):
        tell(home, manifest, [(SUNDAY, 28, manifest.build_id)])
    assert history_of(home, [SUNDAY, SUNDAY + WEEK], "new").version.build_id == second.build_id
    monkeypatch.setattr("orchestration.warehouse.versions.verify_version", lambda home, build_id: [])
    rollback(home, first.build_id)
    assert history_of(home, [SUNDAY, SUNDAY + WEEK], "new").version.build_id == first.build_id


def test_a_version_of_a_later_date_tells_an_earlier_build_nothing(home, one_table):
    tell(home, publish_one(home, 1, as_of=SUNDAY), [(SUNDAY - WEEK, 28, "old"), (SUNDAY, 28, "old")])
    earlier = SUNDAY - timedelta(days=1)
    assert history_of(home, [SUNDAY - WEEK, earlier], "new").version is None


def test_a_date_built_again_is_made_anew_and_those_before_it_stay(home, one_table):
    tell(home, publish_one(home, 1, as_of=SUNDAY), [(SUNDAY - WEEK, 28, "old"), (SUNDAY, 28, "old")])
    found = history_of(home, [SUNDAY - WEEK, SUNDAY], "new")
    assert [each.is_told for each in found.dates] == [True, False]


@pytest.mark.parametrize(
    ("meta", "rows"),
    [
        ({}, [(-7, 28, "old"), (0, 28, "new")]),
        ({"told_with": ["horizon_days"]}, [(-7, 28, "old"), (-7, 90, "new"), (0, 28, "new")]),
        ({"renewed": True}, [(-7, 28, "new"), (-7, 90, "new"), (0, 28, "new")]),
    ],
    ids=["what was told stays", "what was not told of a date is added", "what is said now goes first"],
)
def test_whose_rows_stand_in_a_table(home, one_table, meta, rows):
    tell(home, publish_one(home, 1, as_of=SUNDAY - WEEK), [(SUNDAY - WEEK, 28, "old")])
    build = empty_build(home, [SUNDAY - WEEK, SUNDAY], run_id="00000002", code_version="c0de")
    query = (
        f"select * from (values (date '{SUNDAY - WEEK}', 28, 'new'), (date '{SUNDAY - WEEK}', 90, 'new'), "
        f"(date '{SUNDAY}', 28, 'new')) as said (as_of_date, horizon_days, said)"
    )
    with closing(duckdb.connect(str(build.file))) as connection:
        attach_told(connection, build.file)
        carried = with_what_was_told("marts", "fct_told", query, list(COLUMNS), meta)
        found = connection.execute(f"from ({carried}) order by all").fetchall()
    assert found == [(SUNDAY + timedelta(days=days), horizon, said) for days, horizon, said in rows]


def test_without_an_earlier_version_a_table_is_what_its_query_says(home, one_table):
    build = empty_build(home, [SUNDAY], run_id="00000001", code_version="c0de")
    query = f"select date '{SUNDAY}' as as_of_date, 28 as horizon_days, 'new' as said"
    with closing(duckdb.connect(str(build.file))) as connection:
        attach_told(connection, build.file)
        carried = with_what_was_told("marts", "fct_told", query, list(COLUMNS), {})
        assert connection.execute(f"from ({carried})").fetchall() == [(SUNDAY, 28, "new")]
        assert connection.execute(f"from told.{TABLE}").fetchall() == []


def test_members_who_are_gone_leave_what_was_told(home, monkeypatch):
    columns = {"as_of_date": "date", "member_key": "integer", "said": "varchar"}
    for place in ("history", "told"):
        monkeypatch.setattr(f"orchestration.warehouse.{place}.tables_of_history", lambda: {TABLE: columns})
    manifest = publish_one(home, 1, as_of=SUNDAY - WEEK)
    tell(home, manifest, [(SUNDAY - WEEK, 1, "old"), (SUNDAY - WEEK, 2, "old")], columns)
    build = empty_build(home, [SUNDAY - WEEK, SUNDAY], run_id="00000002", code_version="c0de")
    with closing(duckdb.connect(str(build.file))) as connection:
        attach_told(connection, build.file)
        connection.execute("create schema core; create table core.dim_member as select 2 as member_key")
        query = f"select date '{SUNDAY}' as as_of_date, 2 as member_key, 'new' as said"
        carried = with_what_was_told("marts", "fct_told", query, list(columns), {})
        found = connection.execute(f"from ({carried}) order by all").fetchall()
    assert found == [(SUNDAY - WEEK, 2, "old"), (SUNDAY, 2, "new")]


def test_a_build_has_the_version_that_tells_beside_it_whatever_becomes_of_that_version(home, one_table):
    told = publish_one(home, 1, as_of=SUNDAY - WEEK)
    tell(home, told, [(SUNDAY - WEEK, 28, "old")])
    build = empty_build(home, [SUNDAY - WEEK, SUNDAY], run_id="00000002", code_version="c0de")
    version_file(home, told.build_id).unlink()
    with closing(duckdb.connect(str(build.folder / FORMER_FILE_NAME), read_only=True)) as connection:
        assert connection.execute(f"select said from {TABLE}").fetchall() == [("old",)]


def test_a_build_with_history_takes_nothing_over(home, one_table):
    tell(home, publish_one(home, 1, as_of=SUNDAY - WEEK), [(SUNDAY - WEEK, 28, "old")])
    build = empty_build(
        home, [SUNDAY - WEEK, SUNDAY], run_id="00000002", code_version="c0de", with_history=True
    )
    rows = read_own_table(build, "as_of_dates")
    assert [(row["is_computed"], row["is_told"]) for row in rows] == [(True, False), (True, False)]
    assert {row["computed_because"] for row in rows} == {"history is decided anew"}
    assert not (build.folder / FORMER_FILE_NAME).exists()


def test_a_file_tells_where_its_dates_come_from(home, one_table):
    manifest = publish_one(home, 1, as_of=SUNDAY)
    assert dates_in(version_file(home, manifest.build_id)) == {}
    tell(home, manifest, [(SUNDAY, 28, "old")])
    assert dates_in(version_file(home, manifest.build_id)) == {
        "made anew": {str(SUNDAY): "asked for"},
        "taken over": {},
        "definitions": {str(SUNDAY): "then"},
    }


def test_another_definition_gives_another_hash(tmp_path):
    project = tmp_path / "dbt_project"
    (project / "models").mkdir(parents=True)
    (tmp_path / "seeds").mkdir()
    (project / "dbt_project.yml").write_text("name: tiny")
    (project / "models" / "one.sql").write_text("select 1")
    (tmp_path / "seeds" / "limits.csv").write_text("limit\n1\n")
    hashes = {of_history.definition_hash(project)}
    (tmp_path / "seeds" / "limits.csv").write_text("limit\n2\n")
    hashes.add(of_history.definition_hash(project))
    (project / "models" / "one.sql").write_text("select 2")
    hashes.add(of_history.definition_hash(project))
    (project / "models" / "one.yml").write_text("description: words change nothing")
    hashes.add(of_history.definition_hash(project))
    assert len(hashes) == 3


def test_a_whole_history_tells_of_nothing():
    found = whole_history([date(2025, 1, 12), date(2025, 1, 5)], "new")
    assert [each.as_of_date.day for each in found.dates] == [5, 12]
    assert not any(each.is_told for each in found.dates)
    assert replace(found, dates=()).computed == {}
