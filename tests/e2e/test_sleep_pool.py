"""The sleep pool agrees with counting days, for every member of the sample and for random histories."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.built import SUNDAYS
from tests.e2e.oracle import Oracle, setting_values

SETTINGS = setting_values("lifecycle/lifecycle_settings.csv")
RULES = {
    name: int(SETTINGS[name])
    for name in ("silent_after_days", "journey_touches", "answer_days", "rare_touch_days")
}
FIRST_DAY = date(2025, 1, 1)
LAST_DAY = FIRST_DAY + timedelta(days=150)
# What the models over random histories read: tables that the histories fill, and others that stay empty.
FILLED = (
    "marts.member_activity",
    "intermediate.int_purchase_days",
    "intermediate.int_touch_responses",
    "core.fct_event",
    "core.fct_touch",
)
LEFT_EMPTY = ("core.fct_order_item", "core.dim_product")


def pool_on(day, bought, active, sent):
    """When somebody in the pool on a day came in, by counting: None who is not in it.

    Args:
        day: The day asked about; what is later is not looked at.
        bought: Days with a purchase.
        active: Days with a purchase or an interaction.
        sent: Days of the touches sent, in order.
    """
    active = [on for on in active if on <= day]
    if not active or not any(on <= day for on in bought):
        return None
    silent_from = max(active) + timedelta(days=RULES["silent_after_days"])
    journey = [on for on in sent if silent_from < on <= day]
    if len(journey) < RULES["journey_touches"]:
        return None
    entered_on = journey[RULES["journey_touches"] - 1] + timedelta(days=RULES["answer_days"])
    return entered_on if entered_on <= day else None


def test_the_pool_agrees_with_counting_for_every_member(chain):
    with chain.open() as connection:
        records = connection.execute(
            "select system, member_id, member_key from core.int_identity__members where source = 'chain'"
        ).fetchall()
        found = connection.execute(
            "select member_key, as_of_date, entered_on, last_touch_on from marts.member_sleep_pool"
        ).fetchall()
    oracle = Oracle(chain.home, {(system, member_id): key for system, member_id, key in records})
    expected = {
        (key, day): (entered_on, member.sent_days[bisect_right(member.sent_days, day) - 1])
        for day in SUNDAYS
        for key, member in oracle.members.items()
        if (entered_on := pool_on(day, member.purchase_days, member.active_days, member.sent_days))
    }

    assert {(key, day): tuple(state) for key, day, *state in found} == expected
    assert len(expected) > 100


DAYS = st.integers(0, (LAST_DAY - FIRST_DAY).days)
HISTORIES = st.lists(
    st.tuples(
        st.lists(DAYS, max_size=3),
        st.lists(DAYS, max_size=3),
        # Touches come in runs, as a journey sends them; alone they would rarely end one.
        st.lists(st.tuples(DAYS, st.integers(1, 12), st.integers(1, 5)), max_size=3),
    ),
    min_size=20,
    max_size=30,
)


@pytest.fixture(scope="module")
def small(chain):
    """The compiled models over an empty file, which random histories fill."""
    models = {node["name"]: node for node in chain.models}
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as rekindle")
    connection.execute(f"attach '{chain.build.file}' as built (read_only)")
    for schema in ("seeds", "staging", "core", "intermediate", "marts"):
        connection.execute(f"create schema rekindle.{schema}")
    for table in ("lifecycle_settings", "event_types"):
        connection.execute(f"create table rekindle.seeds.{table} as from built.seeds.{table}")
    for table in FILLED + LEFT_EMPTY:
        connection.execute(f"create table rekindle.{table} as from built.{table} limit 0")
    for name in ("int_active_days", "member_sleep_pool"):
        code = models[name]["compiled_code"]
        connection.execute(f"create view rekindle.{models[name]['schema']}.{name} as {code}")
    yield connection
    connection.close()


@settings(max_examples=40)
@given(histories=HISTORIES)
def test_the_pool_agrees_with_counting_for_random_histories(small, histories):
    """Every day of every history: in the pool exactly when counting agrees, and since when."""
    days_bought, days_seen, touches, lives = [], [], [], []
    for key, (purchases, interactions, runs) in enumerate(histories):
        bought = {FIRST_DAY + timedelta(days=day) for day in purchases}
        seen = {FIRST_DAY + timedelta(days=day) for day in interactions}
        sent = sorted(
            FIRST_DAY + timedelta(days=day + step * number)
            for day, step, length in runs
            for number in range(length)
        )
        lives.append((bought, bought | seen, sent))
        days_bought += [(key, on) for on in bought]
        days_seen += [(key, on) for on in seen]
        touches += [(key, number, on) for number, on in enumerate(sent, start=1)]
    _fill(small, days_bought, days_seen, touches)
    pool = small.execute(
        "select member_key, as_of_date, entered_on from rekindle.marts.member_sleep_pool"
    ).fetchall()

    days = [FIRST_DAY + timedelta(days=day) for day in range((LAST_DAY - FIRST_DAY).days + 1)]
    expected = {
        (key, day): entered_on
        for key, life in enumerate(lives)
        for day in days
        if (entered_on := pool_on(day, *life))
    }
    assert {(key, day): entered_on for key, day, entered_on in pool} == expected


def _fill(small, purchases, interactions, touches):
    small.execute("use rekindle.core")
    for table in FILLED:
        small.execute(f"delete from rekindle.{table}")
    for table, columns, rows in (
        ("intermediate.int_purchase_days", "? as member_key, ? as purchased_on", purchases),
        ("core.fct_event", "? as member_key, ? as happened_on, 'search' as event_type", interactions),
        ("core.fct_touch", "? as member_key, ? as touch_number, ? as sent_on", touches),
        ("intermediate.int_touch_responses", "? as member_key, ? as touch_number, ? as sent_on", touches),
    ):
        if rows:
            small.executemany(f"insert into rekindle.{table} by name select {columns}", rows)
    # Every day is an as-of date; whoever was sent something has a state.
    small.execute(
        "insert into rekindle.marts.member_activity by name "
        "select member_key, as_of_date, count(*) as touches from rekindle.intermediate.int_touch_responses "
        "inner join (select unnest(generate_series($first, $last, interval 1 day))::date as as_of_date) "
        "on sent_on <= as_of_date group by all",
        {"first": FIRST_DAY, "last": LAST_DAY},
    )
