"""Dates of states: pure arithmetic on dates given.

Belongs here: which as-of dates a request means.
Does not: today; whoever asks brings the date.
"""

from __future__ import annotations

from datetime import date, timedelta


def as_of_dates_for(as_of: date, weeks: int) -> list[date]:
    """The as-of date and the ``weeks`` Sundays before it, oldest first.

    Args:
        as_of: The last day of facts that count; any weekday.
        weeks: How many week ends of history to add; 0 for the date alone.

    Raises:
        ValueError: ``weeks`` is negative.
    """
    if weeks < 0:
        raise ValueError(f"weeks is {weeks}; it must be 0 or more")
    # isoweekday counts Monday 1 to Sunday 7, so this is the Sunday strictly before.
    last_sunday = as_of - timedelta(days=as_of.isoweekday())
    return [last_sunday - timedelta(weeks=back) for back in reversed(range(weeks))] + [as_of]
