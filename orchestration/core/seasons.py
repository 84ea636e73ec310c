"""The season of a shop: how fast members buy in each part of the year, and days counted at that pace.

Belongs here: the pace of each period of the year, histories and horizons in days of the season.
Does not: the fit (core.purchase_models), choosing purchases (fits.churn_seasons), the SQL (season_day).

A year is 13 periods of 28 days, the same for every home. In a period of pace 1.5 three days go by in two:
told in days of the season, members buy as evenly as the purchase models say.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

from orchestration.core.due import PERIODS_SINCE
from orchestration.core.purchase_forecast import came_share
from orchestration.core.purchase_models import Histories, Model, Numbers, Parameters, p_alive

PERIODS, PERIOD_DAYS = 13, 28
YEAR_DAYS = PERIODS * PERIOD_DAYS


@dataclass(frozen=True)
class Season:
    """A year of paces.

    Attributes:
        paces: Purchases per day and member in each period, as a share of the year's mean; shape ``(13,)``,
            their mean is 1.
    """

    paces: Numbers

    @property
    def days_before(self) -> Numbers:
        """Days of the season from the beginning of the year to that of each period."""
        return PERIOD_DAYS * np.concatenate([[0.0], np.cumsum(self.paces)[:-1]])

    def days(self, days: ArrayLike) -> Numbers:
        """Days of the season that are over by the end of a date."""
        years, over = np.divmod(days_over(days), YEAR_DAYS)
        period, day = np.divmod(over, PERIOD_DAYS)
        return YEAR_DAYS * years + self.days_before[period] + self.paces[period] * day

    def histories(self, day: date, histories: Histories) -> Histories:
        """Histories as of a date, told in days of the season."""
        joined = np.datetime64(day) - histories.age.astype("timedelta64[D]")
        began = self.days(joined)
        last = self.days(joined + histories.last.astype("timedelta64[D]"))
        return Histories.of(
            histories.repeats, last - began, self.days(np.datetime64(day)) - began, histories.members
        )

    def horizon(self, day: date, days: int) -> float:
        """How many days of the season the days after a date are."""
        today = np.datetime64(day)
        return float(self.days(today + np.timedelta64(days)) - self.days(today))


EVEN = Season(np.ones(PERIODS))
"""No season: its days are those of the calendar."""


def days_over(days: ArrayLike) -> NDArray[np.int64]:
    """Days from the first period's beginning to the end of a date."""
    since = np.asarray(days, dtype="datetime64[D]") - np.datetime64(PERIODS_SINCE)
    return since.astype(np.int64) + 1


def year_began(day: date) -> int:
    """The same for the beginning of the newest 13 periods that are over by the end of a date."""
    return int(days_over(np.datetime64(day))) // PERIOD_DAYS * PERIOD_DAYS - YEAR_DAYS


def season_of(parameters: Parameters, histories: Histories, day: date, came: Numbers) -> Season:
    """The season that a year of purchases shows, each period as far as chance does not explain it.

    What a member was to buy in a period follows from all that is known of them at the end, also from later
    purchases: at the rate of their posterior until the last one, and from then on while they are still here.

    Args:
        parameters: Of MBG/NBD, fitted on such histories.
        histories: One member each, as of the day, in days.
        day: The last that was seen.
        came: Repeat purchases of each member in the newest 13 periods that are over, the oldest first; shape
            ``(members, 13)``.

    Returns:
        ``EVEN`` where nobody had bought before those periods: not all of them were seen whole.
    """
    alive = p_alive(Model.MBG_NBD, parameters, histories)
    shape = parameters.r + histories.repeats
    if_here, if_gone = shape / (parameters.alpha + histories.age), shape / (parameters.alpha + histories.last)
    first = days_over(np.datetime64(day)) - histories.age
    last, year_start = first + histories.last, year_began(day)
    if not (first <= year_start).any():
        return EVEN
    paces = np.ones(PERIODS)
    for number, bought in enumerate(np.asarray(came, dtype=np.float64).T):
        start = year_start + PERIOD_DAYS * number
        end = start + PERIOD_DAYS
        until_last = np.maximum(np.minimum(end, last) - np.maximum(start, first), 0)
        since_last = np.maximum(end - np.maximum(start, last), 0)
        expected = until_last * (alive * if_here + (1 - alive) * if_gone) + since_last * alive * if_here
        paces[start // PERIOD_DAYS % PERIODS] = came_share(bought, expected)
    return Season(paces / paces.mean())
