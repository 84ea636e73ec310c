"""Margin after cost and return on cost."""

import dataclasses
import math

import numpy as np
import pytest

from orchestration.core.experiments.comparison import Lack, NotEnough, compare
from orchestration.core.experiments.money import NoReturn, money
from tests.core.experiments.members import arm_of, only, spenders

WIDTH = 1.959963984540054


def campaign(seed=1, uplift=1.5, contact=0.3, coupon=0.8):
    rng = np.random.default_rng(seed)
    control, treatment = spenders(rng, 3000), spenders(rng, 5000, uplift)
    control["d"] = np.zeros(3000)
    treatment["d"] = contact + coupon * (rng.random(5000) < 0.25)
    return control, treatment


def of(columns, letters="ydx"):
    control, treatment = columns
    return money(arm_of("c", **only(control, letters)), arm_of("t", **only(treatment, letters)), WIDTH)


@pytest.mark.parametrize("letters", ["yd", "ydx"])
def test_margin_after_cost_is_margin_less_cost_of_the_same_members(letters):
    control, treatment = campaign()
    found = of((control, treatment), letters)
    netted = [
        {"y": arm["y"] - arm["d"]} | ({"x": arm["x"]} if "x" in letters else {})
        for arm in (control, treatment)
    ]
    expected = compare(arm_of("c", **netted[0]), arm_of("t", **netted[1]))
    assert found.net.effect == pytest.approx(expected.effect, rel=1e-9)
    assert found.net.standard_error == pytest.approx(expected.standard_error, rel=1e-9)
    assert found.incremental_total == pytest.approx(found.net.effect * 5000)
    assert found.incremental_total_interval.lower == pytest.approx(found.net_interval.lower * 5000)


@pytest.mark.parametrize("letters", ["yd", "ydx"])
def test_the_return_is_what_is_left_per_unit_of_cost(letters):
    found = of(campaign(), letters)
    assert found.roi == pytest.approx(found.net.effect / found.incremental_cost, rel=1e-9)
    assert found.incremental_cost_total == pytest.approx(found.incremental_cost * 5000)
    assert found.roi_interval.lower < found.roi < found.roi_interval.upper
    assert found.no_return is None


@pytest.mark.parametrize("letters", ["yd", "ydx"])
def test_at_the_bounds_of_the_return_the_rest_just_differs_from_nothing(letters):
    # Fieller turned round: with costs counted 1 + roi times, the net effect is WIDTH errors from 0.
    found = of(campaign(), letters)
    for bound, sign in ((found.roi_interval.lower, 1), (found.roi_interval.upper, -1)):
        arms = [{**arm, "d": arm["d"] * (1 + bound)} for arm in campaign()]
        assert of(arms, letters).net.z == pytest.approx(sign * WIDTH, rel=1e-6)


def test_a_cost_that_is_the_same_for_all_scales_the_interval_of_the_margin():
    control, treatment = campaign(contact=0.5, coupon=0.0)
    found = of((control, treatment), "yd")
    margin = compare(arm_of("c", y=control["y"]), arm_of("t", y=treatment["y"])).interval(WIDTH)
    assert (found.roi_interval.lower, found.roi_interval.upper) == pytest.approx(
        (margin.lower / 0.5 - 1, margin.upper / 0.5 - 1), rel=1e-9
    )


def test_without_cost_there_is_money_but_no_return():
    found = of(campaign(contact=0.0, coupon=0.0))
    assert (found.roi, found.roi_interval, found.no_return) == (None, None, NoReturn.NO_COST)
    assert math.isfinite(found.incremental_total)


def test_an_arm_that_costs_no_more_than_the_control_has_no_return():
    control, treatment = campaign(contact=0.1, coupon=0.0)
    control["d"] = np.full(3000, 0.1)
    assert of((control, treatment)).no_return is NoReturn.NO_COST
    control["d"] = np.full(3000, 0.7)
    assert of((control, treatment)).no_return is NoReturn.NO_COST


def test_a_cost_lost_in_its_own_noise_has_a_return_without_bounds():
    control, treatment = campaign()
    control["d"] = np.random.default_rng(2).gamma(0.01, 90, 3000)
    treatment["d"] = np.random.default_rng(1).gamma(0.01, 100, 5000)
    control["d"] *= 0.99 * treatment["d"].mean() / control["d"].mean()
    found = of((control, treatment), "yd")
    assert found.roi is not None
    assert (found.roi_interval, found.no_return) == (None, NoReturn.COST_NOT_CLEAR)


def test_an_arm_without_members_has_no_money():
    control, _ = campaign()
    found = money(arm_of("c", **only(control, "yd")), arm_of("t", y=[], d=[]), WIDTH)
    assert isinstance(found, NotEnough)
    assert found.lack is Lack.NO_MEMBERS


def test_another_currency_changes_the_money_and_not_the_return():
    plain = of(campaign())
    cents = of([{letter: arm[letter] * 100 for letter in "ydx"} for arm in campaign()])
    assert cents.incremental_total == pytest.approx(plain.incremental_total * 100)
    assert dataclasses.astuple(cents.roi_interval) == pytest.approx(dataclasses.astuple(plain.roi_interval))
    assert cents.roi == pytest.approx(plain.roi)
