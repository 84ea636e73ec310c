"""Comparisons of arms: equal to tea-tasting on members and to statsmodels, and sensible at every edge."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
import tea_tasting as tt
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from orchestration.core.experiments.arm_statistics import ArmStatistics, StatisticsImpossible
from orchestration.core.experiments.comparison import (
    Comparison,
    Lack,
    NotEnough,
    Scale,
    compare,
    compare_all,
    single_width,
)
from tests.core.experiments.members import arm_of, exact_arm_of, only, spenders

CLOSE = {"rel": 1e-9, "abs": 1e-12}
METRICS = {
    "y": tt.Mean("y", use_t=False),
    "yx": tt.Mean("y", "x", use_t=False),
    "dy": tt.RatioOfMeans("y", "d", use_t=False),
    "dxy": tt.RatioOfMeans("y", "d", "x", use_t=False),
    "dwxy": tt.RatioOfMeans("y", "d", "x", "w", use_t=False),
}


@pytest.fixture(scope="module")
def arms():
    rng = np.random.default_rng(7)
    return spenders(rng, 900), spenders(rng, 1400, uplift=0.8)


def compared(arms, letters, **options):
    control, treatment = (arm_of(name, **only(arm, letters)) for name, arm in zip("ct", arms, strict=True))
    return compare(control, treatment, **options)


@pytest.mark.parametrize("letters", METRICS)
def test_sums_give_what_tea_tasting_makes_of_the_members(arms, letters):
    columns = {name: np.concatenate([arm[name] for arm in arms]) for name in "yxdw"}
    columns["variant"] = np.repeat([0, 1], [len(arm["y"]) for arm in arms])
    expected = tt.Experiment(metric=METRICS[letters]).analyze(pa.table(columns))["metric"]
    found = compared(arms, letters)
    interval = found.interval(single_width(0.05))
    relative = found.relative_interval(single_width(0.05))
    assert (
        found.control_mean,
        found.mean,
        found.effect,
        interval.lower,
        interval.upper,
        found.relative_effect,
        relative.lower,
        relative.upper,
        found.p_value,
        found.z,
    ) == pytest.approx(tuple(expected), **CLOSE)
    assert found.is_adjusted == ("x" in letters)


def from_statsmodels(control, treatment):
    means = CompareMeans(DescrStatsW(treatment), DescrStatsW(control))
    z, p_value = means.ztest_ind(usevar="unequal")
    return (*means.zconfint_diff(alpha=0.1, usevar="unequal"), z, p_value)


def as_read(found):
    interval = found.interval(single_width(0.1))
    return (interval.lower, interval.upper, found.z, found.p_value)


def test_a_mean_equals_statsmodels(arms):
    control, treatment = (arm["y"] for arm in arms)
    assert as_read(compared(arms, "y")) == pytest.approx(from_statsmodels(control, treatment), **CLOSE)


def test_an_adjusted_mean_equals_statsmodels_on_adjusted_members(arms):
    y, x = (np.concatenate([arm[letter] for arm in arms]) for letter in "yx")
    slope = np.cov(y, x)[0, 1] / np.var(x, ddof=1)
    adjusted = [arm["y"] - slope * (arm["x"] - x.mean()) for arm in arms]
    found = compared(arms, "yx")
    assert as_read(found) == pytest.approx(from_statsmodels(*adjusted), **CLOSE)
    plain = compared(arms, "y")
    assert found.variance_reduction == pytest.approx(
        1 - found.standard_error**2 / plain.standard_error**2, **CLOSE
    )
    assert found.variance_reduction > 0.1


def test_a_ratio_equals_statsmodels_on_linearised_members(arms):
    linear = []
    for arm in arms:
        ratio = arm["y"].sum() / arm["d"].sum()
        linear.append(ratio + (arm["y"] - ratio * arm["d"]) / arm["d"].mean())
    assert as_read(compared(arms, "dy")) == pytest.approx(from_statsmodels(*linear), **CLOSE)


def test_the_pre_period_can_be_left_out(arms):
    assert compared(arms, "yx", with_pre_period=False) == compared(arms, "y")


def test_the_p_value_says_that_it_is_about_the_difference(arms):
    assert compared(arms, "y").p_value_scale is Scale.ABSOLUTE


def test_exact_sums_stay_exact_where_floats_would_drown():
    small = [Decimal("0.01"), Decimal("0.03"), Decimal("0.02")]
    more = [Decimal("0.02"), Decimal("0.05"), Decimal("0.03")]
    large = Decimal(10) ** 9
    expected = compare(exact_arm_of("c", y=small), exact_arm_of("t", y=more))
    found = compare(
        exact_arm_of("c", y=[large + cents for cents in small]),
        exact_arm_of("t", y=[large + cents for cents in more]),
    )
    assert found.standard_error == pytest.approx(expected.standard_error, rel=1e-12)
    assert found.effect == pytest.approx(expected.effect, rel=1e-4)  # 1e9 keeps 7 digits after the point


@pytest.mark.parametrize(
    ("control", "treatment", "lack"),
    [
        ([], [1.0, 2.0], Lack.NO_MEMBERS),
        ([1.0, 2.0], [], Lack.NO_MEMBERS),
        ([1.0], [1.0, 2.0], Lack.ONE_MEMBER),
        ([1.0, 1.0], [2.0, 2.0], Lack.NO_VARIANCE),
        ([0.1] * 7, [0.1] * 11, Lack.NO_VARIANCE),
        ([0.0, 0.0], [0.0, 0.0], Lack.NO_VARIANCE),
    ],
)
def test_too_little_is_said_and_is_no_number(control, treatment, lack):
    found = compare(arm_of("c", y=control), arm_of("t", y=treatment))
    assert (found.lack, found.control_members, found.members) == (lack, len(control), len(treatment))


def test_an_arm_without_members_may_leave_every_sum_empty():
    assert compare(ArmStatistics("c", 0), arm_of("t", y=[1, 2])).lack is Lack.NO_MEMBERS


def test_members_alike_within_their_arms_still_have_a_difference():
    assert compare(arm_of("c", y=[1, 1]), arm_of("t", y=[4, 4])).effect == 3


def test_one_constant_arm_is_enough_variance_from_the_other():
    found = compare(arm_of("c", y=[0.0] * 50), arm_of("t", y=[0.0, 1.0] * 25))
    assert (found.effect, found.relative_effect) == (0.5, None)


def test_a_denominator_of_nothing_is_said():
    with_orders = arm_of("t", y=[1.0, 3.0], d=[1.0, 2.0])
    without = arm_of("c", y=[0.0, 0.0], d=[0.0, 0.0])
    assert compare(without, with_orders).lack is Lack.NO_DENOMINATOR


def test_the_same_ratio_for_every_member_has_no_variance():
    control, treatment = (
        {"y": np.array(d) * 3.7, "d": np.array(d)} for d in ([0.1, 0.2, 0.7], [0.3, 0.2, 0.9])
    )
    assert compare(arm_of("c", **control), arm_of("t", **treatment)).lack is Lack.NO_VARIANCE


def test_a_past_that_explains_nothing_or_everything_does_no_harm(arms):
    constant = [{"y": arm["y"], "x": np.ones_like(arm["y"])} for arm in arms]
    assert compared(constant, "yx").effect == pytest.approx(compared(arms, "y").effect, rel=1e-12)
    same = [{"y": arm["y"], "x": arm["y"]} for arm in arms]
    assert compared(same, "yx") == compared(arms, "y")


def test_a_past_without_orders_is_left_out_of_a_ratio(arms):
    silent = [{**arm, "w": np.zeros_like(arm["w"])} for arm in arms]
    assert compared(silent, "dwxy") == compared(arms, "dy")


@pytest.mark.parametrize("level", [0.0, -4.0])
def test_losses_have_no_relative_effect(arms, level):
    control, treatment = ({"y": arm["y"] - arm["y"].mean() + level} for arm in arms)
    found = compare(arm_of("c", **control), arm_of("t", **treatment))
    assert (found.relative_effect, found.relative_interval(1.96)) == (None, None)
    assert np.isfinite([found.effect, found.standard_error, found.p_value]).all()


def test_a_control_lost_in_its_own_noise_has_no_relative_effect_and_no_error():
    found = compare(arm_of("c", y=[-3.0, 3.0, -3.0, 3.02]), arm_of("t", y=[1.0, 2.0, 3.0, 2.0]))
    assert (found.relative_effect, found.relative_interval(1.96)) == (None, None)


def test_a_relative_interval_may_be_endless_upwards():
    found = compare(arm_of("c", y=[0.0, 0.0, 0.0, 1.0]), arm_of("t", y=[1.0, 2.0, 3.0, 2.0]))
    assert found.relative_interval(1e6).upper == np.inf


@pytest.mark.parametrize(
    ("sums", "said"),
    [
        ({"sum_y": 30, "sum_yy": 10}, "squares of y"),
        ({"sum_y": 30, "sum_yy": None}, "sum_yy is None"),
        ({"sum_y": float("nan"), "sum_yy": 10}, "sum_y is nan"),
        ({"sum_y": 3, "sum_yy": 9, "sum_x": 3, "sum_xx": 9, "sum_xy": 1000}, "correlated by more than 1"),
        ({"sum_y": 3, "sum_yy": 9, "sum_x": 3, "sum_xx": 9}, "sum_xy is None"),
        ({"sum_y": 3, "sum_yy": 9, "sum_d": 9, "sum_dd": 90, "sum_dy": 3}, "denominator"),
    ],
)
def test_sums_no_members_can_have_are_refused(sums, said):
    other = arm_of("c", y=[1, 2, 3, 4, 5.5], x=[2, 1, 3, 5, 4])
    with pytest.raises(StatisticsImpossible, match=said):
        compare(other, ArmStatistics("t", 5, **sums))


values = st.lists(st.integers(-10_000, 10_000), min_size=2, max_size=12)
paired = st.lists(st.tuples(st.integers(-500, 500), st.integers(-500, 500)), min_size=3, max_size=12)


def of_pairs(name, pairs, unit=1):
    return exact_arm_of(
        name, y=[y * Decimal(unit) for y, _ in pairs], x=[x * Decimal(unit) for _, x in pairs]
    )


@given(paired, paired, st.sampled_from(["0.01", "7", "1000"]))
@settings(max_examples=60)
def test_another_unit_changes_the_effect_by_the_unit_and_nothing_else(control, treatment, unit):
    plain = compare(of_pairs("c", control), of_pairs("t", treatment))
    scaled = compare(of_pairs("c", control, unit), of_pairs("t", treatment, unit))
    assert type(plain) is type(scaled)
    if isinstance(plain, Comparison):
        factor = float(unit)
        assert scaled.effect == pytest.approx(plain.effect * factor, rel=1e-9, abs=1e-9)
        assert scaled.standard_error == pytest.approx(plain.standard_error * factor, rel=1e-7)
        assert scaled.p_value == pytest.approx(plain.p_value, rel=1e-6, abs=1e-9)
        assert scaled.is_adjusted == plain.is_adjusted


@given(paired, paired)
@settings(max_examples=60)
def test_swapped_arms_change_the_sign_and_nothing_else(control, treatment):
    forth = compare(of_pairs("c", control), of_pairs("t", treatment))
    back = compare(of_pairs("t", treatment), of_pairs("c", control))
    assert type(forth) is type(back)
    if isinstance(forth, Comparison):
        assert back.effect == pytest.approx(-forth.effect, rel=1e-9, abs=1e-9)
        assert back.standard_error == pytest.approx(forth.standard_error, rel=1e-9)
        assert back.p_value == pytest.approx(forth.p_value, rel=1e-9, abs=1e-12)
        # One of the two may have a mean too near to zero to be set against.
        if forth.relative_effect is not None and back.relative_effect is not None:
            assert (1 + forth.relative_effect) * (1 + back.relative_effect) == pytest.approx(1, rel=1e-9)


@given(values, st.lists(values, min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_order_of_arms_does_not_matter(control, treatments, random):
    arms = [exact_arm_of(str(number), y=arm) for number, arm in enumerate(treatments)]
    shuffled = random.sample(arms, len(arms))
    base = exact_arm_of("c", y=control)
    in_order = {found.arm: found for found in compare_all(base, arms)}
    assert {found.arm: found for found in compare_all(base, shuffled)} == in_order
    assert all(isinstance(found, Comparison | NotEnough) for found in in_order.values())


def test_net_is_the_metric_less_its_cost(arms):
    control, treatment = (
        {"y": np.round(arm["y"], 2), "d": np.round(arm["d"] / 4, 2), "x": np.round(arm["x"], 2)}
        for arm in arms
    )
    netted = compare(arm_of("c", **control).net(), arm_of("t", **treatment).net())
    by_hand = compare(
        *(arm_of(name, y=arm["y"] - arm["d"], x=arm["x"]) for name, arm in (("c", control), ("t", treatment)))
    )
    assert netted.effect == pytest.approx(by_hand.effect, rel=1e-9)
    assert netted.standard_error == pytest.approx(by_hand.standard_error, rel=1e-9)
    cents = exact_arm_of("c", y=[Decimal("3.10"), Decimal("2.00")], d=[Decimal("0.20"), Decimal("0.05")])
    assert (cents.net().sum_y, cents.net().sum_yy) == (Decimal("4.85"), Decimal("12.2125"))
