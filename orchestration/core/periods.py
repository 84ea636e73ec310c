"""From when to when a row of definitions holds.

Belongs here: reading `valid_from` and `valid_to`, and which rows hold at the same time.
Does not: whether they may (core.campaign_definitions).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import combinations

from orchestration.core.definition_rows import Row, day

Period = tuple[date, date]
"""First and last day."""


def period_of(row: Row) -> Period | None:
    """First and last day of a row; nothing where they are no period."""
    try:
        start = day(row["valid_from"])
        end = day(row["valid_to"]) if row["valid_to"] else date.max
    except ValueError:
        return None
    return (start, end) if start <= end else None


def covers(period: Period | None, on: date) -> bool:
    """Whether a day is among those of a period."""
    return period is not None and period[0] <= on <= period[1]


def overlapping(rows: Iterable[Row]) -> Iterator[tuple[Row, Row]]:
    """Every two rows that hold on a day in common."""
    for first, second in combinations(rows, 2):
        one, other = period_of(first), period_of(second)
        if one and other and one[0] <= other[1] and other[0] <= one[1]:
            yield first, second
