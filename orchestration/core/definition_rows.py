"""Rows of definition files and what their texts say, for those who look for faults in them.

Belongs here: a row with the line it stands in, a fault in it; reading numbers and dates; showing a value in a
    message.
Does not: what is a fault (core.tag_definitions, core.campaign_definitions), reading files.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation

from orchestration.core.summary import counted

_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,6})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CONTACT = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+|(?<!\d)\+?\(?\d([ ().-]{0,2}\d){9,14}(?!\d)")


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
    """What is wrong with a row.

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

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.definition}: {self.found}; {self.allowed}"


def all_faults(faults: Sequence[Fault], what: str) -> str:
    """The sentence that refuses definitions, and under it every fault."""
    return (
        f"{counted(len(faults), 'fault')} in the {what} definitions; nothing was built, "
        "the publication is as it was.\n" + "\n".join(f"  {fault}" for fault in faults)
    )


def has_contact(text: str) -> bool:
    """Whether a mail address or a phone number stands in a text."""
    return _CONTACT.search(text) is not None


def shown(text: str) -> str:
    """A value as a message may show it: no contact detail, no line break, not endless."""
    return "(a contact detail)" if has_contact(text) else repr(text[:60])


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
