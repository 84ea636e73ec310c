"""A build starts from nothing, is found again, and is audited before anybody may publish it."""

import subprocess
import sys
from datetime import date

import duckdb
import pyarrow.parquet as pq
import pytest
from made_by_hand import AS_OF, finished_build, write_dbt_results

from orchestration.core.errors import RekindleError
from orchestration.ledger.opening import start_build
from orchestration.own_tables import read_own_table
from orchestration.project import own_tables_beside
from orchestration.warehouse.builds import (
    KEPT_BUILDS,
    OUTCOMES_FILE_NAME,
    WhichBuild,
    audit,
    build_of_run,
    waiting_build,
)


def test_a_build_is_named_after_its_newest_date_and_its_run(home):
    dates = [date(2025, 12, 28), date(2025, 12, 21), date(2025, 12, 28)]
    build = start_build(home, dates, run_id="0f8fad5b-d9cb-469f-a165-70867728950e", code_version="c0de")
    assert build.build_id == "2025-12-28-0f8fad5b"
    assert build.as_of_date == date(2025, 12, 28)
    assert build.as_of_dates == (date(2025, 12, 21), date(2025, 12, 28))
    assert build.file == home.builds / "2025-12-28-0f8fad5b" / "rekindle.duckdb"
    assert not build.file.exists()


def test_dbt_is_told_the_dates_each_once_oldest_first_and_the_one_build_under_way(home):
    finished_build(home, 1)
    build = start_build(home, [AS_OF, date(2025, 12, 21), AS_OF], run_id="00000002-run", code_version="c0de")
    dates = [row["as_of_date"] for row in read_own_table(build, "as_of_dates")]
    assert dates == [date(2025, 12, 21), AS_OF]
    stamp = {"build_id": build.build_id, "as_of_date": AS_OF, "code_version": "c0de"}
    assert read_own_table(build, "builds") == [stamp]


def test_each_of_two_builds_keeps_its_own_dates_and_an_engineer_gets_those_of_the_newest(home):
    first = start_build(home, [date(2025, 12, 27)], run_id="00000001", code_version="c0de")
    second = start_build(home, [AS_OF], run_id="00000002", code_version="c0de")
    dates = [[row["as_of_date"] for row in read_own_table(build, "as_of_dates")] for build in (first, second)]
    assert dates == [[date(2025, 12, 27)], [AS_OF]]
    lent = own_tables_beside(home.development_warehouse)
    assert pq.read_table(lent / "as_of_dates.parquet").to_pylist()[0]["as_of_date"] == AS_OF


def test_a_build_without_a_date_is_refused(home):
    with pytest.raises(RekindleError, match="as-of date"):
        start_build(home, [], run_id="0", code_version="c0de")


def test_a_build_started_again_starts_from_nothing(home):
    finished_build(home, 1)
    again = start_build(home, [AS_OF], run_id="00000001-run", code_version="c0de")
    assert not again.file.exists()
    assert list(again.target_path.iterdir()) == []


def test_of_builds_that_were_never_published_the_newest_stay(home):
    builds = [finished_build(home, number) for number in range(KEPT_BUILDS + 2)]
    assert [build.folder.exists() for build in builds] == [False, False, *[True] * KEPT_BUILDS]


def test_an_engineers_development_file_survives_every_build(home):
    home.development_warehouse.parent.mkdir(parents=True)
    home.development_warehouse.write_bytes(b"mine")
    (home.builds / "half-removed").mkdir()
    for number in (1, 2, 3):
        finished_build(home, number)
    assert home.development_warehouse.read_bytes() == b"mine"
    assert not (home.builds / "half-removed").exists()


def test_a_build_is_found_by_its_run_whatever_was_started_since(home):
    first, second = finished_build(home, 1), finished_build(home, 2)
    assert build_of_run(home, first.run_id) == first
    assert build_of_run(home, second.run_id) == second
    assert build_of_run(home, "another run") is None


def test_the_only_build_of_an_as_of_date_is_found_beside_a_newer_one(home):
    first = start_build(home, [date(2025, 12, 27)], run_id="00000001", code_version="c0de")
    second = start_build(home, [date(2025, 12, 28)], run_id="00000002", code_version="c0de")
    assert waiting_build(home, as_of_date=date(2025, 12, 27)) == first
    assert waiting_build(home, as_of_date=date(2025, 12, 28)) == second
    assert waiting_build(home, build_id=first.build_id) == first


def test_of_several_builds_of_a_date_the_only_audited_one_is_meant(home):
    first, _ = finished_build(home, 1), finished_build(home, 2)
    audit(first)
    assert waiting_build(home, as_of_date=AS_OF) == first
    assert waiting_build(home) == first


def test_which_of_several_audited_builds_is_not_guessed(home):
    first, second = finished_build(home, 1), finished_build(home, 2)
    for build in (first, second):
        audit(build)
    with pytest.raises(WhichBuild, match=rf"{first.build_id}, {second.build_id}; name one with --build"):
        waiting_build(home, as_of_date=AS_OF)
    assert waiting_build(home, build_id=first.build_id) == first


