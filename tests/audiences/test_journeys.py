"""Journeys agree with a state machine that walks through the days, for random histories.

Weeks are decided one after the other, as the schedule does: what comes out of the models on a Sunday is
sealed and reported by a sending tool, and the next Sunday sees it.
"""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import md5

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from orchestration.project import SEEDS_DIR
from tests.audiences.walked import (
    CAMPAIGNS,
    MONDAY,
    ONE_DAY,
    STEPS,
    WEEK,
    Contact,
    Journey,
    Life,
    due_steps,
    entry_steps,
    first_touch,
    has_room,
    overflowing,
)

RUNNING = (
    "aud_touches__contacts",
    "aud_journeys__events",
    "aud_journeys__progress",
    "aud_journeys__open_steps",
    "aud_journeys__ends",
    "aud_journeys",
)
DECIDING = ("aud_touches__due_steps", "aud_decisions__suppressions", "aud_decisions__excluded")
INPUTS = {
    "core.int_sealed_decisions": "campaign varchar, campaign_week date, as_of_date date, "
    "member_key bigint, is_included boolean, arm varchar, arm_role varchar",
    "core.int_sealed_touches": "planned_touch_id varchar, campaign varchar, campaign_week date, "
    "entry_week date, member_key bigint, step_no integer, planned_on date, channel varchar, status varchar, "
    "arm varchar, template varchar, benefit varchar",
    "core.dim_member": "member_key bigint, home_store_id varchar",
    "audiences.aud_open_complaints": "member_key bigint, as_of_date date, is_barring boolean",
    "marts.member_sleep_pool": "member_key bigint, as_of_date date",
    "intermediate.int_active_days": "member_key bigint, lifecycle_scope varchar, active_on date, "
    "has_purchase boolean, has_interaction boolean",
    "intermediate.int_money_days": "member_key bigint, booked_on date, purchase_days bigint, "
    "net_amount decimal(18, 2)",
    "core.fct_ticket": "member_key bigint, kind varchar, opened_on date, resolved_on date",
    "core.fct_touch": "source varchar, touch_key bigint, member_key bigint, campaign_code varchar, "
    "channel varchar, sent_on date, unsubscribed_on date, complained_on date, blocked_on date",
    "core.fct_contact_permission": "member_key bigint, channel varchar, purpose varchar, "
    "is_allowed boolean, changed_on date, next_on date",
    "core.int_contact_channels": "member_key bigint, channel varchar, known_on date",
    "core.dim_as_of_date": "as_of_date date, is_newest boolean",
    "staging.stg_rekindle__builds": "as_of_date date",
    "marts.member_lifecycle": "member_key bigint, as_of_date date, category_group varchar, "
    "days_silent bigint",
    "audiences.aud_weeks__decided": "campaign_week date, as_of_date date, ends_on date",
    "audiences.aud_campaign_weeks": "campaign varchar, campaign_week date, as_of_date date, starts_on date, "
    "cap_class varchar, priority integer, is_sealed boolean",
    # Holdouts have a draw of their own; here nobody is drawn.
    "audiences.aud_decisions__held_out": "campaign varchar, member_key bigint, reason varchar, "
    "starts_on date, "
    "ends_on date",
    "audiences.aud_decisions__eligible": "campaign varchar, campaign_week date, as_of_date date, "
    "member_key bigint, "
    "cap_class varchar, priority integer",
    "audiences.aud_decisions": "campaign varchar, campaign_week date, as_of_date date, member_key bigint, "
    "is_included boolean, is_sealed boolean, arm varchar, arm_role varchar",
    # Failures need no walk.
    "audiences.aud_touch_outcomes": "campaign varchar, entry_week date, member_key bigint, planned_on date, "
    "reached_on date, opened_on date, clicked_on date, connected_on date",
}
SEEDS = {
    "campaign_settings": "campaigns",
    "contact_caps": "campaigns",
    "journey_exits": "campaigns",
    "lifecycle_settings": "lifecycle",
    "response_window": "metrics",
    "stage_thresholds": "lifecycle",
}
NEVER = date(9999, 12, 31)
WEEKS = 6
LAST_DAY = MONDAY + WEEKS * WEEK - ONE_DAY
COOLDOWN = 3 * WEEK
CHANNELS = ("push", "call", "sms", "wechat")


