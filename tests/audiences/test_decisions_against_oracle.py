"""Audiences over random histories: compiled models against the rules read slowly, and what must always hold.

A property is a function that finds what breaks it; each is also run on models with a fault planted, where it
must find something.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import duckdb
import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.audiences import oracle
from tests.audiences.histories import WEEK, history
from tests.built import set_sources, table_text

ROOM = "audiences"
ASKED = ("aud_decisions", "aud_waterfall")
# Drawn or given as they are; what else a model reads has no rows. Journeys under way have tests of their own.
GIVEN = ("aud_decisions__eligible", "aud_weeks__decided", "aud_journeys", "aud_touches__due_steps")


class Deciding:
    """The models of the room over tables of one's own.

    Attributes:
        connection: An empty warehouse.
        models: Name and compiled SQL, each after those it reads.
        order: Reasons to drop with their place in the order.
    """

    def __init__(self, connection, chain):
        self.connection = connection
        by_id = {model["unique_id"]: model for model in chain.models}
        parents = {name: set(model["depends_on"]["nodes"]) for name, model in by_id.items()}
        needed, waiting = set(), {name for name, model in by_id.items() if model["name"] in ASKED}
        while waiting:
            needed |= waiting
            waiting = {
                parent
                for name in waiting
                for parent in parents[name]
                if parent in by_id and by_id[parent]["schema"] == ROOM and by_id[parent]["name"] not in GIVEN
            } - needed
        self.models = [(m["name"], m["compiled_code"]) for m in chain.models if m["unique_id"] in needed]
        read = {parent for name in needed for parent in parents[name]} - needed
        set_sources(connection, chain.home, chain.build.folder)
        connection.execute(f"attach '{chain.build.file}' as built (read_only)")
        nodes = [chain.nodes[name] for name in read]
        for schema in {node["schema"] for node in nodes} | {ROOM}:
            connection.execute(f"create schema {schema}")
        for node in nodes:
            table = f"{node['schema']}.{node['name']}"
            connection.execute(f"create table {table} as from built.{table} limit 0")
        connection.execute("insert into seeds.drop_reasons from built.seeds.drop_reasons")
        connection.execute("detach built")
        self.order = dict(
            connection.execute("select reason, reason_order from seeds.drop_reasons").fetchall()
        )

    def of(self, tables, fault=None):
        """The decisions and the waterfall as rows, and the decisions as text."""
        model, text, instead = fault or (None, None, None)
        self.connection.execute("begin")
        try:
            for table, rows in tables.items():
                self.connection.register("drawn", pa.Table.from_pylist(rows))
                self.connection.execute(f"insert into {table} by name from drawn")
                self.connection.unregister("drawn")
            for name, query in self.models:
                if name == model:
                    assert text in query, f"{name} does not say: {text}"
                    query = query.replace(text, instead)
                self.connection.execute(f"create table {ROOM}.{name} as {query}")
            found = {
                name: self.connection.sql(f"from {ROOM}.{name}").to_arrow_table().to_pylist()
                for name in ASKED
            }
            return found | {"text": table_text(self.connection, f"from {ROOM}.aud_decisions")}
        finally:
            self.connection.execute("rollback")


@pytest.fixture(scope="module")
def deciding(chain):
    """The compiled models of this build."""
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("attach ':memory:' as rekindle; use rekindle")
        yield Deciding(connection, chain)


def otherwise_than_the_rules_say(deciding, tables, fault=None, found=None):
    found = found or deciding.of(tables, fault)
    made = {
        (row["campaign"], row["member_key"]): (row["arm"], row["drop_reason"])
        for row in found["aud_decisions"]
        if not row["is_sealed"]
    }
    expected = oracle.decided(tables, deciding.order)
    return [
        (key, made.get(key), expected.get(key))
        for key in made | expected
        if made.get(key) != expected.get(key)
    ]


def waterfalls_that_do_not_add_up(deciding, tables, fault=None, found=None):
    found = found or deciding.of(tables, fault)
    decided = Counter((row["campaign"], row["is_sealed"]) for row in found["aud_decisions"])
    falls = Counter()
    for row in found["aud_waterfall"]:
        key = (row["campaign"], row["is_sealed"])
        falls[key] += -row["members"] if row["outcome"] == "matched" else row["members"]
        decided[key] -= row["members"] if row["outcome"] == "matched" else 0
    return [key for key in falls if falls[key]] + [key for key in decided if decided[key]]


def exceeded_caps(deciding, tables, fault=None, found=None):
    found = found or deciding.of(tables, fault)
    """Windows that hold the first touch of a new entry and more than allowed of it and all other contacts."""
    known = oracle.contacts(tables)
    classes = {row["campaign"]: row["cap_class"] for row in tables["seeds.campaigns"]}
    exceeded = []
    for entry in found["aud_decisions"]:
        if entry["is_sealed"] or not entry["is_included"] or entry["arm_role"] != "treatment":
            continue
        for step in oracle.steps_of(tables, entry["campaign"]):
            if step["step_no"] > 1 or step["arm"] not in ("every", entry["arm"]):
                continue
            day = oracle.starts_on(tables, entry["campaign"]) + timedelta(days=step["day_offset"])
            everything = [*known, (entry["member_key"], step["channel"], day)]
            for cap in tables["seeds.contact_caps"]:
                if cap["cap_class"] != classes[entry["campaign"]] or cap["channel"] not in (
                    "all",
                    step["channel"],
                ):
                    continue
                for back in range(cap["within_days"]):
                    first = day - timedelta(days=back)
                    held = [
                        contact
                        for contact in everything
                        if contact[0] == entry["member_key"]
                        and cap["channel"] in ("all", contact[1])
                        and 0 <= (contact[2] - first).days < cap["within_days"]
                    ]
                    if len(held) > cap["most_touches"]:
                        exceeded.append((entry["campaign"], entry["member_key"], first))
    return exceeded


def members_taken_twice(deciding, tables, fault=None, found=None):
    found = found or deciding.of(tables, fault)
    taken = Counter(
        row["member_key"]
        for row in found["aud_decisions"]
        if row["is_included"] and row["campaign_week"] == WEEK
    )
    return [member for member, campaigns in taken.items() if campaigns > 1]


def rows_that_follow_the_order_of_input(deciding, tables, fault=None, found=None):
    found = found or deciding.of(tables, fault)
    turned = {table: rows[::-1] for table, rows in tables.items()}
    again = deciding.of(turned, fault)
    return sorted(set(found["text"].splitlines()) ^ set(again["text"].splitlines()))


PROPERTIES = (
    otherwise_than_the_rules_say,
    waterfalls_that_do_not_add_up,
    exceeded_caps,
    members_taken_twice,
    rows_that_follow_the_order_of_input,
)


def all_hold(deciding, tables):
    found = deciding.of(tables)
    assert {broken.__name__: broken(deciding, tables, found=found) for broken in PROPERTIES} == {
        broken.__name__: [] for broken in PROPERTIES
    }


histories = st.builds(history, st.randoms(use_true_random=False), st.integers(1, 20))


# An example costs some tenths of a second, which DuckDB needs to plan the models.
@settings(
    max_examples=8,
    phases=[Phase.reuse, Phase.generate],
)
@given(histories)
def test_every_property_holds_over_random_histories(deciding, tables):
    all_hold(deciding, tables)


@pytest.mark.slow
@settings(
    max_examples=40,
)
@given(histories)
def test_every_property_holds_over_many_more_histories(deciding, tables):
    all_hold(deciding, tables)


# Together they hold what every planted fault needs.
FULL_SEEDS = (1, 15)
FULL = [history(Random(seed), 120) for seed in FULL_SEEDS]


@pytest.mark.parametrize("tables", FULL, ids=FULL_SEEDS)
def test_in_a_full_history_every_reason_is_given_and_all_properties_hold(deciding, tables):
    assert {reason for _, reason in oracle.decided(tables, deciding.order).values()} == {
        None,
        *deciding.order,
    }
    all_hold(deciding, tables)


@pytest.mark.parametrize(
    ("broken", "model", "text", "instead"),
    [
        (
            otherwise_than_the_rules_say,
            "aud_decisions",
            "min(reasons.reason_order)",
            "max(reasons.reason_order)",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions__held_out",
            "< holdouts.share",
            "< holdouts.share * 0.9",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions__held_out",
            "where not is_excluded",
            "where true",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions__excluded",
            "where waivers.campaign is null",
            "where true",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_open_complaints",
            "as_of_dates.as_of_date < coalesce(tickets",
            "as_of_dates.as_of_date <= coalesce(tickets",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions__excluded",
            "first_touches.as_of_date < permissions.next_on",
            "first_touches.as_of_date <= permissions.next_on",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions__suppressions",
            "wakeful.as_of_date = sleeping.as_of_date",
            "true",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions__suppressions",
            "campaign_weeks.cap_class <> settings.sleep_pool_cap_class",
            "true",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_open_complaints",
            "<= settings.open_complaint_days",
            "< settings.open_complaint_days",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions__suppressions",
            "< entries.campaign_week",
            "<= entries.campaign_week",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions__excluded",
            "and offered.benefit is null",
            "and offered.benefit is null and members.home_store_id is not null",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions",
            "> weekly_budget_amount",
            ">= weekly_budget_amount",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions",
            "place > weekly_capacity",
            "place >= weekly_capacity",
        ),
        # Full campaigns keep whom they dropped; a store has a place too many, or forgets who called.
        (
            otherwise_than_the_rules_say,
            "aud_decisions",
            "when place is not null and limit_reason is null then turn",
            "when place is not null then turn",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions",
            "places >= row",
            "1 + places >= row",
        ),
        (otherwise_than_the_rules_say, "aud_decisions", "is_called or (", "false and ("),
        (otherwise_than_the_rules_say, "aud_decisions__candidates", "- coalesce(called.calls, 0)", ""),
        (
            otherwise_than_the_rules_say,
            "aud_decisions__candidates",
            "campaign_weeks.is_by_person",
            "false",
        ),
        (otherwise_than_the_rules_say, "aud_decisions", "worth_amount desc", "worth_amount asc"),
        (
            otherwise_than_the_rules_say,
            "aud_decisions__excluded",
            ">= caps.most_touches",
            "> caps.most_touches",
        ),
        (
            otherwise_than_the_rules_say,
            "aud_decisions__excluded",
            "first_touches.as_of_date >= contact_points.known_on",
            "true",
        ),
        (
            waterfalls_that_do_not_add_up,
            "aud_waterfall",
            "and reasons.reason = decisions.drop_reason",
            "and reasons.reason = decisions.drop_reason and decisions.arm is not null",
        ),
        (exceeded_caps, "aud_decisions__excluded", ">= caps.most_touches", "> caps.most_touches"),
        (
            exceeded_caps,
            "aud_decisions__excluded",
            "caps.channel in ('all', taken.channel)",
            "taken.channel = bounds.channel",
        ),
        (exceeded_caps, "aud_touches__contacts", "where sent.touch_key is null", "where false"),
        (
            members_taken_twice,
            "aud_decisions",
            "contenders.member_key is not null and passed.taken_turn is null",
            "contenders.member_key is not null",
        ),
        (
            members_taken_twice,
            "aud_decisions__suppressions",
            "weeks.campaign_week = entries.campaign_week",
            "weeks.campaign_week < entries.campaign_week",
        ),
        (
            rows_that_follow_the_order_of_input,
            "aud_campaign_weeks",
            "order by campaigns.priority, campaigns.campaign",
            "order by weeks.campaign_week",
        ),
    ],
)
def test_each_property_is_seen_to_fail(deciding, broken, model, text, instead):
    assert any(broken(deciding, tables, (model, text, instead)) for tables in FULL)
