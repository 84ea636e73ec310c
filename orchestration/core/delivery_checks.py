"""A delivery as a whole: whether it is as usual, by its counts and those of the deliveries before it.

Belongs here: deciding what is found, and the sentence that tells it.
Does not: counting (loader), the thresholds (seeds/sources/delivery_checks.csv), today; the caller brings it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median_high, median_low

from orchestration.core.summary import counted, share

REFUSE = "refuse"
WHOLE = "whole"


@dataclass(frozen=True)
class Check:
    """One row of the thresholds.

    Attributes:
        name: What is asked.
        level: ``warn`` or ``refuse``.
        threshold: Where it begins to find something.
        label: What people call it.
        deliveries: How many of the last deliveries it compares with, at most.
        fewest_deliveries: With fewer there is no usual.
        least_rows: Fewer rows say nothing.
    """

    name: str
    level: str
    threshold: float
    label: str
    deliveries: int = 0
    fewest_deliveries: int = 0
    least_rows: int = 0


@dataclass(frozen=True)
class Counts:
    """What is counted of one delivery.

    Attributes:
        delivered_on: Its date.
        rows_in: Rows in its files.
        rows_loaded: Rows that met the contract.
        rows_quarantined: Rows that did not.
        filled: Loaded rows in which a column is not empty, by column.
        covers: ``whole`` where it is the whole table, else only what changed.
    """

    delivered_on: date
    rows_in: int
    rows_loaded: int
    rows_quarantined: int
    filled: Mapping[str, int] = field(default_factory=dict)
    covers: str = "changes"


@dataclass(frozen=True)
class Finding:
    """What is not as usual with a delivery.

    Attributes:
        check: The check that found it.
        level: ``warn`` or ``refuse``.
        text: One sentence.
    """

    check: str
    level: str
    text: str


def findings_of(
    delivery: Counts,
    earlier: Sequence[Counts],
    checks: Sequence[Check],
    today: date | None,
    see: str = "rekindle quarantine",
) -> list[Finding]:
    """What is not as usual with a delivery, in the order of the checks.

    Args:
        delivery: The delivery.
        earlier: The deliveries of the same source and table before it, in any order.
        checks: The checks to make.
        today: The current business date; None where nobody knows it, then no date is in the future.
        see: The command that shows the rows in quarantine.
    """
    before = sorted(
        (each for each in earlier if each.delivered_on < delivery.delivered_on),
        key=lambda each: each.delivered_on,
    )
    return [
        Finding(check.name, check.level, f"{check.label}: {found}")
        for check in checks
        for found in _found(check, delivery, before, today, see)
    ]


def _found(
    check: Check, delivery: Counts, before: Sequence[Counts], today: date | None, see: str
) -> Iterator[str]:
    """What one check says of a delivery: a sentence each, most often none."""
    rows, quarantined = delivery.rows_in, delivery.rows_quarantined
    of_rows = quarantined / rows if rows else 0.0
    nothing_loaded = quarantined > 0 and not delivery.rows_loaded
    match check.name:
        case "empty":
            last = [each.rows_in for each in before][-check.deliveries :]
            is_usual = len(last) >= check.fewest_deliveries and median_high(last) <= check.threshold
            if rows <= check.threshold and not is_usual:
                yield "its files hold no row" if not rows else f"its files hold only {counted(rows, 'row')}"
        case "all_quarantined":
            if nothing_loaded and rows >= check.least_rows:
                yield f"none of {counted(rows, 'row')} could be loaded; see why: {see}"
        case "many_quarantined":
            if of_rows > check.threshold and rows >= check.least_rows and not nothing_loaded:
                yield (
                    f"{quarantined:,} of {counted(rows, 'row')} ({share(quarantined, rows)}); see why: {see}"
                )
        case "column_emptied":
            yield from _emptied(check, delivery, before)
        case "smaller_than_usual" | "whole_table_smaller":
            yield from _smaller(check, delivery, before)
        case "dated_in_the_future":
            ahead = (delivery.delivered_on - today).days if today else 0
            if ahead > check.threshold:
                yield (
                    f"{delivery.delivered_on} is {counted(ahead, 'day')} after today; until then it counts "
                    "before every other delivery of the same rows"
                )


def _emptied(check: Check, delivery: Counts, before: Sequence[Counts]) -> Iterator[str]:
    """Columns empty in every row, where chance alone hardly does that."""
    rows = delivery.rows_loaded
    last = [each for each in before if each.rows_loaded][-check.deliveries :]
    if len(last) < max(check.fewest_deliveries, 1) or rows < max(check.least_rows, 1):
        return
    former_rows = sum(each.rows_loaded for each in last)
    for column, filled in sorted(delivery.filled.items()):
        former = sum(each.filled.get(column, 0) for each in last)
        if not filled and former and (1 - former / former_rows) ** rows < check.threshold:
            yield (
                f"{column} is empty in {_every(rows)}; {_the_last(len(last))} filled it in "
                f"{share(former, former_rows)} of theirs"
            )


def _smaller(check: Check, delivery: Counts, before: Sequence[Counts]) -> Iterator[str]:
    """Far fewer rows than usual; an empty delivery is another check's.

    Of an even number the lower of the two in the middle counts: after a first delivery of everything, one day
    is not small.
    """
    is_whole = check.name == "whole_table_smaller"
    last = [each for each in before if (each.covers == WHOLE) is is_whole and each.rows_in]
    last = last[-check.deliveries :]
    if (delivery.covers == WHOLE) is not is_whole or len(last) < max(check.fewest_deliveries, 1):
        return
    usual = median_low(each.rows_in for each in last)
    if 0 < delivery.rows_in < check.threshold * usual and usual >= check.least_rows:
        yield f"{counted(delivery.rows_in, 'row')}; {_the_last(len(last))} had {usual:,} in the median"


def _every(rows: int) -> str:
    return "its one row" if rows == 1 else f"all {rows:,} rows"


def _the_last(deliveries: int) -> str:
    return "the delivery before" if deliveries == 1 else f"the last {deliveries} deliveries"
