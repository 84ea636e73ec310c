"""Journeys agree with a state machine that walks through the days, for random histories.

Weeks are decided one after the other, as the schedule does: the due steps of a Sunday are sealed as they come
out of the models, the next Sunday sees them as the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.project import SEEDS_DIR
from tests.e2e.oracle import seed

MODELS = (
    "aud_contacts",
    "aud_journey_events",
    "aud_journey_progress",
    "aud_open_steps",
    "aud_journey_ends",
    "aud_journeys",
    "aud_step_queue",
    "aud_due_steps",
)
INPUTS = {
    "intermediate.int_sealed_decisions": "campaign varchar, campaign_week date, as_of_date date, "
    "member_key bigint, is_included boolean, arm varchar, arm_role varchar",
    "intermediate.int_sealed_touches": "planned_touch_id varchar, campaign varchar, campaign_week date, "
    "entry_week date, member_key bigint, step_no integer, planned_on date, channel varchar, status varchar",
    "marts.fct_active_day": "member_key bigint, active_on date, has_purchase boolean, "
    "has_interaction boolean",
    "marts.fct_ticket": "member_key bigint, kind varchar, opened_on date",
    "marts.fct_touch": "source varchar, touch_id bigint, member_key bigint, channel varchar, sent_on date, "
    "unsubscribed_on date, complained_on date, blocked_on date",
    "marts.fct_contact_permission": "member_key bigint, channel varchar, purpose varchar, "
    "is_allowed boolean, changed_on date, next_on date",
    "marts.dim_as_of_date": "as_of_date date, is_newest boolean",
    "marts.member_lifecycle": "member_key bigint, as_of_date date, stage varchar",
    "audiences.aud_weeks": "campaign_week date, as_of_date date, ends_on date",
    "audiences.aud_campaign_weeks": "campaign varchar, campaign_week date, as_of_date date, "
    "cap_class varchar, priority integer, is_sealed boolean",
}
SEEDS = (
    "campaigns",
    "campaign_steps",
    "campaign_settings",
    "contact_caps",
    "global_holdouts",
    "journey_exits",
)

MONDAY = date(2025, 3, 3)
WEEKS = 8
LAST_DAY = MONDAY + timedelta(days=7 * WEEKS - 1)
CHANNELS = ("push", "call", "sms", "wechat")
# Three steps that an interaction answers, three that a purchase does, and two with the caps of a service.
CAMPAIGNS = {row["campaign"]: row for row in seed("campaigns/campaigns.csv")}
WALKED = (
    "no_login_win_back",
    "medium_silence_tiered_coupon",
    "light_silence_favourite_set",
    "high_risk_call",
)
STEPS = {
    campaign: [
        (int(row["step_no"]), int(row["day_offset"]), row["channel"])
        for row in seed("campaigns/campaign_steps.csv")
        if row["campaign"] == campaign
    ]
    for campaign in WALKED
}
CAPS = [
    (row["cap_class"], row["channel"], int(row["within_days"]), int(row["most_touches"]))
    for row in seed("campaigns/contact_caps.csv")
]
FAILED_AFTER = int(seed("campaigns/campaign_settings.csv")[0]["failed_after_days"])
EXITS = sorted(seed("campaigns/journey_exits.csv"), key=lambda row: int(row["reason_order"]))


@dataclass
class Journey:
    """One member's way through one campaign, walked day by day."""

    campaign: str
    entered: date
    steps: list[tuple[int, int, str]]
    ends: dict[str, list[date]]
    sent: dict[int, date] = field(default_factory=dict)
    waiting: set[tuple[int, date]] = field(default_factory=set)

    def end_on(self, day):
        """Reason and day of the end, None while it runs on the evening of a day."""
        walked = self.entered
        while walked <= day:
            for row in EXITS:
                reason = row["exit_reason"]
                if self._is_completed(walked) if reason == "completed" else walked in self.ends[reason]:
                    return reason, walked
            walked += timedelta(days=1)
        return None

    def _is_completed(self, day):
        sent = [on for on in self.sent.values() if on <= day]
        return not self.open_on(day) and day >= max(sent, default=self.entered) + timedelta(days=FAILED_AFTER)

    def open_on(self, day):
        """Steps not sent on the evening of a day, with the day each is due."""
        done = [step for step, on in self.sent.items() if on <= day]
        late = timedelta(0)
        offsets = {step: offset for step, offset, _ in STEPS[self.campaign]}
        if done:
            late = self.sent[max(done)] - self.entered - timedelta(days=offsets[max(done)])
        return [
            (step, self.entered + timedelta(days=offset) + late, channel)
            for step, offset, channel in self.steps
            if step > max(done, default=0)
        ]

    def state_on(self, day):
        """State, reason, day of the end, steps sent, next step and its day."""
        steps_sent = sum(on <= day for on in self.sent.values())
        if end := self.end_on(day):
            return ("answered" if end[0] == "answered" else "exited", *end, steps_sent, None, None)
        following = self.open_on(day)
        next_step, due = following[0][:2] if following else (None, None)
        sunday = day + timedelta(days=7 - (day + timedelta(days=1)).weekday())
        if any(step == next_step and on <= day for step, on in self.waiting):
            state = "waiting_for_cap"
        elif due and due <= sunday:
            state = "step_due"
        else:
            state = "advanced" if steps_sent else "entered"
        return (state, None, None, steps_sent, next_step, due)


