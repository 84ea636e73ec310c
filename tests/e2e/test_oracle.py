"""The warehouse agrees with a slow second opinion on every member and every as-of date."""

from __future__ import annotations

import pytest

from tests.built import SUNDAYS
from tests.e2e.oracle import Oracle

LIFECYCLE = (
    "stage",
    "is_high_intent",
    "silence_tier",
    "category_group",
    "days_since_first_purchase",
    "days_since_purchase",
    "days_silent",
    "touches_since_active",
    "unanswered_touches",
    "reactivated_on",
    "reactivated_from_stage",
    "reactivated_from_tier",
)
CYCLE = (
    "category_group",
    "gaps",
    "group_gap_days",
    "cycle_days",
    "cycle_band",
    "next_purchase_due_on",
    "overdue_ratio",
)


@pytest.fixture(scope="module")
def oracle(chain):
    with chain.open() as connection:
        rows = connection.execute(
            "select system, member_id, member_key from intermediate.int_member_records where source = 'chain'"
        ).fetchall()
    return Oracle(chain.home, {(system, member_id): key for system, member_id, key in rows})


def states(chain, model, columns):
    with chain.open() as connection:
        rows = connection.execute(
            f"select member_key, as_of_date, {', '.join(columns)} from marts.{model}"
        ).fetchall()
    return {(key, day): dict(zip(columns, values, strict=True)) for key, day, *values in rows}


def differences(found, expected):
    """What is not the same, first of all the states that only one side knows."""
    told = [f"{state}: only one side knows it" for state in sorted(found.keys() ^ expected.keys())]
    for state in sorted(found.keys() & expected.keys()):
        told += [
            f"{state} {column}: warehouse {found[state][column]}, oracle {value}"
            for column, value in expected[state].items()
            if found[state][column] != value
        ]
    return told


def test_lifecycle_and_silence_agree_with_the_oracle(chain, oracle):
    found = states(chain, "member_lifecycle", LIFECYCLE)
    expected = {
        (key, day): state
        for day in SUNDAYS
        for key in oracle.members
        if (state := oracle.lifecycle(key, day)) is not None
    }

    assert differences(found, expected) == []


def test_cycles_agree_with_the_oracle(chain, oracle):
    found = states(chain, "member_cycle", CYCLE)
    expected = {(key, day): cycle for day in SUNDAYS for key, cycle in oracle.cycles(day).items()}

    assert differences(found, expected) == []


def test_the_comparison_meets_every_stage_and_tier(chain):
    """Otherwise the agreement above would say less than it seems to."""
    found = states(chain, "member_lifecycle", LIFECYCLE).values()

    assert {state["stage"] for state in found} == {
        "prospect", "churned", "silent", "new", "growing", "stable", "occasional",
    }  # fmt: skip
    assert {state["silence_tier"] for state in found} == {"none", "light", "medium", "heavy"}
    assert {state["reactivated_from_stage"] for state in found} == {None, "silent", "churned"}
    assert {state["is_high_intent"] for state in found} == {True, False}
