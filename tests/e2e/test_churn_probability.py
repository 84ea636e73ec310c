"""The base probability in SQL equals the one in Python, for every member of the built sample."""

from decimal import Decimal

import numpy as np
import pytest

from orchestration.core.purchase_models import Histories, Model, Parameters, p_alive, p_no_purchase
from tests.built import CHURN_FITS, SUNDAYS

HORIZONS = (28, 90)
COLUMNS = ("p_alive", *(f"p_no_purchase_{horizon}d" for horizon in HORIZONS))


@pytest.fixture
def warehouse(chain):
    with chain.open() as connection:
        yield connection


@pytest.mark.parametrize("fitted_on", CHURN_FITS)
def test_sql_equals_core_for_every_member(warehouse, fitted_on):
    for group, (r, alpha, a, b) in {
        group: (at.r, at.alpha, at.a, at.b) for group, at in CHURN_FITS[fitted_on].items()
    }.items():
        rows = warehouse.execute(
            f"select repeats, last_days, age_days, {', '.join(COLUMNS)} from marts.member_churn_probability "
            "where fitted_on = ? and fitted_group = ?",
            [fitted_on, group],
        ).fetchall()
        assert len(rows) > 100
        columns = np.array(rows, dtype=float).T
        histories, at = Histories.of(*columns[:3]), Parameters(r, alpha, a, b)
        expected = [
            p_alive(Model.MBG_NBD, at, histories),
            *(p_no_purchase(Model.MBG_NBD, at, histories, horizon) for horizon in HORIZONS),
        ]
        # SQL rounds to six decimals.
        assert np.abs(columns[3:] - np.array(expected)).max() <= 1e-6


def test_histories_are_those_of_the_orders(warehouse):
    counted = warehouse.execute(
        """
        with days as (
            select distinct orders.member_key, chances.as_of_date, orders.ordered_on
            from marts.fct_order as orders
            inner join (select distinct as_of_date from marts.member_churn_probability) as chances
                on orders.ordered_on <= chances.as_of_date
            where orders.is_purchase and orders.member_key is not null
        )
        select member_key, as_of_date, count(*) - 1,
            date_diff('day', min(ordered_on), max(ordered_on)), date_diff('day', min(ordered_on), as_of_date)
        from days group by member_key, as_of_date
        """
    ).fetchall()
    scored = warehouse.execute(
        "select member_key, as_of_date, repeats, last_days, age_days from marts.member_churn_probability"
    ).fetchall()
    assert len(scored) > 1000
    assert set(scored) == set(counted)


def test_no_date_is_scored_by_a_fit_that_saw_what_came_later(warehouse):
    used = dict(
        warehouse.execute(
            "select distinct as_of_date, fitted_on from marts.member_churn_probability"
        ).fetchall()
    )
    first, second = CHURN_FITS
    assert used == {day: second if day >= second else first for day in SUNDAYS if day >= first}


def test_who_is_away_longer_is_less_likely_to_come_back(warehouse):
    quick, slow = warehouse.execute(
        f"select avg({COLUMNS[1]}) filter (last_days = age_days), "
        f"avg({COLUMNS[1]}) filter (age_days - last_days > 90) from marts.member_churn_probability"
    ).fetchone()
    assert Decimal(0) < quick < slow <= 1