class Warehouse:
    """The models of journeys over tables that histories fill."""

    def __init__(self, compiled):
        self.compiled = compiled
        self.connection = duckdb.connect()
        self.ask("attach ':memory:' as rekindle")
        self.ask("use rekindle")
        for schema in sorted({"seeds"} | {name.split(".")[0] for name in INPUTS}):
            self.ask(f"create schema {schema}")
        for name, folder in SEEDS.items():
            file = SEEDS_DIR / folder / f"{name}.csv"
            self.ask(f"create table seeds.{name} as from read_csv('{file}', header = true)")
        self.ask(
            "create table seeds.campaigns "
            "(campaign varchar, cap_class varchar, exit_on varchar, priority integer, valid_to date, "
            "cooldown_days integer)"
        )
        self.ask("create table seeds.benefit_stores (benefit varchar, store_id varchar)")
        self.ask("create table seeds.campaign_waivers (campaign varchar, reason varchar)")
        self.ask(
            "create table seeds.campaign_steps (campaign varchar, arm varchar, step_no integer, "
            "day_offset integer, channel varchar, template varchar, benefit varchar)"
        )
        self.fill(
            "seeds.campaigns", [(name, *row.values(), COOLDOWN.days) for name, row in CAMPAIGNS.items()]
        )
        self.fill(
            "seeds.campaign_steps",
            [(name, "every", *step, "text", "content") for name, steps in STEPS.items() for step in steps],
        )
        for name, columns in INPUTS.items():
            self.ask(f"create table {name} ({columns})")

    def ask(self, query):
        return self.connection.execute(query).fetchall()

    def fill(self, table, rows):
        if rows:
            marks = ", ".join("(" + ", ".join("?" for _ in row) + ")" for row in rows)
            self.connection.execute(
                f"insert into {table} values {marks}", [value for row in rows for value in row]
            )

    def put(self, table, rows):
        self.ask(f"delete from {table}")
        self.fill(table, rows)

    def build(self, models):
        for name in models:
            self.ask(f"create or replace table audiences.{name} as {self.compiled[name]}")


@pytest.fixture(scope="module")
def warehouse(chain):
    compiled = {
        node["name"]: node["compiled_code"] for node in chain.nodes.values() if "compiled_code" in node
    }
    made = Warehouse(compiled)
    yield made
    made.connection.close()


AS_ALWAYS = settings(
    max_examples=10,
    derandomize=True,
)
DAYS = st.integers(0, 7 * WEEKS - 1).map(lambda day: MONDAY + timedelta(days=day))
SELDOM = st.lists(DAYS, max_size=1)
HISTORIES = st.lists(
    st.fixed_dictionaries(
        {
            # Weeks in which a member matches a campaign.
            "matches": st.fixed_dictionaries(
                {name: st.sets(st.integers(0, WEEKS - 1), max_size=3) for name in CAMPAIGNS}
            ),
            "purchases": SELDOM,
            "interactions": SELDOM,
            "complaints": SELDOM,
            "withdrawn": st.none() | DAYS,
            "closed": st.sets(st.sampled_from(CHANNELS), max_size=1),
            # Messages of others, which fill the caps.
            "others": st.lists(st.tuples(DAYS, st.sampled_from(CHANNELS)), max_size=6),
            # Days after the plan on which a tool sends; nothing is ever heard of some touches.
            "delays": st.lists(st.none() | st.integers(0, 4), min_size=3, max_size=3),
            "unsubscribes": st.booleans(),
        }
    ),
    min_size=4,
    max_size=12,
)


