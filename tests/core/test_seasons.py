"""Seasons are found where they are, hardly any where there is none, and their days add up."""

from datetime import date, timedelta

import numpy as np
import pytest

from benchmarks.churn_blend import LAST, came, drawn
from orchestration.core.purchase_models import Histories, Model, fit
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

# Slow, then fast, then even.
UNEVEN = Season(np.array([0.5, 1.5, *np.ones(11)]))
BEGUN = date(2025, 11, 23)


def bought_by(purchases, day):
    """Histories of all who had bought by a day, and who they are."""
    today = (day - LAST).days
    past = purchases.days <= today
    members, firsts, counts = np.unique(purchases.members[past], return_index=True, return_counts=True)
    days = purchases.days[past]
    lasts = days[np.append(firsts[1:], days.size) - 1]
    return Histories.of(counts - 1, lasts - days[firsts], today - days[firsts]), members


def found_in(purchases, day):
    histories, members = bought_by(purchases, day)
    parameters = fit(Model.MBG_NBD, histories).parameters
    return season_of(parameters, histories, day, came(purchases, day)[members])


@pytest.fixture(scope="module")
def swinging():
    return drawn(0.5, members=1500)


def test_a_season_of_half_the_rate_is_found(swinging):
    season = found_in(swinging, LAST)
    began = year_began(LAST)
    middle = np.arange(began + PERIOD_DAYS / 2, began + YEAR_DAYS, PERIOD_DAYS)
    true = 1 + 0.5 * np.sin(2 * np.pi * (middle - days_over(np.datetime64(LAST))) / YEAR_DAYS)
    by_period = np.empty(PERIODS)
    by_period[(middle // PERIOD_DAYS % PERIODS).astype(int)] = true
    assert season.paces.mean() == pytest.approx(1)
    assert np.abs(season.paces - by_period).max() < 0.25
    assert np.corrcoef(season.paces, by_period)[0, 1] > 0.97


def test_a_shop_without_a_season_gets_nearly_none():
    season = found_in(drawn(0.0, members=1500), LAST)
    assert np.abs(season.paces - 1).max() < 0.12
    assert np.abs(season.paces - 1).mean() < 0.04


def test_a_shop_younger_than_a_year_has_none(swinging):
    histories, members = bought_by(swinging, LAST)
    young = histories.age < YEAR_DAYS
    there = Histories(*(part[young] for part in vars(histories).values()))
    parameters = fit(Model.MBG_NBD, there).parameters
    assert season_of(parameters, there, LAST, came(swinging, LAST)[members[young]]) is EVEN


def test_what_came_after_the_day_is_not_seen(swinging):
    day = LAST - timedelta(days=100)
    before = swinging.days <= -100
    past = type(swinging)(*(part[before] for part in vars(swinging).values()))
    assert np.array_equal(found_in(swinging, day).paces, found_in(past, day).paces)


def test_days_of_a_season_add_up_and_a_year_of_them_is_a_year():
    days = np.datetime64(BEGUN) + np.arange(3 * YEAR_DAYS)
    steps = np.diff(UNEVEN.days(days))
    assert steps[:YEAR_DAYS].sum() == pytest.approx(YEAR_DAYS)
    period = (days_over(days[1:]) - 1) // PERIOD_DAYS % PERIODS
    assert np.allclose(steps, UNEVEN.paces[period]), "a purchase of a day falls into that day's pace"


def test_without_a_season_days_are_those_of_the_calendar():
    histories = Histories.of([0, 3], [0, 40], [700, 41], [2, 1])
    told = EVEN.histories(BEGUN, histories)
    assert all(
        np.array_equal(one, other)
        for one, other in zip(vars(told).values(), vars(histories).values(), strict=True)
    )
    assert EVEN.horizon(BEGUN, 90) == 90


def test_the_newest_thirteen_periods_are_over_by_the_day_and_no_later_ones_are():
    for day in (BEGUN + timedelta(days=shift) for shift in range(40)):
        over = days_over(np.datetime64(day)) - year_began(day) - YEAR_DAYS
        assert 0 <= over < PERIOD_DAYS
