"""Sizes of arms against their shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from orchestration.core.errors import InputFault
from orchestration.core.experiments.sample_ratio import Ratio, check

HALVES = {"control": 0.5, "coupon": 0.5}


def checked(members, shares=None):
    return check(members, shares or HALVES, stop_below=0.001, warn_below=0.01)


def test_the_published_mismatch_has_the_published_p_value():
    # Kohavi, Tang, Xu [2020, Trustworthy Online Controlled Experiments], chapter 3: 1.8E-6.
    found = checked({"control": 821_588, "coupon": 815_482})
    assert found.p_value == pytest.approx(1.8e-6, rel=0.03)
    assert found.ratio is Ratio.STOP


@pytest.mark.parametrize(
    ("control", "ratio"),
    [(5000, Ratio.FINE), (5128, Ratio.FINE), (5129, Ratio.WARN), (5164, Ratio.WARN), (5165, Ratio.STOP)],
)
def test_it_warns_below_one_in_a_hundred_and_stops_below_one_in_a_thousand(control, ratio):
    assert checked({"control": control, "coupon": 10_000 - control}).ratio is ratio


def test_any_number_of_arms_is_compared_with_unequal_shares():
    shares = {"control": 0.1, "gift": 0.45, "coupon": 0.45}
    found = checked({"control": 100, "gift": 450, "coupon": 450}, shares)
    assert (found.p_value, found.ratio, found.expected["control"]) == (1, Ratio.FINE, pytest.approx(100))
    assert checked({"control": 450, "gift": 450, "coupon": 100}, shares).ratio is Ratio.STOP


def test_an_arm_nobody_is_in_counts_as_empty():
    assert checked({"control": 1000}).ratio is Ratio.STOP
    assert checked({"control": 1000}).members == {"control": 1000, "coupon": 0}


@pytest.mark.parametrize("members", [{}, {"control": 4, "coupon": 5}])
def test_a_handful_says_nothing(members):
    assert checked(members).ratio is Ratio.NOT_ENOUGH
    assert checked(members).p_value is None


def test_ten_members_are_enough():
    assert checked({"control": 5, "coupon": 5}).ratio is Ratio.FINE


@pytest.mark.parametrize("shares", [{}, {"a": 0.5, "b": 0.6}, {"a": 1.0, "b": 0.0}, {"a": 1.5, "b": -0.5}])
def test_shares_that_are_none_are_refused(shares):
    with pytest.raises(InputFault, match="together they are 1"):
        check({"a": 1}, shares, stop_below=0.001, warn_below=0.01)


def test_members_of_an_undeclared_arm_are_refused():
    with pytest.raises(InputFault, match="without a share: gift"):
        checked({"control": 10, "gift": 10})


def test_fair_assignments_stop_about_once_in_a_thousand():
    stopped = binom.ppf([0.0005, 0.9995], 10_000, 0.5)
    assert [
        checked({"control": int(n), "coupon": 10_000 - int(n)}).p_value for n in stopped
    ] == pytest.approx([0.001, 0.001], abs=1e-4)


@given(st.permutations([("a", 0.2, 230), ("b", 0.3, 290), ("c", 0.5, 480)]))
def test_the_order_of_arms_does_not_matter(arms):
    found = checked({arm: count for arm, _, count in arms}, {arm: share for arm, share, _ in arms})
    # 30^2/200 + 10^2/300 + 20^2/500 = 5.6333 with two degrees of freedom: exp(-5.6333 / 2).
    assert found.p_value == pytest.approx(0.05980, abs=5e-5)
