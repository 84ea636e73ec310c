"""Journeys walked day by day in plain Python: what the models must say about random histories.

Belongs here: the rules of journeys and caps, one member, one day and one touch at a time, with loops.
Does not: the models' SQL, in any disguise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.e2e.oracle import seed, setting_values

ONE_DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
MONDAY = date(2025, 3, 3)

# Campaigns of this suite: many steps within few days, three classes of caps, one that ends early.
CAMPAIGNS = {
    "care": {"cap_class": "service", "exit_on": "purchase", "priority": 35, "valid_to": None},
    "wake": {"cap_class": "marketing", "exit_on": "interaction", "priority": 20, "valid_to": None},
    "gift": {"cap_class": "marketing", "exit_on": "purchase", "priority": 30, "valid_to": None},
    "rush": {
        "cap_class": "promotion",
        "exit_on": "purchase",
        "priority": 40,
        "valid_to": MONDAY + 3 * WEEK - ONE_DAY,
    },
}
STEPS = {
    "care": [(1, 2, "call"), (2, 9, "push"), (3, 13, "sms")],
    "wake": [(1, 0, "push"), (2, 3, "wechat"), (3, 14, "sms")],
    "gift": [(1, 3, "wechat"), (2, 7, "wechat"), (3, 14, "sms")],
    "rush": [(1, 0, "sms"), (2, 1, "push"), (3, 8, "push")],
}
CAPS = [
    (row["cap_class"], row["channel"], int(row["within_days"]), int(row["most_touches"]))
    for row in seed("campaigns/contact_caps.csv")
]
WITHIN = max(within for _, _, within, _ in CAPS)
FAILED_AFTER = timedelta(days=int(setting_values("campaigns/campaign_settings.csv")["failed_after_days"]))
ANSWERED_FOR = {
    row["channel"]: timedelta(days=int(row["response_days"])) for row in seed("metrics/response_window.csv")
}
WHOLE_JOURNEY = int(setting_values("lifecycle/lifecycle_settings.csv")["journey_touches"])
EXITS = sorted(seed("campaigns/journey_exits.csv"), key=lambda row: int(row["reason_order"]))


@dataclass(frozen=True)
class Contact:
    """One touch as caps see it; `cap_class` is empty for what stood there before the week was decided."""

    on: date
    channel: str
    cap_class: str | None = None


@dataclass
class Life:
    """What one member does, and everything sealed for the member."""

    purchases: list[date]
    interactions: list[date]
    complaints: list[date]
    opt_outs: list[date]
    push_closed_on: date | None
    closed: set[str]
    others: list[tuple[date, str]]
    journeys: list[Journey] = field(default_factory=list)
    planned: dict[tuple[str, date, int], tuple[date, str]] = field(default_factory=dict)
    receipts: dict[tuple[str, date, int], date] = field(default_factory=dict)

    def allows(self, channel: str, day: date) -> bool:
        """Whether a channel is open on a day."""
        withdrawn = channel == "push" and self.push_closed_on is not None and self.push_closed_on <= day
        return channel not in self.closed and not withdrawn

    def contacts(self, monday: date) -> list[Contact]:
        """What counts against the caps of a week before anything of it is decided."""
        found = [Contact(on, by) for on, by in self.others if on < monday]
        for name, (on, channel) in self.planned.items():
            sent = self.receipts.get(name)
            found.append(Contact(sent if sent and sent < monday else on, channel))
        return [contact for contact in found if contact.on > monday - timedelta(days=WITHIN)]


@dataclass
class Journey:
    """A member's way through one campaign."""

    campaign: str
    entered: date
    life: Life
    sent: dict[int, date] = field(default_factory=dict)
    waiting: set[tuple[int, date]] = field(default_factory=set)

    def steps(self) -> list[tuple[int, int, str]]:
        """Its steps: those whose channel was open on the Sunday that decided the entry."""
        return [step for step in STEPS[self.campaign] if self.life.allows(step[2], self.entered - ONE_DAY)]

    def end(self, day: date) -> tuple[str, date] | None:
        """Reason and day of the end; nothing while it runs on the evening of a day."""
        walked = self.entered
        while walked <= day:
            for row in EXITS:
                if self._ends(row["exit_reason"], walked):
                    return row["exit_reason"], walked
            walked += ONE_DAY
        return None

    def _ends(self, reason: str, day: date) -> bool:
        campaign = CAMPAIGNS[self.campaign]
        if reason == "returned":
            return day in self.life.purchases
        if reason == "answered":
            return campaign["exit_on"] == "interaction" and day in self.life.interactions
        if reason == "complaint":
            return day in self.life.complaints
        if reason == "opt_out":
            return day in self.life.opt_outs
        if reason == "campaign_over":
            return campaign["valid_to"] is not None and day == campaign["valid_to"] + ONE_DAY
        if reason == "completed":
            sent = {step: on for step, on in self.sent.items() if on <= day}
            over = [max(sent.values(), default=self.entered) + FAILED_AFTER]
            return not self.open_steps(day) and day >= max([*over, *self._answered_until(sent, day)])
        return False

    def _answered_until(self, sent: dict[int, date], day: date) -> Iterator[date]:
        """Last day on which each touch may be answered, by what is known on a day of when it was sent."""
        channels = {step: channel for step, _, channel in STEPS[self.campaign]}
        for step, on in sent.items():
            reported = self.life.receipts.get((self.campaign, self.entered, step), on)
            yield max(on, reported if reported <= day else on) + ANSWERED_FOR[channels[step]]

    def open_steps(self, day: date) -> list[tuple[int, date, str]]:
        """Steps not sent on the evening of a day, with the day each is due."""
        done = [step for step, on in self.sent.items() if on <= day]
        late = timedelta(0)
        if done:
            offsets = {step: offset for step, offset, _ in STEPS[self.campaign]}
            late = self.sent[max(done)] - self.entered - timedelta(days=offsets[max(done)])
        return [
            (step, self.entered + timedelta(days=offset) + late, channel)
            for step, offset, channel in self.steps()
            if step > max(done, default=0)
        ]

    def plan(self, day: date) -> str | None:
        """What follows its end."""
        end = self.end(day)
        if end is None:
            return None
        if end[0] == "returned":
            return "growing"
        if end[0] == "complaint":
            return "service"
        active = [on for on in self.life.purchases + self.life.interactions if self.entered <= on <= day]
        heard_out = sum(on <= day for on in self.sent.values()) >= WHOLE_JOURNEY
        return "sleep_pool" if end[0] == "completed" and heard_out and not active else "none"

    def state(self, day: date) -> tuple[object, ...]:
        """State, reason, day of the end, plan, steps sent, next step and its day."""
        steps_sent = sum(on <= day for on in self.sent.values())
        end = self.end(day)
        if end:
            over = "answered" if end[0] == "answered" else "exited"
            return (over, *end, self.plan(day), steps_sent, None, None)
        following = self.open_steps(day)
        next_step, due = following[0][:2] if following else (None, None)
        tomorrow = day + ONE_DAY
        sunday = tomorrow + timedelta(days=6 - tomorrow.weekday())
        if any(step == next_step and on <= day for step, on in self.waiting):
            state = "waiting_for_cap"
        elif due and due <= sunday:
            state = "step_due"
        else:
            state = "advanced" if steps_sent else "entered"
        return (state, None, None, None, steps_sent, next_step, due)