def lived(warehouse, histories):
    """Put the facts of all histories into the tables; returns the lives."""
    for table in INPUTS:
        warehouse.ask(f"delete from {table}")
    lives = []
    for key, history in enumerate(histories):
        withdrawn = history["withdrawn"]
        life = Life(
            history["purchases"],
            history["interactions"],
            history["complaints"],
            [withdrawn] if withdrawn and "push" not in history["closed"] else [],
            withdrawn,
            history["closed"],
            history["others"],
        )
        lives.append(life)
        warehouse.fill(
            "intermediate.int_active_days",
            [
                (key, "all", on, on in life.purchases, on in life.interactions)
                for on in sorted({*life.purchases, *life.interactions})
            ],
        )
        warehouse.fill("intermediate.int_money_days", [(key, on, 1, 0) for on in sorted(set(life.purchases))])
        warehouse.fill("core.fct_ticket", [(key, "complaint", on, None) for on in life.complaints])
        warehouse.fill(
            "core.fct_touch",
            [
                ("other", 100 * key + number, key, None, channel, on, None, None, None)
                for number, (on, channel) in enumerate(life.others)
            ],
        )
        granted = MONDAY - 9 * WEEK
        for channel in CHANNELS:
            # A channel is closed for want of consent or, with every other member, of an address in time.
            no_address = channel in life.closed and key % 2 == 1
            known_on = LAST_DAY if no_address else granted
            warehouse.fill("core.int_contact_channels", [(key, channel, known_on)])
            if channel not in life.closed or no_address:
                is_withdrawn = channel == "push" and withdrawn and not no_address
                until = withdrawn if is_withdrawn else NEVER
                rows = [(key, channel, "marketing", True, granted, until)]
                if is_withdrawn:
                    rows.append((key, channel, "marketing", False, until, NEVER))
                warehouse.fill("core.fct_contact_permission", rows)
        # Of another purpose: it ends nothing.
        warehouse.fill(
            "core.fct_contact_permission", [(key, "sms", "service", False, MONDAY + ONE_DAY, NEVER)]
        )
    # Who was never active has no days of silence, and here no state.
    warehouse.ask(
        "insert into marts.member_lifecycle "
        "select member_key, as_of_date, null, as_of_date - max(active_on) from intermediate.int_active_days, "
        f"(select unnest(generate_series('{MONDAY - ONE_DAY}'::date, '{LAST_DAY}', interval 1 day))::date "
        "as as_of_date) where active_on <= as_of_date group by member_key, as_of_date"
    )
    return lives


def decided(warehouse, relation):
    """Steps by member as a model decided them."""
    found = warehouse.ask(
        f"select member_key, campaign, entry_week, step_no, due_on, status, channel from {relation}"
    )
    steps = {}
    for key, *step in found:
        steps.setdefault(key, []).append(tuple(step))
    return steps


def decide(warehouse, lives, histories, number):
    """Decide and seal one week; the models and the walk must say the same."""
    monday = MONDAY + number * WEEK
    sunday = monday - ONE_DAY
    weeks = [
        (name, monday, sunday, monday, row["cap_class"], row["priority"])
        for name, row in CAMPAIGNS.items()
        if row["valid_to"] is None or row["valid_to"] >= monday
    ]
    matched = [
        (name, monday, sunday, key, cap_class, priority)
        for name, _, _, _, cap_class, priority in weeks
        for key, history in enumerate(histories)
        if number in history["matches"][name]
    ]
    warehouse.put("audiences.aud_weeks__decided", [(monday, sunday, monday + WEEK - ONE_DAY)])
    warehouse.put("audiences.aud_campaign_weeks", [(*week, False) for week in weeks])
    warehouse.put("audiences.aud_decisions__eligible", matched)
    warehouse.build([*RUNNING, *DECIDING])

    running = decided(warehouse, "audiences.aud_touches__due_steps")
    for key, life in enumerate(lives):
        assert sorted(running.get(key, [])) == sorted(due_steps(life, monday)), f"due steps of {key}"
    first = {
        key: [
            Contact(on, channel, CAMPAIGNS[campaign]["cap_class"])
            for campaign, _, _, on, status, channel in steps
            if status == "planned"
        ]
        for key, steps in running.items()
    }

    capped = {
        (name, key)
        for name, _, _, key, _, _ in matched
        if not has_room(first_touch(name, monday), lives[key].contacts(monday) + first.get(key, []))
    }
    found = warehouse.ask(
        "select campaign, member_key from audiences.aud_decisions__excluded where reason = 'frequency_cap'"
    )
    assert sorted(found) == sorted(capped)
    shut = {
        (name, key, "cooldown" if way.end(sunday) is None else "sleep_pool")
        for name, _, _, key, _, _ in matched
        for way in lives[key].journeys
        if (way.end(sunday) is None and way.campaign == name) or way.plan(sunday) == "sleep_pool"
    } | {
        (name, key, "cooldown")
        for name, _, _, key, _, _ in matched
        for way in lives[key].journeys
        if way.campaign == name and way.entered > monday - COOLDOWN
    }
    excluded = warehouse.ask(
        "select campaign, member_key, reason from audiences.aud_decisions__excluded "
        "where reason in ('cooldown', 'sleep_pool')"
    )
    assert sorted(excluded) == sorted(shut)

    entries = {}
    for name, _, _, key, _, _ in sorted(matched, key=lambda row: row[-1]):
        life = lives[key]
        is_open = life.allows(STEPS[name][0][2], sunday)
        if is_open and (name, key) not in capped | {row[:2] for row in shut}:
            entries.setdefault(key, Journey(name, monday, life))
    warehouse.put(
        "audiences.aud_decisions",
        [
            (way.campaign, monday, sunday, key, True, False, "treated", "treatment")
            for key, way in entries.items()
        ],
    )
    warehouse.build(["aud_planned_touches"])
    entered = decided(
        warehouse,
        "(select *, planned_on as due_on from audiences.aud_planned_touches "
        "where entry_week = campaign_week and not is_sealed)",
    )
    for key, way in entries.items():
        assert sorted(entered[key]) == sorted(entry_steps(way, monday, first.get(key, [])))
        assert entered[key][0][-2] == "planned" or len(entered[key]) > 1, "admitted without room"
    assert entered.keys() == entries.keys()

    for key, way in entries.items():
        lives[key].journeys.append(way)
    touches = [(key, *step) for steps in (running, entered) for key in steps for step in steps[key]]
    proposed = warehouse.ask("select count(*) from audiences.aud_planned_touches where not is_sealed")
    assert proposed == [(len(touches),)]
    keep_caps(warehouse, lives, touches, monday)
    seal(warehouse, lives, histories, entries, touches, monday)
    warehouse.put("staging.stg_rekindle__builds", [(sunday,)])
    warehouse.build(["aud_touches_over_cap"])
    assert warehouse.ask("from audiences.aud_touches_over_cap") == [], "without anything new, a turn was lost"


