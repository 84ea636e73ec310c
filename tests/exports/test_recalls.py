"""What was exported and is not to be sent any more is recalled: once, and by no one's address."""

import csv
import json
import random
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from orchestration.core.errors import RekindleError
from orchestration.erasing.exports import erase_from_exports
from orchestration.erasing.unsearched import Unsearched
from orchestration.exports.recalling import recalled
from orchestration.exports.writing import export, recalled_before
from tests.exports.conftest import DAY

# Of the ten, t01, t02 and t03 can be written to: planned for 2026-01-05, exported as of 2025-12-28.
RETURNED = "update audiences.aud_journeys set exit_reason = 'returned' where member_key = 3"


# How a reason ends on a day: known of the day itself, or by the published state of the journey.
ENDS = {
    "purchase": ["insert into core.fct_order values ({member}, date '{day}', true)"],
    "complaint": ["insert into core.fct_touch values ({member}, date '{day}')"],
    "withdrawal": [
        "update core.fct_contact_permission set next_on = date '{day}' where member_key = {member}",
        "insert into core.fct_contact_permission values "
        "({member}, 'sms', 'marketing', false, date '{day}', date '9999-12-31')",
    ],
    "exit": ["update audiences.aud_journeys set exit_reason = 'returned' where member_key = {member}"],
}


def exported_touches(shop):
    """Identifiers in every file that was written for sending."""
    files = [file for file in shop.home.exports.rglob("*.parquet") if file.stem != "recalled"]
    return {touch for file in files for touch in pq.read_table(file)["planned_touch_id"].to_pylist()}


def recalls(files):
    return [file for file in files if file.is_recall]


def rows(recall):
    with (recall.folder / "recalled.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_touch_exported_on_monday_is_recalled_when_its_reason_ends_on_tuesday(shop):
    assert recalls(export(shop.home)) == []
    assert recalls(export(shop.home)) == [], "nothing happened"
    shop.change(RETURNED, "insert into audiences.aud_touches_over_cap values ('t01')")
    [recall] = recalls(export(shop.home))
    assert {row["planned_touch_id"]: row["reason"] for row in rows(recall)} == {
        "t01": "capped",
        "t03": "journey_over",
    }
    assert recall.manifest["recalled"] == {"capped": 1, "journey_over": 1}
    assert recall.manifest["sha256"].keys() == {"recalled.csv", "recalled.parquet"}
    assert json.loads((recall.folder / "manifest.json").read_text()) == recall.manifest


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("insert into core.fct_order values (3, date '2025-12-29', true)", "journey_over"),
        ("insert into core.fct_touch values (3, date '2025-12-30')", "journey_over"),
        (
            "update core.fct_contact_permission set next_on = date '2025-12-29' where member_key = 3; "
            "insert into core.fct_contact_permission values "
            "(3, 'sms', 'marketing', false, date '2025-12-29', date '9999-12-31')",
            "silenced",
        ),
    ],
    ids=["a purchase", "a complaint", "a withdrawal"],
)
def test_what_is_known_of_a_later_day_recalls_too(shop, statement, reason):
    export(shop.home)
    shop.change(*statement.split("; "))
    [recall] = recalls(export(shop.home))
    assert [(row["planned_touch_id"], row["reason"]) for row in rows(recall)] == [("t03", reason)]


def test_an_order_that_is_no_purchase_or_of_the_day_itself_recalls_nothing(shop):
    export(shop.home)
    shop.change(
        "insert into core.fct_order values (3, date '2025-12-29', false), (2, date '2025-12-28', true)"
    )
    assert recalls(export(shop.home)) == []


