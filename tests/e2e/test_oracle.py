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
        records = connection.execute(
            "select system, member_id, member_key from core.int_identity__members where source = 'chain'"
        ).fetchall()
    return Oracle(chain.home, {(system, member_id): key for system, member_id, key in records})


def rows(chain, model, columns):
    with chain.open() as connection:
        found = connection.execute(f"select member_key, as_of_date, {', '.join(columns)} from marts.{model}")
        return [(key, day, dict(zip(columns, values, strict=True))) for key, day, *values in found.fetchall()]


def states(chain, model, columns):
    return {(key, day): state for key, day, state in rows(chain, model, columns)}


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
        for key, member in oracle.members.items()
        if (state := oracle.lifecycle(member, day)) is not None
    }

    assert differences(found, expected) == []


def test_lifecycle_in_each_category_group_agrees_with_the_oracle(chain, oracle):
    found = {
        (key, day, state["category_group"]): state
        for key, day, state in rows(chain, "fct_category_lifecycle", LIFECYCLE)
    }
    expected = {
        (key, day, group): state
        for day in SUNDAYS
        for (key, group), member in oracle.in_groups.items()
        if (state := oracle.lifecycle(member, day)) is not None
    }

    assert differences(found, expected) == []


def test_cycles_agree_with_the_oracle(chain, oracle):
    found = states(chain, "member_cycle", CYCLE)
    expected = {(key, day): cycle for day in SUNDAYS for key, cycle in oracle.cycles(day).items()}

    assert differences(found, expected) == []


def test_rfm_scores_agree_with_the_oracle(chain, oracle):
    found = states(chain, "member_rfm", ("recency_score", "frequency_score", "monetary_score"))
    expected = {(key, day): scores for day in SUNDAYS for key, scores in oracle.scores(day).items()}

    assert differences(found, expected) == []


def test_value_tiers_agree_with_the_oracle(chain, oracle):
    found = states(chain, "member_value_tier", ("value_tier",))
    expected = {(key, day): tier for day in SUNDAYS for key, tier in oracle.value_tiers(day).items()}

    assert differences(found, expected) == []


@pytest.mark.parametrize(
    ("threshold", "stage"),
    [("new_days", "new"), ("growing_days", "growing"), ("churn_days", "churned")],
)
def test_a_threshold_one_day_off_is_found(chain, oracle, threshold, stage, monkeypatch):
    """The sample has members on the boundaries, so that agreement says something about them."""
    off = {group: row | {threshold: str(int(row[threshold]) - 1)} for group, row in oracle.thresholds.items()}
    found = {
        state: {"stage": values["stage"]}
        for state, values in states(chain, "member_lifecycle", LIFECYCLE).items()
    }
    monkeypatch.setattr(oracle, "thresholds", off)
    expected = {
        (key, day): {"stage": oracle.lifecycle(oracle.members[key], day)["stage"]} for key, day in found
    }

    assert any(stage in told for told in differences(found, expected))


def test_the_comparison_meets_every_stage_and_tier(chain):
    """Otherwise the agreement above would say less than it seems to."""
    found = states(chain, "member_lifecycle", LIFECYCLE).values()

    assert {state["stage"] for state in found} == {
        "prospect", "churned", "silent", "new", "growing", "stable", "occasional",
    }  # fmt: skip
    assert {state["silence_tier"] for state in found} == {"none", "light", "medium", "heavy"}
    assert {state["reactivated_from_stage"] for state in found} == {None, "silent", "churned"}
    assert {state["is_high_intent"] for state in found} == {True, False}