def keep_caps(warehouse, lives, touches, monday):
    """No cap overflows: by the test of the build and by counting every window."""
    assert warehouse.ask(warehouse.compiled["no_cap_is_exceeded"]) == []
    for key, life in enumerate(lives):
        planned = [
            Contact(on, channel, CAMPAIGNS[campaign]["cap_class"])
            for who, campaign, _, _, on, status, channel in touches
            if who == key and status == "planned"
        ]
        assert overflowing(planned, life.contacts(monday)) == []


def seal(warehouse, lives, histories, entries, touches, monday):
    """Write the week into the ledger, and what the sending tool reports of it."""
    warehouse.fill(
        "core.int_sealed_decisions",
        [
            (way.campaign, monday, monday - ONE_DAY, key, True, "treated", "treatment")
            for key, way in entries.items()
        ],
    )
    for key, campaign, entry_week, step, on, status, channel in touches:
        life, name = lives[key], f"{key} {campaign} {entry_week} {step}"
        row = (name, campaign, monday, entry_week, key, step, on, channel, status)
        warehouse.fill("core.int_sealed_touches", [(*row, "treated", "text", "content")])
        [way] = [each for each in life.journeys if (each.campaign, each.entered) == (campaign, entry_week)]
        if status == "capped":
            way.waiting.add((step, on))
            continue
        way.sent[step] = on
        life.planned[campaign, entry_week, step] = (on, channel)
        delay = histories[key]["delays"][step - 1]
        if delay is None:
            continue
        sent = on + timedelta(days=delay)
        left = sent + ONE_DAY if histories[key]["unsubscribes"] and step == 2 else None
        life.receipts[campaign, entry_week, step] = sent
        life.opt_outs += [left] if left else []
        number = int(md5(name.encode()).hexdigest()[:15], 16)
        warehouse.fill(
            "core.fct_touch", [("receipts", number, key, campaign, channel, sent, left, None, None)]
        )


def states(warehouse, days):
    """Every journey on every day, asked for at once."""
    warehouse.put("audiences.aud_weeks__decided", [(None, day, None) for day in days])
    warehouse.build(RUNNING)
    found = warehouse.ask(
        "select member_key, campaign, entry_week, as_of_date, state, exit_reason, exited_on, plan, "
        "steps_sent, next_step_no, next_due_on from audiences.aud_journeys"
    )
    return {tuple(row[:4]): tuple(row[4:]) for row in found}


def forget_after(warehouse, day):
    """Take away whatever happened, was decided or was reported after a day."""
    for table, column in (
        ("core.int_sealed_decisions", "as_of_date"),
        ("intermediate.int_active_days", "active_on"),
        ("intermediate.int_money_days", "booked_on"),
        ("core.fct_ticket", "opened_on"),
        ("core.fct_contact_permission", "changed_on"),
    ):
        warehouse.ask(f"delete from {table} where {column} > date '{day}'")
    # A week is decided on the Sunday before it.
    warehouse.ask(f"delete from core.int_sealed_touches where campaign_week - 1 > date '{day}'")
    for column in ("sent_on", "unsubscribed_on"):
        warehouse.ask(f"update core.fct_touch set {column} = null where {column} > date '{day}'")