@pytest.mark.parametrize(("planned", "is_recalled"), [(DAY, False), (DAY + timedelta(days=1), True)])
def test_what_was_planned_for_the_published_day_has_been_sent_and_is_not_recalled(planned, is_recalled):
    over = {
        "planned_touch_id": "t", "planned_on": planned, "status": "planned", "is_known": True,
        "is_crowded": False, "is_allowed": True, "has_opted_out": False, "is_over": True,
    }  # fmt: skip
    assert len(recalled([over], {"t"}, set(), DAY)) == is_recalled
    assert recalled([over | {"is_over": False}], {"t"}, set(), DAY) == [], "its reason goes on"


def test_a_touch_is_recalled_once_and_only_if_it_was_exported(shop):
    shop.change(RETURNED)
    export(shop.home)
    assert recalls(export(shop.home)) == [], "t03 was never exported"
    shop.change("update audiences.aud_journeys set exit_reason = 'complaint' where member_key = 2")
    [first] = recalls(export(shop.home))
    assert recalls(export(shop.home)) == []
    shop.change("update audiences.aud_journeys set exit_reason = 'complaint' where member_key = 1")
    [second] = recalls(export(shop.home))
    assert [row["planned_touch_id"] for row in rows(first) + rows(second)] == ["t02", "t01"]
    assert first.folder != second.folder
    assert recalled_before(shop.home) == {"t01", "t02"}


@pytest.mark.parametrize("seed", range(6))
def test_whenever_a_reason_ends_within_the_week_nobody_is_written_to_afterwards(shop, seed):
    """Any of the three may end on any day before its own; from some day on there is an export a day."""
    chance = random.Random(seed)
    days = [DAY + timedelta(days=number) for number in range(1, 8)]
    first_export, ends = chance.choice(days[:4]), {}
    for member in (1, 2, 3):
        if chance.random() < 0.7:
            ends[f"t{member:02}"] = (chance.choice(days), member, chance.choice(sorted(ENDS)))
    taken_back = []
    for day in days:
        for ended_on, member, how in ends.values():
            if ended_on == day:
                shop.change(*(each.format(member=member, day=day) for each in ENDS[how]))
        if day >= first_export:
            taken_back += [
                row["planned_touch_id"] for recall in recalls(export(shop.home)) for row in rows(recall)
            ]
    late = {touch for touch, (ended_on, *_) in ends.items() if ended_on > first_export}
    never = {touch for touch, (ended_on, *_) in ends.items() if ended_on <= first_export}
    assert sorted(taken_back) == sorted(late), "each once, and nobody whose reason goes on"
    # Who shares the phone of t02 may be written to in its place.
    assert exported_touches(shop) - {"t07"} == {"t01", "t02", "t03"} - never


def test_a_recall_holds_no_contact_detail_and_is_handed_over(shop, tmp_path):
    export(shop.home)
    shop.change(RETURNED)
    [recall] = recalls(export(shop.home, out=tmp_path / "out"))
    assert rows(recall)[0].keys() == {
        "planned_touch_id", "campaign", "step_no", "planned_on", "channel", "reason",
    }  # fmt: skip
    copied = tmp_path / "out" / recall.folder.relative_to(shop.home.exports)
    assert (copied / "recalled.csv").read_bytes() == (recall.folder / "recalled.csv").read_bytes()


def test_a_recall_that_is_not_whole_stops_the_next_export(shop):
    export(shop.home)
    shop.change(RETURNED)
    [recall] = recalls(export(shop.home))
    (recall.folder / "recalled.parquet").write_bytes(b"changed")
    with pytest.raises(RekindleError, match="is not as it was exported"):
        export(shop.home)


def test_erased_people_leave_recalls_too(shop):
    export(shop.home)
    shop.change(RETURNED, "update audiences.aud_journeys set exit_reason = 'opt_out' where member_key = 2")
    [recall] = recalls(export(shop.home))
    erase_from_exports(shop.home, {"t03"}, Unsearched(shop.home))
    assert [row["planned_touch_id"] for row in rows(recall)] == ["t02"]
    assert pq.read_table(recall.folder / "recalled.parquet").num_rows == 1
    assert recalled_before(shop.home) == {"t02"}, "it is whole"
