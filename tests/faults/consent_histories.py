"""Random histories of consent: people, what they are known under, and every way in which they opted out.

Belongs here: drawing what people said and writing it as deliveries, some of it badly.
Does not: who may then be contacted (``test_consent_oracle.py``).

What was said is kept beside the rows that tell it, so that nothing has to be read out of a badly written row.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

FIRST = date(2025, 1, 1)
DELIVERIES = [FIRST + timedelta(days=day) for day in (10, 20, 30, 40)]
CHANNELS = {"sms": "phone", "call": "phone", "email": "email", "wechat": "union_id", "push": None}
SYSTEMS = ("pos", "mini_program", "crm")
APP = "mini_program"
# Three of the list in seeds/identity; that they are on it is asked there.
PLACEHOLDERS = {
    "phone": ["13800000000", "11111111111", "13888888888"],
    "email": ["123456@qq.com", "test@example.com"],
}
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
ALWAYS = date(9999, 12, 31)

Record = tuple[str, str]
"""System and member number."""


@dataclass
class Person:
    """One of the people.

    Attributes:
        name: Name on every record.
        held: By record and kind, each value with the day from which and the day until which it was told.
    """

    name: str
    held: dict[tuple[Record, str], list[tuple[str | None, date, date]]] = field(default_factory=dict)

    @property
    def records(self) -> list[Record]:
        """Records, whatever is known of them."""
        return sorted({record for record, _ in self.held})


@dataclass(frozen=True)
class Said:
    """What somebody said.

    Attributes:
        record: The record it was said under.
        channels: Channels it is about.
        moment: When it counts from; the last moment of a day for all but clean consents.
        is_granted: Yes or no.
        is_of_nobody: Nothing in the row tells whose it is.
        is_service: A complaint that service has open: it keeps its member from messages, and nobody else.
        how: The table and what is wrong with the row, to read.
    """

    record: Record
    channels: tuple[str, ...]
    moment: datetime
    is_granted: bool
    is_of_nobody: bool = False
    is_service: bool = False
    how: str = "clean"


@dataclass
class History:
    """What happened, and the deliveries that tell it.

    Attributes:
        people: All people.
        said: Everything anybody said.
        rows: Rows by source, table and delivery.
        planned: Touches of the ledger: name, record and channel.
    """

    people: list[Person] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    rows: dict[tuple[str, str, date], list[dict[str, object]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    planned: list[tuple[str, Record, str]] = field(default_factory=list)


def history(seed: int, people: int = 30) -> History:
    """A history, always the same for a seed."""
    chance, drawn = Random(seed), History()
    for number in range(people):
        _be_born(chance, drawn, number)
    for number, person in enumerate(drawn.people):
        for record in person.records:
            for channel in CHANNELS:
                if chance.random() < 0.9:
                    _consent(drawn, len(drawn.said), record, channel, _moment(FIRST, chance), granted=True)
        if chance.random() < 0.4:
            _opt_out(chance, drawn, person, number)
        if chance.random() < 0.1:
            later = _moment(FIRST + timedelta(days=chance.randrange(25, 38)), chance)
            record, channel = chance.choice(person.records), chance.choice(sorted(CHANNELS))
            _consent(drawn, len(drawn.said), record, channel, later, granted=True)
        if chance.random() < 0.3:
            _complain_about_nothing(chance, drawn, chance.choice(person.records), number)
    _deliver_members(chance, drawn)
    return drawn


def text_of(rows: list[dict[str, object]]) -> str:
    """Rows as the CSV that is delivered."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _be_born(chance: Random, drawn: History, number: int) -> None:
    person = Person(f"name {number}")
    own = {"phone": f"1361{number:07d}", "email": f"p{number}@mail.cn", "union_id": f"o{number}"}
    for system in chance.sample(SYSTEMS, chance.choice((1, 1, 2, 3))):
        record = (system, f"m{number}")
        for kind, value in own.items():
            values: list[str | None] = []
            for _ in DELIVERIES:
                changes = not values or chance.random() < 0.15
                values.append(_value(chance, drawn, kind, value, number) if changes else values[-1])
            person.held[record, kind] = _periods(values)
    drawn.people.append(person)


def _value(chance: Random, drawn: History, kind: str, own: str, number: int) -> str | None:
    draw = chance.random()
    if draw < 0.12 and kind in PLACEHOLDERS:
        return chance.choice(PLACEHOLDERS[kind])
    if draw < 0.2:
        return None
    if draw < 0.26 and drawn.people and kind != "union_id":
        # That of a family, or one that was given up and given to somebody else.
        other = chance.choice(drawn.people[-5:])
        return chance.choice(other.held[chance.choice(other.records), kind])[0]
    if draw < 0.36 and kind == "phone":
        return f"1362{number:05d}{chance.randrange(3):02d}"
    return own


