"""The season of a fit: the year it is seen from, the fit in its days, and what is kept of it."""

from datetime import date, timedelta

import duckdb
import numpy as np
import pytest

from orchestration.core.purchase_models import FitImpossible, Histories
from orchestration.core.seasons import EVEN, PERIODS, YEAR_DAYS, Season
from orchestration.fits.churn_parameters import FitSettings
from orchestration.fits.churn_seasons import (
    SEASONS,
    fit_in_season,
    keep_season,
    kept_seasons,
    year_of_purchases,
)
from orchestration.own_tables import read_own_table
from tests.drawn_shops import drawn_shop

# A Sunday on which a period begins: 13 periods are over the day before.
DAY = date(2025, 11, 23)
SETTINGS = FitSettings(sample_members=500, minimum_members=50, minimum_group_members=200, refit_after_days=28)
SLOW_THEN_FAST = Season(np.array([0.5, 1.5, *np.ones(11)]))


def shop(file, orders):
    """A warehouse with these orders: member, days before DAY, whether it is a purchase."""
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema core; create schema intermediate")
        connection.execute(
            "create table core.fct_order (member_key bigint, ordered_on date, is_purchase boolean)"
        )
        connection.executemany(
            "insert into core.fct_order values (?, ?, ?)",
            [(member, DAY - timedelta(days=ago), is_purchase) for member, ago, is_purchase in orders],
        )
        connection.execute(
            """
            create table intermediate.int_money_days as
            select member_key, ordered_on as booked_on, 1 as purchase_days, 10 as net_amount,
                0 as known_margin_amount, 0 as unknown_margins
            from core.fct_order where is_purchase group by member_key, ordered_on;
            create table intermediate.int_active_days as
            select member_key, 'general' as lifecycle_scope, booked_on as active_on, true as has_purchase,
                net_amount
            from intermediate.int_money_days
            """
        )
    return file


def test_repeat_purchases_are_counted_in_the_period_they_fall_into(tmp_path):
    oldest, newest = YEAR_DAYS, 1
    file = shop(
        tmp_path / "rekindle.duckdb",
        [
            (1, 500, True),
            (1, oldest, True),
            (1, oldest, True),  # two on one day are one
            (1, oldest + 1, True),  # before the thirteen
            (1, 30, False),  # no purchase
            (1, newest, True),
            (1, 0, True),  # in the period that is not over
            (1, -5, True),  # later
            (2, 10, True),  # the first is no repeat
        ],
    )
    histories, came = year_of_purchases(file, DAY, 10)
    assert came.tolist() == [[1.0, *[0.0] * 11, 1.0], [0.0] * PERIODS]
    assert histories.repeats.tolist() == [4, 0]
    assert histories.age.tolist() == [500, 10]
    assert year_of_purchases(file, DAY, 1)[1].shape == (1, PERIODS)


def test_a_fit_of_a_young_shop_is_in_days_of_the_calendar():
    histories = drawn_shop(3, members=300)
    young = Histories.of([0, 1], [0, 5], [20, 30])
    said: list[str] = []
    fits, season = fit_in_season(DAY, {"all": histories}, (young, np.zeros((2, PERIODS))), SETTINGS, said)
    assert season is EVEN
    assert fits["all"].members == 300
    assert said == []
    with pytest.raises(FitImpossible):
        fit_in_season(DAY, {}, (young, np.zeros((2, PERIODS))), SETTINGS)


def test_a_season_is_kept_with_its_fit_and_comes_back_as_it_was(home):
    keep_season(home, DAY, SLOW_THEN_FAST)
    keep_season(home, DAY + timedelta(days=28), EVEN)
    assert kept_seasons(home).keys() == {DAY}
    assert np.array_equal(kept_seasons(home)[DAY].paces, SLOW_THEN_FAST.paces)
    rows = read_own_table(home, SEASONS)
    assert {row["version"] for row in rows} == {f"mbg_nbd-{DAY}"}
    assert [row["days_before"] for row in rows[:3]] == [0, 14, 56]


def test_the_season_of_a_fit_that_a_kill_prevented_is_not_kept_twice(home):
    keep_season(home, DAY - timedelta(days=28), SLOW_THEN_FAST)
    keep_season(home, DAY, SLOW_THEN_FAST)
    keep_season(home, DAY, SLOW_THEN_FAST)
    assert len(read_own_table(home, SEASONS)) == 2 * PERIODS
