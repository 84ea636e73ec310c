"""Decisions about who is one person: two member records that are kept apart, or that are one.

Belongs here: what a row must have, which rows contradict each other.
Does not: reading the files (loader.identity_decisions), what follows from a row (macro `one_person`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from orchestration.core.definition_rows import HEADER, Fault, Row, day, shown

KEPT_APART, MERGED = "kept_apart", "merged"
DECISIONS = (KEPT_APART, MERGED)
ENDS = ("", "other_")
"""Before the columns of either record."""
NAMES = ("source", "system", "member_id")
COLUMNS = (*(end + name for end in ENDS for name in NAMES), "valid_from", "valid_to", "why", "who")
_OPTIONAL = ("valid_to", "who")

Record = tuple[str, str, str]


@dataclass(frozen=True)
class Decision:
    """One row.

    Attributes:
        decision: kept_apart or merged.
        records: Source, system and member number of both.
        valid_from: First day of it.
        valid_to: First day on which it holds no more, if it ended.
        why: The reason given.
        who: Who decided it.
        where: File and line.
    """

    decision: str
    records: tuple[Record, Record]
    valid_from: date
    valid_to: date | None
    why: str
    who: str
    where: str

    @property
    def pair(self) -> frozenset[str]:
        """Both records, whichever is named first and however it is written."""
        return frozenset("\0".join(record).casefold() for record in self.records)


def header_faults(file: str, header: Sequence[str]) -> Iterator[Fault]:
    """Columns that a file lacks or that nobody knows; they may come in any order."""
    missing = [name for name in COLUMNS if name not in header and name not in _OPTIONAL]
    unknown = [shown(name) for name in header if name not in COLUMNS]
    if missing:
        yield Fault(file, HEADER, "the header", f"no column {', '.join(missing)}", _allowed_columns())
    if unknown:
        yield Fault(file, HEADER, "the header", f"unknown column {', '.join(unknown)}", _allowed_columns())


def row_faults(row: Row, systems: Mapping[str, Sequence[str]]) -> Iterator[Fault]:
    """What is wrong with a row by itself.

    Args:
        row: The row.
        systems: Systems that a source allows, by source; none where any is allowed.
    """
    told = "a decision"
    for column in (name for name in COLUMNS if name not in _OPTIONAL):
        if not row[column].strip():
            yield Fault(row.file, row.line, told, f"no {column}", "write one")
    for end in ENDS:
        source, system = row[f"{end}source"].strip().lower(), row[f"{end}system"].strip().lower()
        if source and source not in systems:
            known = ", ".join(sorted(systems))
            yield Fault(row.file, row.line, told, f"{end}source {shown(source)}", f"allowed: {known}")
        elif source and system and systems[source] and system not in systems[source]:
            known = ", ".join(systems[source])
            yield Fault(row.file, row.line, told, f"{end}system {shown(system)}", f"allowed: {known}")
    days = {}
    for column in ("valid_from", "valid_to"):
        text = row[column].strip()
        try:
            days[column] = day(text) if text else None
        except ValueError:
            yield Fault(row.file, row.line, told, f"{column} {shown(text)}", "allowed: a date, YYYY-MM-DD")
    begun, ended = days.get("valid_from"), days.get("valid_to")
    if begun and ended and ended <= begun:
        yield Fault(row.file, row.line, told, f"valid_to {ended} is not after valid_from", "allowed: later")
    one, other = (tuple(row[end + name].strip().casefold() for name in NAMES) for end in ENDS)
    if all(one) and one == other:
        yield Fault(row.file, row.line, told, "both records are the same", "name two")


def decision_of(row: Row, decision: str) -> Decision:
    """A row without faults."""
    one, other = (_record(row, end) for end in ENDS)
    ended = row["valid_to"].strip()
    return Decision(
        decision,
        (one, other),
        day(row["valid_from"].strip()),
        day(ended) if ended else None,
        row["why"].strip(),
        row["who"].strip(),
        f"identity/{row.file}:{row.line}",
    )


def contradictions(decisions: Sequence[Decision]) -> Iterator[Fault]:
    """Pairs about which two rows hold on the same day, whatever these say."""
    by_pair: dict[frozenset[str], list[Decision]] = {}
    for each in decisions:
        for former in by_pair.setdefault(each.pair, []):
            if _overlap(former, each):
                file, line = each.where.removeprefix("identity/").split(":")
                said = "says the opposite" if former.decision != each.decision else "says the same already"
                yield Fault(
                    file, int(line), "a decision", f"{former.where} {said}", "end one of them by a valid_to"
                )
        by_pair[each.pair].append(each)


def _overlap(one: Decision, other: Decision) -> bool:
    return one.valid_from < (other.valid_to or date.max) and other.valid_from < (one.valid_to or date.max)


def _record(row: Row, end: str) -> Record:
    source, system, number = (row[end + name].strip() for name in NAMES)
    return source.lower(), system.lower(), number


def _allowed_columns() -> str:
    return f"its columns are {','.join(COLUMNS)}, in any order; {' and '.join(_OPTIONAL)} may be missing"