def has_room(touch: Contact, taken: list[Contact]) -> bool:
    """Whether a touch overflows neither its own caps nor those of a touch planned in the week before it."""
    for around in [touch, *(contact for contact in taken if contact.cap_class)]:
        for cap_class, channel, within, most in CAPS:
            counts = channel in ("all", around.channel) and channel in ("all", touch.channel)
            if cap_class != around.cap_class or not counts or abs((touch.on - around.on).days) >= within:
                continue
            near = [
                contact
                for contact in taken
                if channel in ("all", contact.channel)
                and (max(touch.on, around.on) - contact.on).days < within
                and (contact.on - min(touch.on, around.on)).days < within
            ]
            if len(near) >= most:
                return False
    return True


def overflowing(planned: list[Contact], contacts: list[Contact]) -> list[tuple[object, ...]]:
    """Every cap that a planned touch comes under and every window of days that holds too many with it."""
    everything = planned + contacts
    return [
        (touch, channel, first)
        for touch in planned
        for cap_class, channel, within, most in CAPS
        if cap_class == touch.cap_class and channel in ("all", touch.channel)
        for first in (touch.on - timedelta(days=back) for back in range(within))
        if sum(
            first <= contact.on < first + timedelta(days=within) and channel in ("all", contact.channel)
            for contact in everything
        )
        > most
    ]


Decided = tuple[str, date, int, date, str, str]
"""Campaign, Monday of the entry, step, day, status, channel."""


def due_steps(life: Life, monday: date) -> list[Decided]:
    """What running journeys get of a week; nothing is remembered."""
    sunday = monday - ONE_DAY
    queue = []
    for journey in sorted(life.journeys, key=lambda way: CAMPAIGNS[way.campaign]["priority"]):
        over = CAMPAIGNS[journey.campaign]["valid_to"]
        if journey.entered >= monday or journey.end(sunday) or (over and over < monday):
            continue
        following = journey.open_steps(sunday)
        late = max(monday - following[0][1], timedelta(0)) if following else timedelta(0)
        queue += [(journey, step, due + late, channel) for step, due, channel in following]
    return _under_caps([each for each in queue if each[2] < monday + WEEK], life.contacts(monday))


def entry_steps(entry: Journey, monday: date, running: list[Contact]) -> list[Decided]:
    """What an entry gets of its own week, once running journeys have theirs."""
    queue = [(entry, step, due, channel) for step, due, channel in entry.open_steps(monday - ONE_DAY)]
    return _under_caps(
        [each for each in queue if each[2] < monday + WEEK], entry.life.contacts(monday) + running
    )


def first_touch(campaign: str, monday: date) -> Contact:
    """The touch that an entry begins with."""
    _, offset, channel = STEPS[campaign][0]
    return Contact(monday + timedelta(days=offset), channel, str(CAMPAIGNS[campaign]["cap_class"]))


def _under_caps(queue: list[tuple[Journey, int, date, str]], contacts: list[Contact]) -> list[Decided]:
    taken, behind, decided = list(contacts), [], []
    for journey, step, on, channel in queue:
        touch = Contact(on, channel, str(CAMPAIGNS[journey.campaign]["cap_class"]))
        if not any(journey is other for other in behind):
            status = "planned" if has_room(touch, taken) else "capped"
            decided.append((journey.campaign, journey.entered, step, on, status, channel))
            if status == "capped":
                behind.append(journey)
        taken.append(touch)
    return decided
