"""A sealed week decided anew for one campaign, after late data: the others keep whom they have."""

from __future__ import annotations

import shutil
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.ledger.seals import differences, proposals, seal, seals
from tests.built import SUNDAYS, quick_build, same_facts

WEEK = date(2025, 12, 29)
# With all that they read, the list of sealed weeks among it.
SEALED = ("aud_decisions", "aud_planned_touches")
STAMPS = {"build_id": "2025-12-28-00000000", "code_version": "tested"}


@pytest.fixture
def sealed(chain, tmp_path):
    """A home with the facts of the chain whose newest week is sealed as proposed."""
    home = same_facts(chain.home, tmp_path / "home")
    for proposal in proposals(chain.build.file, WEEK):
        seal(home, proposal, **STAMPS)
    return home


def withdraw(chain, home, members):
    """Deliver late that members had withdrawn every channel a week before it was decided."""
    shared = home.loaded / "chain"
    theirs = shared.resolve()
    shared.unlink()
    shared.mkdir()
    for table in theirs.iterdir():
        if table.name == "consents":
            shutil.copytree(table, shared / "consents")
        else:
            (shared / table.name).symlink_to(table)
    schema = pq.read_schema(next((shared / "consents").glob("chain/delivered=2*/*/*.parquet")))
    with chain.open() as built:
        records = built.execute(
            "select system, member_id from core.int_identity__members where list_contains(?, member_key)",
            [members],
        ).fetchall()
    late = [
        {"consent_id": f"late {number} {at}", "source": "chain", "system": system, "member_id": member,
         "channel": channel, "purpose": "marketing", "is_granted": False,
         "happened_at": datetime(2025, 12, 21), "delivered_on": WEEK}
        for number, (system, member) in enumerate(records)
        for at, channel in enumerate(("sms", "email", "push", "wechat", "call"))
    ]  # fmt: skip
    folder = shared / "consents" / "chain" / f"delivered={WEEK}" / "month=2025-12"
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(late, schema=schema), folder / "part-0.parquet")


def decided_anew(chain, home, folder: Path, keeping=()):
    quick_build(
        chain, folder, home, SUNDAYS, deciding=WEEK, keeping=frozenset(keeping), wanted=SEALED
    ).close()
    return proposals(folder / "rekindle.duckdb", WEEK)


def included(table):
    return {row["member_key"] for row in table.to_pylist() if row["is_included"]}


def test_a_correction_of_one_campaign_leaves_the_others_and_both_versions_hold(chain, sealed, tmp_path):
    before = {each.campaign: each for each in proposals(chain.build.file, WEEK)}
    campaign = max(before, key=lambda name: (len(before[name].tables["touches"]), name))
    lost = sorted(included(before[campaign].tables["decisions"]))[:2]
    withdraw(chain, sealed, lost)
    others = set(before) - {campaign}

    [found] = decided_anew(chain, sealed, tmp_path / "anew", keeping=others)

    assert found.campaign == campaign
    dropped = {row["member_key"]: row["drop_reason"] for row in found.tables["decisions"].to_pylist()}
    assert {dropped[member] for member in lost} == {"no_consent"}
    taken = set().union(*(included(before[name].tables["decisions"]) for name in others))
    assert not included(found.tables["decisions"]) & taken
    assert [line.split(":")[0] for line in differences(sealed, [found])] == [
        f"{campaign} {WEEK} decisions",
        f"{campaign} {WEEK} touches",
    ]
    seal(sealed, found, reason="two opt-outs came late", **STAMPS)
    versions = {each.version: each for each in seals(sealed) if each.campaign == campaign}
    assert versions[1].counts["included"] - versions[2].counts["included"] == 2
    assert {each.version for each in seals(sealed) if each.campaign != campaign} == {1}
    assert differences(sealed, [found]) == []

    with quick_build(chain, tmp_path / "after", sealed, SUNDAYS, wanted=SEALED) as built:
        shown = built.execute(
            "select distinct ledger_version, is_sealed from audiences.aud_decisions where campaign = ?",
            [campaign],
        ).fetchall()
        listed = built.execute(
            "select ledger_version, reason, is_newest from staging.stg_rekindle__sealed_weeks "
            "where campaign = ? order by 1",
            [campaign],
        ).fetchall()
        touched = built.execute(
            "select count(*) from audiences.aud_planned_touches where list_contains(?, member_key)", [lost]
        ).fetchall()
    assert shown == [(2, True)]
    assert listed == [(1, "", False), (2, "two opt-outs came late", True)]
    assert touched == [(0,)]


def test_without_late_data_the_week_decided_anew_is_the_same_byte_for_byte(chain, sealed, tmp_path):
    found = decided_anew(chain, sealed, tmp_path / "anew")
    assert len(found) == len(seals(sealed)) > 5
    assert differences(sealed, found) == []
