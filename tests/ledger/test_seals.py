"""A decided week is sealed once, whole, and never changes; a correction stands beside it."""

from datetime import date
from types import SimpleNamespace

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.core.errors import RekindleError
from orchestration.ledger.opening import provide_ledger
from orchestration.ledger.seals import differences, finish_sealing, proposals, seal, seals
from orchestration.own_tables import read_own_table
from tests.killing import dies_before

WEEK = date(2025, 12, 29)
STAMPS = {"build_id": "2025-12-28-00000001", "code_version": "c0de"}


def warehouse(folder, members=3, definition_hash="d1"):
    """A file with one campaign week proposed: the last member is dropped, the others are to be contacted."""
    file = folder / "rekindle.duckdb"
    file.unlink(missing_ok=True)
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            f"""
            create schema audiences; create schema core;
            create table core.dim_as_of_date as
                select date '2025-12-29' - cast(7 * week as integer) as campaign_week
                from range(3) as weeks(week);
            create table audiences.aud_campaign_weeks as
                select 'wake_up' as campaign, date '2025-12-29' as campaign_week,
                    date '2025-12-28' as as_of_date, '{definition_hash}' as definition_hash,
                    false as is_sealed;
            create table audiences.aud_decisions as
                select campaign, campaign_week, as_of_date, member_key, member_key < {members} as is_included,
                    if(member_key < {members}, null, 'no_consent') as drop_reason,
                    if(member_key < {members}, 'treated', null) as arm,
                    if(member_key < {members}, 'treatment', null) as arm_role,
                    if(member_key < {members}, 0.8, null) as propensity,
                    10 as priority, member_key as value_rank, 2.5 as expected_cost_amount, definition_hash,
                    'silent' as stage, 'light' as silence_tier, null as silence_cause, 'A' as value_tier,
                    'East' as region, 'S001' as home_store_id, false as is_sealed
                from audiences.aud_campaign_weeks, range({members}, 0, -1) as keys(member_key);
            create table audiences.aud_planned_touches as
                select md5(member_key::varchar) as planned_touch_id, campaign, campaign_week,
                    campaign_week as entry_week, member_key, arm, 1 as step_no,
                    date '2026-01-01' as planned_on,
                    'sms' as channel, 'what_is_new' as template, 'content' as benefit, 'planned' as status,
                    false as is_sealed
                from audiences.aud_decisions where is_included;
            """
        )
    return file


@pytest.fixture
def build(tmp_path):
    """A build, as far as the ledger asks: the folder of its own tables."""
    return SimpleNamespace(own_tables=tmp_path / "build" / "rekindle")


@pytest.fixture
def proposal(tmp_path):
    [found] = proposals(warehouse(tmp_path))
    return found


def test_a_sealed_week_says_what_was_decided_from_what(home, proposal):
    made = seal(home, proposal, **STAMPS)
    assert seals(home) == [made]
    assert (made.version, made.campaign_week, made.definition_hash) == (1, WEEK, "d1")
    assert made.counts == {"decisions": 3, "touches": 2, "included": 2}
    assert made.weeks == 2
    decided = pq.read_table(made.folder(home) / "decisions.parquet").to_pylist()
    assert [row["member_key"] for row in decided] == [1, 2, 3]
    assert {row["ledger_version"] for row in decided} == {1}


def test_a_decided_week_is_not_decided_twice(home, proposal):
    seal(home, proposal, **STAMPS)
    with pytest.raises(RekindleError, match="v1: what was decided stays decided"):
        seal(home, proposal, **STAMPS)


