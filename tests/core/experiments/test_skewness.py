"""Skewed members in unequal arms: the cubics undo each other, and each tail misses as often as the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, skew

from orchestration.core.experiments import skewness
from orchestration.core.experiments.comparison import compare, single_width
from tests.core.experiments.members import arm_of

SINGLE = single_width(0.05)
RUNS = 600
bends = st.floats(-3, 3)
places = st.floats(-6, 6)


def cubes(**columns):
    """Sums of products of three, as SQL makes them of members without cost."""
    y, x = columns["y"], columns.get("x")
    if x is None:
        return {"sum_nnn": float((y**3).sum())}
    products = {"nnn": y**3, "nnx": y * y * x, "nxx": y * x * x, "xxx": x**3}
    return {f"sum_{letters}": float(product.sum()) for letters, product in products.items()}


def arm_with_cubes(name, **columns):
    sums = arm_of(name, **columns)
    return type(sums)(**{**sums.__dict__, **cubes(**columns)})


@given(places, bends)
def test_the_cubic_of_t_is_undone_by_its_inverse(z, bend):
    assert skewness.normal_of_t(skewness.t_of_normal(z, bend), bend) == pytest.approx(z, abs=1e-6)


@given(places, places, bends)
def test_more_is_never_less_however_skewed(one, other, bend):
    low, high = sorted((one, other))
    for transformed in (skewness.normal_of_t, skewness.normal_of_score):
        assert transformed(low, bend) <= transformed(high, bend) + 1e-9


@pytest.mark.parametrize(
    "transformed", [skewness.normal_of_t, skewness.normal_of_score, skewness.t_of_normal]
)
def test_without_skewness_nothing_is_bent(transformed):
    assert transformed(1.7, 0.0) == 1.7
    assert transformed(1.7, 1e-8) == pytest.approx(1.7, abs=1e-6)


def test_equal_arms_have_no_skewness_and_a_small_control_has_it_the_other_way():
    assert skewness.of_difference(4.0, 300, 300) == 0
    of_a_lone_mean = -4.0 / np.sqrt(60)
    assert skewness.of_difference(4.0, 10**9, 60) == pytest.approx(of_a_lone_mean)
    assert of_a_lone_mean < skewness.of_difference(4.0, 1140, 60) < 0
    assert skewness.of_difference(4.0, 60, 1140) == -skewness.of_difference(4.0, 1140, 60)


@pytest.mark.parametrize("slope", [0.0, 0.7, -2.0])
def test_the_third_moment_is_that_of_the_members_less_what_their_past_explains(slope):
    rng = np.random.default_rng(56)
    x = rng.gamma(1.0, 30.0, 500)
    y = 0.6 * x + rng.gamma(0.5, 40.0, 500)
    left = y - slope * x
    expected = np.mean((left - left.mean()) ** 3)
    assert arm_with_cubes("c", y=y, x=x).third_moment(slope) == pytest.approx(expected, rel=1e-9)


def test_without_sums_of_three_nothing_is_taken_out():
    rng = np.random.default_rng(57)
    arms = [rng.gamma(0.3, 10.0, members) for members in (60, 900)]
    plain = compare(*(arm_of(name, y=y) for name, y in zip("ct", arms, strict=True)))
    assert (plain.skewness, plain.z) == (0, plain.effect / plain.standard_error)
    bent = compare(*(arm_with_cubes(name, y=y) for name, y in zip("ct", arms, strict=True)))
    assert (bent.effect, bent.standard_error) == (plain.effect, plain.standard_error)
    assert bent.skewness < -0.1
    both = np.concatenate([y - y.mean() for y in arms])
    assert bent.skewness == pytest.approx(skewness.of_difference(skew(both), 900, 60), rel=0.01)


@given(st.floats(-40, 40), st.sampled_from([SINGLE, 2.5, 4.0]))
def test_the_p_value_and_the_interval_never_contradict_each_other(shift, width):
    rng = np.random.default_rng(58)
    arms = [rng.gamma(0.3, 100.0, members) for members in (60, 400)]
    found = compare(arm_with_cubes("c", y=arms[0]), arm_with_cubes("t", y=arms[1] + shift))
    interval = found.interval(width)
    assert (abs(found.z) > width) == (not interval.lower <= 0 <= interval.upper)
    assert interval.lower < found.effect < interval.upper


def spends(rng, kind, shape):
    """Skewed spend and its past: many orders, few orders, a buyer in seven."""
    if kind == "gamma":
        liking = rng.gamma(2.0, 1.0, shape)
        return rng.poisson(liking) * rng.gamma(4.0, 0.9, shape), rng.poisson(liking) * rng.gamma(
            4.0, 0.9, shape
        )
    if kind == "products":
        liking = rng.standard_exponential(shape)
        return liking * rng.standard_exponential(shape), liking * rng.standard_exponential(shape)
    return (rng.random(shape) < 0.15) * rng.lognormal(0, 1, shape), np.zeros(shape)


# Chance that the interval lies wholly above and wholly below the truth: docs/experiments.md.
@pytest.mark.parametrize(
    ("kind", "control", "members"), [("gamma", 60, 1140), ("products", 50, 200), ("buyers", 400, 1600)]
)
def test_both_tails_of_a_small_skewed_control_miss_about_equally_often(kind, control, members):
    rng = np.random.default_rng(59)
    missed = {name: np.zeros(2) for name in ("bent", "straight")}
    for _ in range(RUNS):
        (c, before_c), (t, before_t) = (spends(rng, kind, each) for each in (control, members))
        past = ({}, {}) if kind == "buyers" else ({"x": before_c}, {"x": before_t})
        found = compare(arm_with_cubes("c", y=c, **past[0]), arm_with_cubes("t", y=t, **past[1]))
        bent = found.interval(SINGLE)
        reach = SINGLE * found.standard_error
        missed["bent"] += bent.lower > 0, bent.upper < 0
        missed["straight"] += found.effect > reach, found.effect < -reach
    above, below = missed["bent"] / RUNS
    assert above + below < binom.ppf(0.999, RUNS, 0.05) / RUNS
    assert abs(above - below) < abs(np.subtract(*missed["straight"])) / RUNS