def _periods(values: list[str | None]) -> list[tuple[str | None, date, date]]:
    periods: list[tuple[str | None, date, date]] = []
    for value, day in zip(values, DELIVERIES, strict=True):
        if periods and periods[-1][0] == value:
            continue
        if periods:
            periods[-1] = (periods[-1][0], periods[-1][1], day)
        periods.append((value, day if periods else date.min, ALWAYS))
    return periods


def _deliver_members(chance: Random, drawn: History) -> None:
    for place, day in enumerate(DELIVERIES):
        whole = chance.random() < 0.5 or place == 0
        for person in drawn.people:
            for record in person.records:
                told = {
                    kind: next(value for value, since, until in periods if since <= day < until)
                    for (whose, kind), periods in person.held.items()
                    if whose == record
                }
                is_new = any(
                    since == day for (whose, _), periods in person.held.items() if whose == record
                    for _, since, _ in periods
                )  # fmt: skip
                if whole or is_new:
                    system, number = record
                    drawn.rows["chain", "members", day].append(
                        {
                            "system": system, "member_id": number, "full_name": person.name,
                            "registered_at": "2024-06-01 04:00:00", **told,
                            "phone": _spelled(chance, told["phone"]),
                        }
                    )  # fmt: skip


def _spelled(chance: Random, phone: str | None) -> str | None:
    if phone is None:
        return None
    how = chance.randrange(8)
    # The 0 of the trunk stands before numbers that can be dialled alone.
    if phone in PLACEHOLDERS["phone"] and how in (4, 5):
        how = 0
    return (
        phone, f"+86 {phone}", f"0086{phone}", f"86-{phone}", f"0{phone}", f"(+86) 0{phone}",
        f"{phone[:3]} {phone[3:7]} {phone[7:]}", phone.translate(WIDE),
    )[how]  # fmt: skip


def _moment(day: date, chance: Random) -> datetime:
    return datetime.combine(day, time(chance.randrange(1, 12)))


def _told_on(day: date, is_late: bool) -> date:
    possible = [each for each in DELIVERIES if each > day]
    return possible[min(len(possible) - 1, 1 if is_late else 0)]


def _consent(
    drawn: History,
    number: int,
    record: Record,
    channel: str,
    moment: datetime,
    *,
    granted: bool,
    on: date | None = None,
) -> dict[str, object]:
    row: dict[str, object] = {
        "consent_id": number, "system": record[0], "member_id": record[1], "channel": channel,
        "purpose": "marketing", "is_granted": str(granted).lower(), "happened_at": moment,
    }  # fmt: skip
    drawn.rows["chain", "consents", on or _told_on(moment.date(), False)].append(row)
    drawn.said.append(Said(record, (channel,), moment, granted))
    return row


def _opt_out(chance: Random, drawn: History, person: Person, number: int) -> None:
    record, channel = chance.choice(person.records), chance.choice(sorted(CHANNELS))
    moment = _moment(FIRST + timedelta(days=chance.randrange(5, 30)), chance)
    on = _told_on(moment.date(), chance.random() < 0.4)
    write = chance.choice((_by_consent, _by_touch, _by_receipt, _by_ticket))
    drawn.said.append(write(chance, drawn, record, channel, moment, on, number))


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max)


def _by_consent(chance, drawn, record, channel, moment, on, number) -> Said:
    row = _consent(drawn, 100_000 + number, record, channel, moment, granted=False, on=on)
    drawn.said.pop()
    every = tuple(CHANNELS)
    wrong, value, channels, counts_from = chance.choice(
        (
            ("nothing", None, (channel,), moment),
            # Longer than any id.
            ("consent_id", "x" * 65, (channel,), moment),
            ("system", "till", (channel,), moment),
            ("channel", "pigeon", every, moment),
            ("purpose", "", (channel,), moment),
            ("is_granted", "perhaps", (channel,), moment),
            ("happened_at", "soon", (channel,), _end_of(on)),
            # As far ahead as is plausible; what lies further is refused.
            ("happened_at", datetime.combine(on + timedelta(days=2), time(4)), (channel,), _end_of(on)),
            ("member_id", "", (channel,), moment),
            ("repeated", "push", (channel,), moment),
        )
    )
    if wrong == "repeated":
        # Two events under one number: one of them is refused, and nobody says which.
        drawn.rows["chain", "consents", on].append({**row, "channel": value})
        drawn.said.append(Said(record, ("push",), moment, False, how="consent repeated"))
    elif wrong != "nothing":
        row[wrong] = value
    told = f"consent, {wrong} {value!r}"
    return Said(record, channels, counts_from, False, is_of_nobody=wrong == "member_id", how=told)


_FACTS = ("unsubscribed_at", "complained_at", "blocked_at")