def test_a_correction_needs_a_reason_and_leaves_what_it_corrects(home, build, tmp_path, proposal):
    first = seal(home, proposal, **STAMPS)
    before = (first.folder(home) / "decisions.parquet").read_bytes()
    [other] = proposals(warehouse(tmp_path, members=5))
    second = seal(home, other, reason="coupons of store S001 were counted twice", **STAMPS)
    assert second.version == 2
    assert (first.folder(home) / "decisions.parquet").read_bytes() == before
    provide_ledger(home, build, until=WEEK)
    weeks = read_own_table(build, "sealed_weeks")
    assert [(row["ledger_version"], row["reason"]) for row in weeks] == [
        (1, ""),
        (2, "coupons of store S001 were counted twice"),
    ]


@pytest.mark.parametrize("part", ["decisions", "touches"])
def test_every_changed_or_missing_file_is_named_before_anything_is_built(home, build, proposal, part):
    made = seal(home, proposal, **STAMPS)
    file = made.folder(home) / f"{part}.parquet"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(RekindleError, match=f"{part}.parquet was changed after it was sealed"):
        provide_ledger(home, build, until=WEEK)
    file.unlink()
    with pytest.raises(RekindleError, match=f"{part}.parquet is missing"):
        provide_ledger(home, build, until=WEEK)
    assert read_own_table(build, "sealed_weeks") == []


def test_the_next_build_gets_what_is_sealed_and_one_that_decides_anew_only_what_was_before(
    home, build, proposal
):
    seal(home, proposal, **STAMPS)
    folder = build.own_tables / "sealed_decisions"
    provide_ledger(home, build, until=WEEK)
    assert pq.read_table(folder).num_rows == 3
    provide_ledger(home, build, until=WEEK, before=WEEK)
    assert pq.read_table(folder).num_rows == 0
    provide_ledger(home, build, until=WEEK, before=date(2026, 1, 5))
    assert pq.read_table(folder).num_rows == 3


@pytest.mark.parametrize(("until", "rows"), [(date(2025, 12, 27), 0), (date(2025, 12, 28), 3)])
def test_a_build_of_an_earlier_day_knows_nothing_of_weeks_decided_later(home, build, proposal, until, rows):
    seal(home, proposal, **STAMPS)
    provide_ledger(home, build, until=until)
    assert pq.read_table(build.own_tables / "sealed_decisions").num_rows == rows


def test_the_same_decision_gives_the_same_bytes_and_another_is_told(home, tmp_path, proposal):
    seal(home, proposal, **STAMPS)
    assert differences(home, proposals(warehouse(tmp_path))) == []
    redefined = differences(home, proposals(warehouse(tmp_path, members=4, definition_hash="d2")))
    assert redefined == [
        "wake_up 2025-12-29 decisions: sealed 3 rows, rebuilt 4, defined differently now",
        "wake_up 2025-12-29 touches: sealed 2 rows, rebuilt 3, defined differently now",
    ]


def test_a_week_without_anybody_is_sealed_too(home, build, tmp_path):
    [nobody] = proposals(warehouse(tmp_path, members=0))
    made = seal(home, nobody, **STAMPS)
    assert made.counts == {"decisions": 0, "touches": 0, "included": 0}
    provide_ledger(home, build, until=WEEK)
    assert len(read_own_table(build, "sealed_weeks")) == 1


def test_a_sealing_killed_before_any_step_leaves_no_half_week_and_the_next_one_works(home, build, proposal):
    fatal_step = 1
    while dies_before(fatal_step, seal, home, proposal, **STAMPS):
        assert seals(home) == []
        provide_ledger(home, build, until=WEEK)
        assert pq.read_table(build.own_tables / "sealed_decisions").num_rows == 0
        finish_sealing(home)
        if seals(home):
            break
        fatal_step += 1
    assert fatal_step > 5
    assert [each.version for each in seals(home)] == [1]


def test_a_full_disk_leaves_no_half_week(home, proposal, monkeypatch):
    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("orchestration.ledger.seals.sync", full)
    with pytest.raises(OSError, match="No space left"):
        seal(home, proposal, **STAMPS)
    assert seals(home) == []
    assert not list(home.ledger.glob("*/*/*"))
