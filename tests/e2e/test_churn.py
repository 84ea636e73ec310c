"""Churn signals agree with a second opinion in plain Python, and a missing source silences its own only."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import duckdb
import pytest

from tests.built import SUNDAYS
from tests.e2e.oracle import Oracle, business_day, seed


@pytest.fixture(scope="module")
def keys(chain):
    with chain.open() as connection:
        records = connection.execute(
            "select system, member_id, member_key from core.int_identity__members where source = 'chain'"
        ).fetchall()
    return {(system, member_id): key for system, member_id, key in records}


def fired(chain, signal, columns):
    with chain.open() as connection:
        rows = connection.execute(
            f"select member_key, as_of_date, {columns} from marts.fct_churn_signal where signal = ?", [signal]
        ).fetchall()
    return {(key, day): tuple(values) for key, day, *values in rows}


def test_recency_agrees_with_the_oracles_cycles(chain, keys):
    oracle = Oracle(chain.home, keys)
    limits = {
        row["churn_level"]: Decimal(row["more_than"])
        for row in seed("churn/churn_thresholds.csv")
        if row["signal"] == "recency"
    }
    expected = {}
    for day in SUNDAYS:
        for key, cycle in oracle.cycles(day).items():
            over = [level for level in ("low", "medium", "high") if cycle["overdue_ratio"] > limits[level]]
            if over:
                last = max(on for on in oracle.members[key].purchase_days if on <= day)
                expected[key, day] = (over[-1], (day - last).days, cycle["cycle_days"], last)

    found = fired(chain, "recency", "churn_level, measured_value, expected_value, evidence_on")
    assert found == expected
    assert {level for level, *_ in found.values()} == {"low", "medium", "high"}


def test_no_login_agrees_with_counting_days(chain, keys):
    events = duckdb.sql(
        f"from '{chain.home.loaded}/chain/events/*/*/*/*.parquet' select system, member_id, happened_at "
        "where event_type = 'login'"
    ).fetchall()
    logins = defaultdict(set)
    for system, member_id, happened_at in events:
        logins[keys[system, member_id]].add(business_day(happened_at))
    [after] = {
        int(row["at_least"]) for row in seed("churn/churn_thresholds.csv") if row["signal"] == "no_login"
    }
    steps = seed("churn/no_login_steps.csv")
    with chain.open() as connection:
        bought = connection.execute("select member_key, as_of_date from marts.member_cycle").fetchall()
    expected = {}
    for key, day in bought:
        days = 0
        before = [on for on in logins[key] if on <= day]
        while before and day - timedelta(days=days) not in logins[key]:
            days += 1
        for step in steps:
            if before and int(step["from_days"]) <= days - after <= int(step["to_days"]):
                expected[key, day] = (step["step"], step["churn_level"], days, max(before))

    found = fired(chain, "no_login", "step, churn_level, measured_value, evidence_on")
    assert found == expected
    assert {step for step, *_ in found.values()} == {"L1", "L2", "L3"}


def test_every_signal_fires_in_the_sample(chain):
    """Otherwise the checks of the table would say less than they seem to."""
    with chain.open() as connection:
        rows = connection.execute(
            "select signal from marts.fct_churn_signal "
            "union select main_signal from marts.member_churn_warning where main_signal = 'probability'"
        ).fetchall()
    assert {signal for (signal,) in rows} == {row["signal"] for row in seed("churn/churn_signals.csv")}