def fits(journey, on, channel, contacts):
    """Whether every cap of the class leaves room on a day, days before and after alike."""
    for cap_class, capped, within, most in CAPS:
        if cap_class != CAMPAIGNS[journey.campaign]["cap_class"] or capped not in ("all", channel):
            continue
        near = [there for there, by in contacts if abs((there - on).days) < within and capped in ("all", by)]
        if len(near) >= most:
            return False
    return True


def decide(journeys, monday, contacts):
    """A member's steps in a week: (campaign, entry, step, day, status); the journeys remember them."""
    queue = []
    for journey in sorted(journeys, key=lambda way: int(CAMPAIGNS[way.campaign]["priority"])):
        sunday = monday - timedelta(days=1)
        if journey.entered >= monday or journey.end_on(sunday):
            continue
        following = journey.open_on(sunday)
        late = max(monday - following[0][1], timedelta(0)) if following else timedelta(0)
        queue += [
            (journey, step, due + late, channel)
            for step, due, channel in following
            if due + late < monday + timedelta(days=7)
        ]
    taken, behind, decided = list(contacts), [], []
    for journey, step, on, channel in queue:
        if not any(journey is other for other in behind):
            has_room = fits(journey, on, channel, taken)
            decided.append((journey.campaign, journey.entered, step, on, "planned" if has_room else "capped"))
            if has_room:
                journey.sent[step] = on
            else:
                journey.waiting.add((step, on))
                behind.append(journey)
        taken.append((on, channel))
    return decided


