"""Rows of definition files and what their texts say, for those who look for faults in them.

Belongs here: a row with the line it stands in, a fault in it; reading numbers and dates; whether a text is a
    value of a type; showing a value in a message.
Does not: what is a fault (core.tag_definitions, core.campaign_definitions), reading files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from orchestration.core.errors import InputFault
from orchestration.core.summary import counted

_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,6})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TOO_LARGE = 2**31
BOOLEANS = ("true", "false")
HIDDEN = "(a contact detail)"
HEADER = 1
"""Line of the header, where is reported what a file lacks."""
# Each word is read once, from its beginning and without giving back: cells of 140,000 letters are met.
_CONTACT = re.compile(r"(?<![^\s@])[^\s@]++@[^\s@]+\.[^\s@]+|(?<!\d)\+?\(?\d([ ().-]{0,2}\d){9,14}(?!\d)")


@dataclass(frozen=True)
class Row:
    """One row of a file.

    Attributes:
        file: Name of the file.
        line: Line in it, the header being 1.
        values: Text by column; empty text where nothing stands.
    """

    file: str
    line: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column) or ""


@dataclass(frozen=True, order=True)
class Fault:
    """What is wrong with a row. No contact detail is in it, wherever its words come from.

    Attributes:
        file: Name of the file.
        line: Line in it.
        definition: What the row defines, as a message may show it.
        found: What was found.
        allowed: What is allowed, or what to do.
    """

    file: str
    line: int
    definition: str
    found: str
    allowed: str

    def __post_init__(self) -> None:
        for name in ("definition", "found", "allowed"):
            object.__setattr__(self, name, _CONTACT.sub(HIDDEN, getattr(self, name)))

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.definition}: {self.found}; {self.allowed}"


def all_faults(faults: Sequence[Fault], what: str) -> str:
    """The sentence that refuses definitions, and under it every fault."""
    return (
        f"{counted(len(faults), 'fault')} in the {what} definitions; nothing was built, "
        "the publication is as it was.\n" + "\n".join(f"  {fault}" for fault in faults)
    )


def beside(told: Iterable[Fault], declared: Iterable[Fault]) -> set[Fault]:
    """Of faults against what is declared of a file, those of rows that nothing else is said of.

    Args:
        told: Faults against rules of what the rows mean; they say more.
        declared: Faults against what is declared.
    """
    lines = {(fault.file, fault.line) for fault in told}
    return {fault for fault in declared if fault.line == HEADER or (fault.file, fault.line) not in lines}


def refuse(told: Iterable[Fault], what: str, declared: Iterable[Fault] = ()) -> None:
    """Refuse definitions with any fault.

    Args:
        told: Faults against rules of what the rows mean.
        what: What is defined.
        declared: Faults against what is declared of the files.

    Raises:
        InputFault: With every fault.
    """
    faults = set(told)
    faults |= beside(faults, declared)
    if faults:
        raise InputFault(all_faults(sorted(faults), what))


def has_contact(text: str) -> bool:
    """Whether a mail address or a phone number stands in a text."""
    return _CONTACT.search(text) is not None


def fault_of(row: Row, found: str, allowed: str) -> Fault:
    """A fault of a row, named by the first cell of it."""
    return Fault(row.file, row.line, shown(next(iter(row.values.values()), "")), found, allowed)


def shown(text: str) -> str:
    """A value as a message may show it: no contact detail, no line break, not endless."""
    return HIDDEN if has_contact(text) else repr(text[:60])


def number(text: str) -> Decimal | None:
    """A number as every engine reads it; nothing where it is none."""
    try:
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None


def day(text: str) -> date:
    """A date as every engine reads it; Python alone would take other forms too.

    Raises:
        ValueError: It is none.
    """
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def is_of_type(text: str, kind: str) -> bool:
    """Whether a text is a value of a type as SQL writes it: integer, decimal(9,3), boolean, date, varchar."""
    if kind == "varchar":
        return True
    if kind == "boolean":
        return text in BOOLEANS
    if kind == "date":
        try:
            day(text)
        except ValueError:
            return False
        return True
    found = number(text)
    return found is not None and found == round(found, places(kind)) and abs(found) < _limit(kind)


def type_in_words(kind: str) -> str:
    """What a value of a type is, for a message."""
    if kind == "varchar":
        return "a text"
    if kind == "boolean":
        return " or ".join(BOOLEANS)
    if kind == "date":
        return "a date, YYYY-MM-DD"
    if places(kind):
        return f"a number with at most {places(kind)} decimal places, up to {_limit(kind) - 1:,}"
    return f"a whole number up to {_limit(kind) - 1:,}"


def places(kind: str) -> int:
    """Decimal places of a type of numbers."""
    return int(kind.rstrip(")").split(",")[1]) if kind.startswith("decimal") else 0


def _limit(kind: str) -> int:
    """The first whole number that is too large."""
    if not kind.startswith("decimal"):
        return _TOO_LARGE
    digits = int(kind.removeprefix("decimal(").split(",")[0])
    return 10 ** (digits - places(kind))