def _by_touch(chance, drawn, record, channel, moment, on, number) -> Said:
    fact, every = chance.choice(_FACTS), tuple(CHANNELS)
    row: dict[str, object] = {
        "touch_id": number, "system": record[0], "member_id": record[1], "channel": channel,
        "planned_at": moment, "sent_at": moment, "cost_amount": "0.05", fact: moment,
    }  # fmt: skip
    day = _end_of(moment.date())
    wrong, value, channels, counts_from = chance.choice(
        (
            ("nothing", None, (channel,), day),
            ("cost_amount", "-5", (channel,), day),
            ("opened_at", "25:00", (channel,), day),
            ("planned_at", "", (channel,), day),
            ("touch_id", "", (channel,), day),
            ("system", "", (channel,), day),
            ("channel", "fax", every, day),
            (fact, "soon", (channel,), _end_of(on)),
            (fact, "2099-01-01 04:00:00", (channel,), _end_of(on)),
            ("member_id", "", (channel,), day),
        )
    )
    is_told = wrong == "member_id" and on > DELIVERIES[0] and chance.random() < 0.7
    if is_told:
        # The touch itself was told before, with whom it went to.
        # Planned, and not sent yet.
        before = {name: text for name, text in row.items() if name not in (fact, "sent_at")}
        drawn.rows["chain", "touches", DELIVERIES[DELIVERIES.index(on) - 1]].append(before)
    if wrong != "nothing":
        row[wrong] = value
    drawn.rows["chain", "touches", on].append(row)
    is_of_nobody = wrong == "member_id" and not is_told
    told = f"touch, {fact}, {wrong} {value!r}"
    return Said(record, channels, counts_from, False, is_of_nobody=is_of_nobody, how=told)


def _by_receipt(chance, drawn, record, channel, moment, on, number) -> Said:
    fact, touch = chance.choice(_FACTS), f"touch {number}"
    drawn.planned.append((touch, record, channel))
    row: dict[str, object] = {
        "planned_touch_id": touch, "sent_at": moment, "cost_amount": "0.05", fact: moment,
    }  # fmt: skip
    day = _end_of(moment.date())
    wrong, value, counts_from = chance.choice(
        (
            ("nothing", None, day),
            ("cost_amount", "-1", day),
            ("opened_at", "yesterday", day),
            (fact, "soon", _end_of(on)),
            (fact, "2099-01-01 04:00:00", _end_of(on)),
            ("planned_touch_id", "", day),
        )
    )
    if wrong != "nothing":
        row[wrong] = value
    drawn.rows["receipts", "touches", on].append(row)
    told = f"receipt, {fact}, {wrong} {value!r}"
    is_of_nobody = wrong == "planned_touch_id"
    return Said(record, (channel,), counts_from, False, is_of_nobody=is_of_nobody, how=told)


def _by_ticket(chance, drawn, record, channel, moment, on, number) -> Said:
    row: dict[str, object] = {
        "ticket_id": number, "system": record[0], "member_id": record[1], "kind": "complaint",
        "opened_at": moment,
    }  # fmt: skip
    wrong, value = chance.choice(
        (
            ("nothing", None),
            ("rating", "9"),
            ("sentiment", "angry"),
            ("kind", "rant"),
            ("resolved_at", "never"),
            ("opened_at", "soon"),
            ("member_id", ""),
        )
    )
    has_order = wrong == "member_id" and chance.random() < 0.7
    if has_order:
        row["order_id"] = number
        drawn.rows["chain", "orders", DELIVERIES[0]].append(_order(number, record))
    if wrong != "nothing":
        row[wrong] = value
    drawn.rows["chain", "tickets", on].append(row)
    is_of_nobody = wrong == "member_id" and not has_order
    day = on if wrong == "opened_at" else moment.date()
    return Said(
        record,
        tuple(CHANNELS),
        _end_of(day),
        False,
        is_of_nobody=is_of_nobody,
        is_service=wrong == "nothing",
        how=f"ticket, {wrong} {value!r}",
    )


def _order(number: int, record: Record) -> dict[str, object]:
    return {
        "order_id": number, "system": record[0], "member_id": record[1], "channel": "store",
        "ordered_at": "2025-01-02 04:00:00", "status": "completed", "gross_amount": "1",
        "discount_amount": "0", "net_amount": "1",
    }  # fmt: skip


def _complain_about_nothing(chance: Random, drawn: History, record: Record, number: int) -> None:
    """A refused row that opts nobody out."""
    whose: dict[str, object] = {"system": record[0], "member_id": record[1]}
    if chance.random() < 0.5:
        row = {"ticket_id": 50_000 + number, **whose, "kind": "enquiry", "opened_at": "2025-01-08 04:00:00",
               "rating": "9"}  # fmt: skip
        drawn.rows["chain", "tickets", DELIVERIES[1]].append(row)
    else:
        row = {"touch_id": 50_000 + number, **whose, "channel": "sms", "planned_at": "2025-01-08 04:00:00",
               "cost_amount": "-1"}  # fmt: skip
        drawn.rows["chain", "touches", DELIVERIES[1]].append(row)
