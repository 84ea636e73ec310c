"""Which as-of dates and fits are due: the one decision of sensor, freshness check and churn model.

Belongs here: deciding from what is published, what was delivered and which day it is.
Does not: asking for any of these (resources do), reading the clock (resources.Clock does).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)
PERIODS_SINCE = date(1970, 1, 4)
"""A Sunday, from which the periods of fits are counted: they do not hang on which dates are asked for."""


def last_due_date(delivered_until: date | None, today: date) -> date | None:
    """The newest as-of date that can be built: a business day that is over and whose orders were delivered.

    Args:
        delivered_until: Date of the newest delivery of orders; None when nothing was delivered.
        today: The current business date.

    Returns:
        The date, or None when nothing was delivered. A day without its deliveries is not due: built all the
        same, it would turn every member of a late source silent.
    """
    return None if delivered_until is None else min(delivered_until, today - ONE_DAY)


def due_dates(
    published: Collection[date],
    delivered_until: date | None,
    today: date,
    asked: Collection[date] = (),
    given_up: Collection[date] = (),
) -> list[date]:
    """The as-of dates that are to be built, oldest first.

    Args:
        published: As-of dates of the published versions that are kept, of days that were over by then.
        delivered_until: Date of the newest delivery of orders; None when nothing was delivered.
        today: The current business date.
        asked: Dates that were asked for before and have no version yet.
        given_up: Dates that nobody asks for any more.

    Returns:
        Every day after the newest published one up to the last due date (where nothing is published yet, only
        the last due date), and every day asked for before, whatever was published since.
    """
    last = last_due_date(delivered_until, today)
    if last is None:
        return []
    first = max(published) + ONE_DAY if published else last
    days = {first + timedelta(days=day) for day in range((last - first).days + 1)}
    days |= {day for day in asked if day <= last and day not in published}
    return sorted(days.difference(given_up))


def due_fits(as_of_dates: Collection[date], fitted: Collection[date], refit_after_days: int) -> list[date]:
    """The as-of dates at which a model is fitted anew, oldest first.

    Each date then has a fit on it or before it in its period, which saw nothing later. Periods follow one
    another without a gap from the same day for every home, so that more dates before do not move the fits of
    those after.

    Args:
        as_of_dates: Dates whose facts can be seen.
        fitted: Dates of the fits that are kept.
        refit_after_days: Days of a period.

    Returns:
        The dates to fit, none of them fitted before.
    """
    due: list[date] = []
    kept = set(fitted)
    for day in sorted(set(as_of_dates)):
        if not any(period_start(day, refit_after_days) <= each <= day for each in kept):
            due.append(day)
            kept.add(day)
    return due


def period_start(day: date, days: int) -> date:
    """The first day of the period of so many days in which a day lies."""
    return day - timedelta(days=(day - PERIODS_SINCE).days % days)


@dataclass(frozen=True)
class Split:
    """What a version of a model may be trained on and is evaluated on.

    Attributes:
        trained: Oldest first; the horizon of each was over before the first evaluated date.
        evaluated: The newest dates whose horizon is over, oldest first.
    """

    trained: tuple[date, ...]
    evaluated: tuple[date, ...]


def matured_dates(as_of_dates: Collection[date], horizon_days: int, seen_until: date) -> list[date]:
    """The dates whose horizon was over by the end of a day, oldest first."""
    return [day for day in sorted(set(as_of_dates)) if day + timedelta(days=horizon_days) <= seen_until]


def split_dates(
    as_of_dates: Collection[date], horizon_days: int, fitted_on: date, most_trained: int, most_evaluated: int
) -> Split | None:
    """Past dates apart, so that nobody is evaluated by what was learned from the same days.

    Evaluation takes as many dates as there may be, never more than were trained on: a short past is shared.

    Args:
        as_of_dates: Dates whose facts can be seen.
        horizon_days: Days after a date that decide its outcome.
        fitted_on: The day of the fit; nothing later is used.
        most_trained: At most this many dates are trained on, the newest.
        most_evaluated: At most this many dates are evaluated on, the newest whose horizon is over.

    Returns:
        None where the past is too short for one date of each.
    """
    matured = matured_dates(as_of_dates, horizon_days, fitted_on)
    for evaluated in range(min(most_evaluated, len(matured)), 0, -1):
        held_out = matured[-evaluated:]
        trained = matured_dates(matured, horizon_days, held_out[0])[-most_trained:]
        if len(trained) >= evaluated:
            return Split(tuple(trained), tuple(held_out))
    return None