def models_of(compiled):
    """The models over empty tables, which random histories fill."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as warehouse")
    connection.execute("use warehouse")
    for schema in ("seeds", "intermediate", "marts", "audiences"):
        connection.execute(f"create schema warehouse.{schema}")
    for name in SEEDS:
        file = SEEDS_DIR / "campaigns" / f"{name}.csv"
        connection.execute(f"create table warehouse.seeds.{name} as from read_csv('{file}', header = true)")
    # Holdouts have a draw of their own; here nobody is drawn.
    connection.execute("delete from warehouse.seeds.global_holdouts")
    for name, columns in INPUTS.items():
        connection.execute(f"create table warehouse.{name} ({columns})")
    for name in MODELS:
        connection.execute(f"create view warehouse.audiences.{name} as {compiled[name]}")
    return connection


@pytest.fixture(scope="module")
def small(chain):
    connection = models_of({node["name"]: node["compiled_code"] for node in chain.models})
    yield connection
    connection.close()


DAYS = st.integers(0, 7 * WEEKS - 1).map(lambda day: MONDAY + timedelta(days=day))
FEW_DAYS = st.lists(DAYS, max_size=1)
HISTORIES = st.lists(
    st.fixed_dictionaries(
        {
            "entries": st.dictionaries(st.sampled_from(WALKED), st.integers(0, 2), min_size=1, max_size=3),
            "purchases": FEW_DAYS,
            "interactions": FEW_DAYS,
            "complaints": FEW_DAYS,
            "withdrawals": FEW_DAYS,
            "unsubscribed": FEW_DAYS,
            "closed": st.sets(st.sampled_from(CHANNELS), max_size=1),
            # Messages of others, which fill the caps.
            "others": st.lists(st.tuples(DAYS, st.sampled_from(CHANNELS)), max_size=8),
        }
    ),
    min_size=1,
    max_size=8,
)


def rows(connection, table, values):
    if values:
        marks = "(" + ", ".join("?" for _ in values[0]) + ")"
        connection.execute(
            f"insert into warehouse.{table} values {', '.join([marks] * len(values))}",
            [value for row in values for value in row],
        )


def fill(small, histories):
    """Put the facts of all histories into the tables and return the journeys by member."""
    for table in INPUTS:
        small.execute(f"delete from warehouse.{table}")
    lives, facts = [], {table: [] for table in INPUTS}
    for key, life in enumerate(histories):
        ends = {
            "returned": life["purchases"],
            "answered": life["interactions"],
            "complaint": life["complaints"],
            "opt_out": life["withdrawals"] + life["unsubscribed"],
        }
        ways = []
        for campaign, week in life["entries"].items():
            entered = MONDAY + timedelta(weeks=week)
            # A withdrawal shuts this channel alone, but a journey under way ends with it.
            shut = life["closed"] | {"push" for on in life["withdrawals"] if on < entered}
            steps = [step for step in STEPS[campaign] if step[2] not in shut]
            by_purchase = CAMPAIGNS[campaign]["exit_on"] == "purchase"
            ways.append(Journey(campaign, entered, steps, {**ends, "answered": []} if by_purchase else ends))
            entry = (campaign, entered, entered - timedelta(days=1), key, True, "treated", "treatment")
            facts["intermediate.int_sealed_decisions"].append(entry)
        lives.append(ways)
        active = {*life["purchases"], *life["interactions"]}
        facts["marts.fct_active_day"] += [
            (key, on, on in life["purchases"], on in life["interactions"]) for on in active
        ]
        facts["marts.fct_ticket"] += [(key, "complaint", on) for on in life["complaints"]]
        touches = [
            ("other", 100 * key + number, key, channel, on, None, None, None)
            for number, (on, channel) in enumerate(life["others"])
        ]
        # Unsubscribed from a message of long ago.
        touches += [
            ("other", 100 * key + 50, key, "email", MONDAY - timedelta(days=90), on, None, None)
            for on in life["unsubscribed"]
        ]
        facts["marts.fct_touch"] += touches
        granted, never = MONDAY - timedelta(days=99), date(9999, 12, 31)
        permissions = [
            (
                key,
                channel,
                "marketing",
                True,
                granted,
                min([*life["withdrawals"], never]) if channel == "push" else never,
            )
            for channel in CHANNELS
            if channel not in life["closed"]
        ]
        permissions += [(key, "push", "marketing", False, on, never) for on in life["withdrawals"]]
        permissions += [(key, "sms", "service", False, MONDAY + timedelta(days=3), never)]
        facts["marts.fct_contact_permission"] += permissions
    for table, values in facts.items():
        rows(small, table, values)
    return lives


def walk(small, histories):
    """Decide and seal week after week; the models and the walk must plan the same."""
    lives = fill(small, histories)
    touches = []
    for number in range(WEEKS):
        monday = MONDAY + timedelta(weeks=number)
        sunday = monday - timedelta(days=1)
        small.execute("delete from warehouse.audiences.aud_weeks")
        small.execute("delete from warehouse.audiences.aud_campaign_weeks")
        rows(small, "audiences.aud_weeks", [(monday, sunday, monday + timedelta(days=6))])
        rows(
            small,
            "audiences.aud_campaign_weeks",
            [
                (name, monday, sunday, CAMPAIGNS[name]["cap_class"], int(CAMPAIGNS[name]["priority"]), False)
                for name in WALKED
            ],
        )
        found = small.execute(
            "select member_key, campaign, entry_week, step_no, due_on, status, channel "
            "from warehouse.audiences.aud_due_steps"
        ).fetchall()
        expected = []
        for key, (ways, life) in enumerate(zip(lives, histories, strict=True)):
            heard = [(on, by) for on, by in life["others"] if on < monday]
            sealed = [(on, by) for who, on, by in touches if who == key]
            contacts = [(on, by) for on, by in heard + sealed if on > monday - timedelta(days=7)]
            expected += [(key, *step) for step in decide(ways, monday, contacts)]
        assert sorted(row[:6] for row in found) == sorted(expected)
        # The first steps of whoever enters this week are sealed with the entry.
        for key, ways in enumerate(lives):
            for way in ways:
                first = [step for step in way.open_on(sunday) if step[1] < monday + timedelta(days=7)]
                if way.entered == monday and first:
                    step, on, channel = first[0]
                    way.sent[step] = on
                    found.append((key, way.campaign, monday, step, on, "planned", channel))
        rows(
            small,
            "intermediate.int_sealed_touches",
            [
                (f"{key} {campaign} {step}", campaign, monday, entered, key, step, on, channel, status)
                for key, campaign, entered, step, on, status, channel in found
            ],
        )
        touches += [(row[0], row[4], row[6]) for row in found if row[5] == "planned"]
    return lives


def states(small, days):
    """Every journey on every day, asked for at once."""
    small.execute("delete from warehouse.audiences.aud_weeks")
    rows(small, "audiences.aud_weeks", [(None, day, None) for day in days])
    found = small.execute(
        "select member_key, campaign, as_of_date, state, exit_reason, exited_on, steps_sent, next_step_no, "
        "next_due_on from warehouse.audiences.aud_journeys"
    ).fetchall()
    return {tuple(row[:3]): tuple(row[3:]) for row in found}


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(histories=HISTORIES)
def test_journeys_agree_with_walking_through_the_days(small, histories):
    """Each week plans what the walk plans, and every past day gives the state it gave then."""
    lives = walk(small, histories)
    days = [MONDAY + timedelta(days=day) for day in range(-1, (LAST_DAY - MONDAY).days + 1)]
    expected = {
        (key, way.campaign, day): way.state_on(day)
        for key, ways in enumerate(lives)
        for way in ways
        for day in days
        if day >= way.entered - timedelta(days=1)
    }
    assert states(small, days) == expected
    for way in (way for ways in lives for way in ways):
        end = way.end_on(LAST_DAY)
        offsets = {step: offset for step, offset, _ in STEPS[way.campaign]}
        for step, on in way.sent.items():
            assert on >= way.entered + timedelta(days=offsets[step]), "a step before its day"
            # What is decided on Sunday is sealed for the week; what happens in it is the export's to look at.
            week = on - timedelta(days=on.weekday())
            assert end is None or end[1] >= week, "a step after the end"