def test_a_build_that_is_not_there_is_refused_with_those_that_are(home):
    with pytest.raises(WhichBuild, match="there are: none"):
        waiting_build(home)
    build = finished_build(home, 1)
    with pytest.raises(WhichBuild, match=f"no unpublished build other .*{build.build_id}"):
        waiting_build(home, build_id="other")
    with pytest.raises(WhichBuild, match=f"as of 2025-12-01 .*{build.build_id}"):
        waiting_build(home, as_of_date=date(2025, 12, 1))


def test_an_audit_counts_what_is_public_only_and_leaves_a_complete_file(home):
    build = finished_build(home, 1, rows=5)
    assert audit(build) == {
        "core.dim_as_of_date": 1,
        "core.dim_member": 5,
        "core.fct_order": 10,
        "marts.member_lifecycle": 1,
        "serving.srv_member": 5,
        "staging.stg_rekindle__builds": 1,
    }
    assert build.audit_file.exists()
    assert not build.file.with_name("rekindle.duckdb.wal").exists()


def test_an_audit_takes_in_what_a_killed_writer_left_in_its_wal(home):
    build = finished_build(home, 1, rows=5)
    kill_after_insert = (
        "import duckdb, os, sys; c = duckdb.connect(sys.argv[1]);"
        "c.execute(\"insert into core.dim_member values ('late', 6)\"); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", kill_after_insert, str(build.file)], check=False)
    assert build.file.with_name("rekindle.duckdb.wal").exists()
    assert audit(build)["core.dim_member"] == 6
    assert not build.file.with_name("rekindle.duckdb.wal").exists()


@pytest.mark.parametrize("status", ["fail", "error", "skipped", "runtime error"])
def test_a_build_in_which_anything_did_not_pass_fails_its_audit(home, status):
    build = finished_build(home, 1)
    write_dbt_results(build, {"model.rekindle.dim_member": "success", "test.rekindle.unique": status})
    with pytest.raises(RekindleError, match=f"test.rekindle.unique: {status}"):
        audit(build)
    assert not build.audit_file.exists()


def test_a_warning_is_no_failure(home):
    build = finished_build(home, 1)
    write_dbt_results(build, {"model.rekindle.dim_member": "success", "test.rekindle.unique": "warn"})
    assert audit(build)


def test_a_build_of_a_part_of_the_project_fails_its_audit(home):
    build = finished_build(home, 1)
    write_dbt_results(build, {"model.rekindle.dim_member": "success"}, never_ran=("test.rekindle.unique",))
    with pytest.raises(RekindleError, match=r"never ran: test\.rekindle\.unique"):
        audit(build)


def test_a_build_that_dbt_did_not_finish_fails_its_audit(home):
    build = finished_build(home, 1)
    (build.target_path / OUTCOMES_FILE_NAME).unlink()
    with pytest.raises(RekindleError, match="it did not finish"):
        audit(build)


def test_an_audit_that_fails_takes_back_an_earlier_one(home):
    build = finished_build(home, 1)
    audit(build)
    write_dbt_results(build, {"test.rekindle.unique": "fail"})
    with pytest.raises(RekindleError):
        audit(build)
    assert not build.audit_file.exists()


def test_a_view_over_files_outside_the_build_fails_the_audit_by_name(home, tmp_path):
    build = finished_build(home, 1)
    duckdb.sql(f"copy (select 1 as one) to '{tmp_path}/outside.parquet'")
    with duckdb.connect(str(build.file)) as connection:
        connection.execute(
            f"create or replace view serving.srv_member as from read_parquet('{tmp_path}/outside.parquet')"
        )
    with pytest.raises(RekindleError, match=r"serving\.srv_member .*(?s:.*)as a table"):
        audit(build)


def test_a_view_over_what_readers_do_not_get_fails_the_audit_by_name(home):
    build = finished_build(home, 1)
    with duckdb.connect(str(build.file)) as connection:
        connection.execute("create or replace view serving.srv_member as from seeds.threshold")
    with pytest.raises(RekindleError, match=r"serving\.srv_member .*(?s:.*)only what is public"):
        audit(build)


def test_an_audit_can_be_repeated(home):
    build = finished_build(home, 1)
    assert audit(build) == audit(build)


def test_a_build_that_lacks_a_public_table_fails_its_audit_by_name(home):
    build = finished_build(home, 1)
    with duckdb.connect(str(build.file)) as connection:
        connection.execute("drop schema serving cascade")
    with pytest.raises(RekindleError, match=r"serving\.srv_member cannot be read"):
        audit(build)


def test_a_build_in_which_nothing_is_public_fails_its_audit(home):
    build = finished_build(home, 1)
    write_dbt_results(build, {"test.rekindle.unique": "pass"})
    with pytest.raises(RekindleError, match=r"nothing in .* is public"):
        audit(build)


def test_a_file_that_is_no_database_fails_its_audit_clearly(home):
    build = finished_build(home, 1)
    build.file.write_bytes(b"not a database" * 1000)
    with pytest.raises(RekindleError, match="cannot be read as a whole"):
        audit(build)
