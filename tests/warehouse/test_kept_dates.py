"""An audit leaves the newest date alone where a table keeps no other, and refuses what shows more."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import date

import duckdb
import pytest

from orchestration.core.errors import RekindleError
from orchestration.warehouse.builds import OUTCOMES_FILE_NAME, audit
from orchestration.warehouse.connections import attach_working, connect_read_only
from orchestration.warehouse.publish import publish
from tests.warehouse.made_by_hand import AS_OF, finished_build

EARLIER = date(2025, 12, 21)


@pytest.fixture
def build(home):
    """Two dates: a state of the newest that lies beside, its history, and a view over the state."""
    made = replace(finished_build(home, 1), as_of_dates=(EARLIER, AS_OF))
    told_in = made.target_path / OUTCOMES_FILE_NAME
    told = json.loads(told_in.read_text())
    for relation, keeps in {
        "marts.member_lifecycle": "newest",
        "marts.member_history": "weeks",
        "serving.srv_stage": "newest",
    }.items():
        told["public"][relation] = {"comment": "", "columns": {}, "keeps": keeps}
    told_in.write_text(json.dumps(told))
    with duckdb.connect(str(made.file)) as connection:
        attach_working(connection, made.file)
        connection.execute(
            f"""
            insert into core.dim_as_of_date select stamp, date '{EARLIER}' from core.dim_as_of_date;
            create table marts.member_history as from marts.member_lifecycle;
            insert into marts.member_history select stamp, date '{EARLIER}' from marts.member_history;
            create view serving.srv_stage as from {made.file.stem}.marts.member_lifecycle;
            drop table marts.member_lifecycle;
            """
        )
        # A transaction writes into one file alone.
        connection.execute("create table working.main.member_lifecycle as from marts.member_history")
        connection.execute("create view marts.member_lifecycle as from working.main.member_lifecycle")
    return made


def dates(file):
    with closing(connect_read_only(file)) as connection:
        return {
            relation: [
                day
                for (day,) in connection.execute(
                    f"select distinct as_of_date from {relation} order by 1"
                ).fetchall()
            ]
            for relation in ("marts.member_lifecycle", "marts.member_history", "serving.srv_stage")
        }


def test_readers_get_the_newest_date_of_what_keeps_it_alone_and_every_date_of_the_rest(home, build):
    rows = audit(build)
    assert rows["marts.member_lifecycle"] == rows["serving.srv_stage"] == 1
    assert rows["marts.member_history"] == 2

    publish(home, build)
    assert dates(home.published_file) == {
        "marts.member_lifecycle": [AS_OF],
        "marts.member_history": [EARLIER, AS_OF],
        "serving.srv_stage": [AS_OF],
    }


def test_other_dates_never_lie_in_the_file_that_is_published(build):
    audit(build)
    with duckdb.connect(str(build.file)) as connection:
        kinds = connection.execute("select table_name from duckdb_tables()").fetchall()
    assert ("member_lifecycle",) in kinds


def test_a_table_that_was_made_in_the_file_itself_keeps_the_newest_date_too(build):
    with duckdb.connect(str(build.file)) as connection:
        connection.execute(
            "drop view marts.member_lifecycle;"
            "create table marts.member_lifecycle as from marts.member_history"
        )
    audit(build)
    assert dates(build.file)["marts.member_lifecycle"] == [AS_OF]


def test_an_audit_again_changes_nothing(build):
    assert audit(build) == audit(build)


def test_a_build_that_did_not_pass_keeps_every_date_to_look_at(build):
    told_in = build.target_path / OUTCOMES_FILE_NAME
    told = json.loads(told_in.read_text())
    told_in.write_text(json.dumps(told | {"outcomes": {"model.rekindle.dim_member": "error"}}))
    with pytest.raises(RekindleError, match="did not pass"):
        audit(build)
    assert dates(build.file)["marts.member_lifecycle"] == [EARLIER, AS_OF]


@pytest.mark.parametrize(
    "planted",
    [
        "create or replace view serving.srv_stage as from rekindle.marts.member_history",
        "create or replace view serving.srv_stage as "
        "select stamp, cast(null as date) as as_of_date from rekindle.marts.member_lifecycle",
    ],
)
def test_a_view_of_the_newest_date_that_shows_another_is_refused(build, planted):
    with duckdb.connect(str(build.file)) as connection:
        attach_working(connection, build.file)
        connection.execute(planted)
    with pytest.raises(RekindleError, match=r"serving\.srv_stage keeps the newest .* shows 1 rows of others"):
        audit(build)
    assert not build.audit_file.exists()
