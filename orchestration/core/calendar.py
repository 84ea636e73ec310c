"""Dates of states: pure arithmetic on dates given.

Belongs here: which as-of dates a request means, and which of them a build has to make anew.
Does not: today; whoever asks brings the date. Where the dates of an earlier version are (warehouse.history).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
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


@dataclass(frozen=True)
class LookBacks:
    """What needs the members of a past date again; each number is a row of the seeds or a variable.

    Attributes:
        decided_weeks: So many of the newest Sundays decide a campaign week.
        outcome_days: What came of a date is known so many days after it, for each of these.
        baseline_days: Of each window of an experiment, who matched a window ago is looked at.
    """

    decided_weeks: int
    outcome_days: frozenset[int]
    baseline_days: frozenset[int]


def dates_to_compute(
    dates: Collection[date], told: Collection[date], told_until: date | None, looks_back: LookBacks
) -> dict[date, str]:
    """The as-of dates whose members a build looks at, oldest first, each with why; the others are as told.

    Args:
        dates: The as-of dates asked for.
        told: Those of an earlier version, which tells what was decided on them.
        told_until: That version's as-of date; None where there is none.
        looks_back: What needs past dates again.

    Raises:
        ValueError: No date was asked for.
    """
    if not dates:
        raise ValueError("no as-of date was asked for")
    ordered = sorted(set(dates))
    newest = ordered[-1]
    why = {newest: "asked for"}
    for day in ordered:
        if day not in told:
            why.setdefault(day, "no version tells of it")
    sundays = [day for day in ordered if day.isoweekday() == 7]
    for day in sundays[len(sundays) - looks_back.decided_weeks :]:
        why.setdefault(day, "decides a campaign week")
    for days in sorted(looks_back.outcome_days):
        for day in ordered:
            known_on = day + timedelta(days=days)
            if known_on <= newest and (told_until is None or known_on > told_until):
                why.setdefault(day, f"what came of it within {days} days is known now")
    for days in sorted(looks_back.baseline_days):
        past = [day for day in ordered if day + timedelta(days=days) <= newest]
        if past:
            why.setdefault(past[-1], f"baseline of experiments over {days} days")
    return dict(sorted(why.items()))