def walk(warehouse, histories):
    """Walk through all weeks; the models must say what the walk says, then and when asked again."""
    lives = lived(warehouse, histories)
    for number in range(WEEKS):
        decide(warehouse, lives, histories, number)

    days = [MONDAY + timedelta(days=day) for day in range(-1, 7 * WEEKS)]
    found = states(warehouse, days)
    assert found == {
        (key, way.campaign, way.entered, day): way.state(day)
        for key, life in enumerate(lives)
        for way in life.journeys
        for day in days
        if day >= way.entered - ONE_DAY
    }

    middle = MONDAY + timedelta(days=7 * WEEKS // 2 - 1)
    forget_after(warehouse, middle)
    known = states(warehouse, [day for day in days if day <= middle])
    assert known == {name: state for name, state in found.items() if name in known}
    assert {name for name in found if name[3] <= middle and name[2] <= middle + ONE_DAY} == known.keys()

    for way in (way for life in lives for way in life.journeys):
        end = way.end(LAST_DAY)
        offsets = {step: offset for step, offset, _ in STEPS[way.campaign]}
        for step, on in way.sent.items():
            assert on >= way.entered + timedelta(days=offsets[step]), "a step before its day"
            # What is decided on Sunday is sealed for the week; what happens in it the export looks at.
            assert end is None or end[1] >= on - timedelta(days=on.weekday()), "a step after the end"
        ordered = [way.sent[step] for step in sorted(way.sent)]
        assert ordered == sorted(set(ordered)), "steps out of order"


@AS_ALWAYS
@given(histories=HISTORIES)
def test_journeys_agree_with_walking_through_the_days(warehouse, histories):
    """Each week plans what the walk plans, no cap overflows, and a past day gives the state it gave then."""
    walk(warehouse, histories)


# By model: a rule of its SQL, and what breaks it.
BROKEN = [
    ("aud_touches__contacts", "where sent.touch_key is null", "where true"),
    ("aud_decisions__excluded", "where status = 'planned'", "where false"),
    ("aud_planned_touches", "where status = 'planned'", "where false"),
    ("aud_touches_over_cap", "on touches.sent_on <= builds.as_of_date", "on true"),
    (
        "aud_touches_over_cap",
        "case when open_touches.entry_week = open_touches.campaign_week",
        "case when false",
    ),
    ("aud_touches__due_steps", "where taken.cap_class is not null", "where false"),
    ("aud_decisions__excluded", "where taken.cap_class is not null", "where false"),
    ("aud_touches__due_steps", "having count(*) >= caps.most_touches", "having count(*) > caps.most_touches"),
    ("aud_touches__due_steps", "<= first_capped.step_no, true)", "<> first_capped.step_no, true) or true"),
    ("aud_planned_touches", "having count(*) >= caps.most_touches", "having count(*) > caps.most_touches"),
    ("aud_decisions__suppressions", "journeys.plan = 'sleep_pool'", "false"),
    ("aud_journeys__ends", "order by ends.exited_on, reasons", "order by ends.exited_on desc, reasons"),
    ("aud_journeys__events", "entries.campaign_week <= acts", "entries.campaign_week < acts"),
    ("aud_journeys", ">= lifecycles.days_silent", "> lifecycles.days_silent + 99"),
    ("aud_journeys__progress", "dates.as_of_date >= sealed_touches", "dates.as_of_date > sealed_touches"),
    ("aud_journeys__open_steps", "+ progress.delay_days", ""),
    ("aud_touches__due_steps", "moved.due_on <= moved.ends_on", "moved.due_on < moved.ends_on"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("model", "rule", "instead"), BROKEN)
def test_the_walk_finds_a_broken_rule(warehouse, monkeypatch, model, rule, instead):
    query = warehouse.compiled[model]
    assert rule in query
    monkeypatch.setitem(warehouse.compiled, model, query.replace(rule, instead))

    @settings(AS_ALWAYS, phases=[Phase.generate], report_multiple_bugs=False, database=None)
    @given(histories=HISTORIES)
    def found(histories):
        walk(warehouse, histories)

    with pytest.raises(AssertionError):
        found()
