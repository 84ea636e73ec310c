"""Expected purchases: published numbers, and the same by adding up small steps of time."""

import numpy as np
import pytest
from scipy.integrate import quad

from orchestration.core.purchase_forecast import came_share, expected_purchases
from orchestration.core.purchase_models import Histories, Model, Parameters, p_alive

CDNOW = Parameters(0.243, 4.414, 0.793, 2.426)


def test_the_published_member_of_cdnow_is_expected_to_buy_one_and_a_quarter_times():
    """Fader, Hardie, Lee 2005, section 4: x = 2, tx = 30.43, T = 38.86 weeks, the next 39 weeks: 1.226."""
    found = expected_purchases(Model.BG_NBD, CDNOW, Histories.of([2], [30.43], [38.86]), 39)
    assert found == pytest.approx([1.226], abs=0.0005)


@pytest.mark.parametrize("model", Model)
@pytest.mark.parametrize(("repeats", "last", "age"), [(1, 10.0, 12.0), (4, 100.0, 300.0), (30, 290.0, 300.0)])
def test_it_is_what_the_rate_of_purchases_adds_up_to(model, repeats, last, age):
    """Who is here buys at time s at the rate E[l exp(-l p s)], over the posteriors of rate and leaving."""
    at = Parameters(0.9, 20.0, 0.4, 3.0)
    histories = Histories.of([repeats], [last], [age])
    stays, shape, rate = at.b + repeats + (model is Model.MBG_NBD), at.r + repeats, at.alpha + age
    beta = np.random.default_rng(7).beta(at.a, stays, 400_000)

    def buying(day):
        return shape / rate * np.mean((1 + beta * day / rate) ** (-shape - 1))

    summed = quad(buying, 0, 180, limit=20)[0] * p_alive(model, at, histories)[0]
    assert expected_purchases(model, at, histories, 180)[0] == pytest.approx(summed, rel=0.01)


def test_a_longer_horizon_expects_more_and_nobody_less_than_nothing():
    histories = Histories.of([0, 0, 3, 50], [0, 0, 80, 700], [0, 700, 400, 710])
    by_horizon = [expected_purchases(Model.MBG_NBD, CDNOW, histories, days) for days in (0, 1, 90, 365)]
    assert by_horizon[0] == pytest.approx(np.zeros(4), abs=1e-12)
    assert (np.diff(by_horizon, axis=0) > 0).all()


def test_a_share_that_chance_explains_is_little_and_a_sure_one_is_whole():
    dice = np.random.default_rng(2)
    expected = np.full(4000, 10.0)
    sure = came_share(10 * dice.gamma(0.8 * 50, 1 / 50, 4000), expected)
    assert sure == pytest.approx(0.8, abs=0.005)
    few = np.full(20, 10.0)
    came = 8 * dice.exponential(size=20)
    raw = came.sum() / few.sum()
    assert abs(came_share(came, few) - 1) < abs(raw - 1)


def test_where_nothing_was_expected_or_just_that_came_the_share_is_1():
    assert came_share(np.zeros(3), np.zeros(3)) == 1.0
    assert came_share(np.full(3, 2.0), np.full(3, 2.0)) == 1.0
