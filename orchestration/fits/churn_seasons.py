"""The season of a purchase fit: the year it is seen from, and the table that keeps it.

Belongs here: reading a year of purchases from a warehouse, fitting in days of the season, keeping the season.
Does not: pace and days of a season (core.seasons), the fits' own table (churn_parameters.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np

from orchestration.core.purchase_models import Fit, Histories, Model, Numbers
from orchestration.core.seasons import (
    EVEN,
    PERIOD_DAYS,
    PERIODS,
    YEAR_DAYS,
    Season,
    days_over,
    season_of,
    year_began,
)
from orchestration.fits.churn_parameters import (
    BOUGHT_BY,
    EVERYBODY,
    FitSettings,
    fit_groups,
    sampled_groups,
)
from orchestration.own_tables import read_own_table, write_own_table
from orchestration.project import Home
from orchestration.warehouse.connections import connect_read_only

SEASONS = "churn_seasons"
"""The table that keeps the season of every fit that has one."""
_YEAR = (
    BOUGHT_BY
    + """
    sampled as (
        from bought qualify row_number() over (order by draw, member_key) <= $members
    ),
    purchases as (
        select distinct member_key, ordered_on from core.fct_order semi join sampled using (member_key)
        where is_purchase and ordered_on <= $day and ordered_on > $day - $year
    )
    select
        sampled.member_key,
        sampled.purchase_days - 1 as repeats,
        date_diff('day', sampled.first_purchase_on, sampled.last_purchase_on) as last_days,
        date_diff('day', sampled.first_purchase_on, $day) as age_days,
        purchases.ordered_on
    from sampled
    left join purchases
        on sampled.member_key = purchases.member_key and sampled.first_purchase_on < purchases.ordered_on
    order by all
"""
)


def fit_in_season(
    day: date,
    histories: Mapping[str, Histories],
    year: tuple[Histories, Numbers],
    settings: FitSettings,
    said: list[str] | None = None,
) -> tuple[dict[str, Fit], Season]:
    """Fits in days of the season that the year before a day shows, and that season.

    A first fit, in days of the calendar, says what was to be expected of whom.

    Args:
        day: Of the fit.
        histories: In days, of everybody and of each group.
        year: As :func:`year_of_purchases` gives it.
        settings: Who is enough.
        said: As for :func:`fit_groups`.

    Raises:
        FitImpossible: As for :func:`fit_groups`.
    """
    first_said: list[str] = []
    fits = fit_groups(histories, settings, first_said)
    members, came = year
    season = season_of(fits[EVERYBODY].parameters, members, day, came)
    if season is not EVEN:
        in_season = {group: season.histories(day, of_group) for group, of_group in histories.items()}
        return fit_groups(in_season, settings, said), season
    if said is not None:
        said += first_said
    return fits, season


def year_of_purchases(warehouse: Path, day: date, members: int) -> tuple[Histories, Numbers]:
    """A history per member of the sample, and the repeat purchases in each of the newest 13 periods.

    Args:
        warehouse: A published version, or a build.
        day: A day up to its newest as-of date; what happened later is not seen.
        members: At most this many.
    """
    with connect_read_only(warehouse) as connection:
        found = connection.execute(
            _YEAR,
            {"day": day, "members": members, "year": YEAR_DAYS + PERIOD_DAYS, **sampled_groups()},
        ).fetchnumpy()
    _, at, who = np.unique(np.asarray(found["member_key"]), return_index=True, return_inverse=True)
    histories = Histories.of(*(np.asarray(found[name])[at] for name in ("repeats", "last_days", "age_days")))
    ordered_on = np.ma.asarray(found["ordered_on"])
    bought = ~np.ma.getmaskarray(ordered_on)
    period = (days_over(ordered_on.data[bought]) - 1 - year_began(day)) // PERIOD_DAYS
    within = (period >= 0) & (period < PERIODS)
    came = np.zeros((at.size, PERIODS))
    np.add.at(came, (who[bought][within], period[within]), 1)
    return histories, came


def keep_season(home: Home, fitted_on: date, season: Season) -> None:
    """Keep the season of a fit that is about to be kept; none for one in days of the calendar."""
    # A kill may have left the season of a fit that was never kept.
    former = [row for row in read_own_table(home, SEASONS) if row["fitted_on"] != fitted_on]
    days = zip(season.days_before.tolist(), season.paces.tolist(), strict=True)
    added = [
        {
            "version": f"{Model.MBG_NBD.value}-{fitted_on}",
            "fitted_on": fitted_on,
            "period_of_year": period,
            "days_before": before,
            "pace": pace,
        }
        for period, (before, pace) in enumerate(days)
        if season is not EVEN
    ]
    write_own_table(home, SEASONS, former + added)


def kept_seasons(home: Home) -> dict[date, Season]:
    """The season of every fit that has one, by its as-of date."""
    paces: dict[date, dict[int, float]] = {}
    for row in read_own_table(home, SEASONS):
        paces.setdefault(row["fitted_on"], {})[row["period_of_year"]] = row["pace"]
    return {
        day: Season(np.array([of_year[period] for period in range(PERIODS)]))
        for day, of_year in paces.items()
    }
