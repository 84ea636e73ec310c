"""Rates of two arms: the score test and its interval against likelihoods, counts and exact chances."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom, fisher_exact, norm
from statsmodels.stats.proportion import test_proportions_2indep as compared_by_statsmodels

from orchestration.core.experiments.arm_statistics import ArmStatistics, StatisticsImpossible
from orchestration.core.experiments.comparison import compare, single_width
from orchestration.core.experiments.rates import Rates
from tests.core.experiments.members import arm_of

SINGLE = single_width(0.05)
LEAST = 50


def rates(events, members, control_events, control_members):
    return Rates(
        events, members, control_events, control_members, events / members - control_events / control_members
    )


def p_value(found):
    return 2 * norm.sf(abs(found.z()))


def test_three_of_fifty_against_nobody_of_two_hundred_are_a_finding_as_sure_as_the_exact_one():
    assert p_value(rates(0, 200, 3, 50)) == pytest.approx(0.0084, abs=0.0001)
    assert fisher_exact([[0, 200], [3, 47]]).pvalue == pytest.approx(0.0076, abs=0.0001)


@st.composite
def counts(draw, least=1):
    members, control = draw(st.integers(least, 400)), draw(st.integers(least, 400))
    return draw(st.integers(0, members)), members, draw(st.integers(0, control)), control


def test_nobody_of_fifty_against_eight_of_two_hundred_is_no_finding():
    found = rates(8, 200, 0, 50)
    assert p_value(found) == pytest.approx(0.126, abs=0.001)
    assert fisher_exact([[8, 192], [0, 50]]).pvalue == pytest.approx(0.36, abs=0.005)
    assert found.bounds(SINGLE)[0] < 0 < found.bounds(SINGLE)[1]


def test_one_of_fifty_against_nobody_of_two_hundred_is_no_finding():
    assert p_value(rates(0, 200, 1, 50)) == pytest.approx(0.108, abs=0.001)


@given(counts(), st.floats(-0.95, 0.95))
@settings(max_examples=60)
def test_the_two_rates_of_a_hypothesis_are_the_likeliest_that_differ_by_it(found, difference):
    events, members, control_events, control_members = found
    rate, control_rate = rates(*found)._most_likely(difference)
    assert rate - control_rate == pytest.approx(difference, abs=1e-9)

    def unlikely(rate):
        pairs = ((events, members, rate), (control_events, control_members, rate - difference))
        with np.errstate(divide="ignore", invalid="ignore"):
            return -sum(
                happened * np.log(chance) * (happened > 0) if happened == of else
                (happened * np.log(chance) if happened else 0) + (of - happened) * np.log1p(-chance)
                for happened, of, chance in pairs
            )  # fmt: skip

    best = minimize_scalar(
        unlikely,
        bounds=(max(0, difference) + 1e-9, min(1, 1 + difference) - 1e-9),
        method="bounded",
        options={"xatol": 1e-12},
    )
    inside = min(max(rate, max(0, difference) + 1e-9), min(1, 1 + difference) - 1e-9)
    assert unlikely(inside) <= best.fun + 1e-6 * (1 + abs(best.fun))


@pytest.mark.parametrize("found", [(10, 100, 20, 100), (3, 60, 9, 60), (1, 50, 1, 50), (170, 200, 199, 200)])
def test_of_equal_arms_the_statistic_is_the_published_one(found):
    expected = compared_by_statsmodels(*found, method="score", compare="diff", correction=True)
    assert rates(*found).z() == pytest.approx(expected.statistic, rel=1e-9)


@given(counts(least=20), st.sampled_from([SINGLE, 3.04, 4.1]))
@settings(max_examples=60)
def test_a_hypothesis_is_outside_the_interval_exactly_when_it_is_rejected(found, width):
    one = rates(*found)
    lower, upper = one.bounds(width)
    assert -1 <= lower <= one.effect <= upper <= 1
    for bound, side in ((lower, -1), (upper, 1)):
        if abs(bound) < 1:
            assert abs(one.z(bound)) == pytest.approx(width, rel=1e-6)
            assert abs(one.z(bound + side * 1e-6)) >= width - 1e-6
    assert (abs(one.z()) > width) == (not lower <= 0 <= upper)


@given(counts(least=20))
@settings(max_examples=60)
def test_swapped_arms_and_counted_others_change_the_sign_alone(found):
    events, members, control_events, control_members = found
    one = rates(*found)
    swapped = rates(control_events, control_members, events, members)
    others = rates(members - events, members, control_members - control_events, control_members)
    for other in (swapped, others):
        assert other.z() == pytest.approx(-one.z(), rel=1e-9, abs=1e-9)
        assert other.bounds(SINGLE) == pytest.approx([-bound for bound in one.bounds(SINGLE)[::-1]], abs=1e-7)


@pytest.mark.parametrize(("members", "control"), [(50, 50), (200, 50), (50, 200)])
def test_nobody_in_either_arm_leaves_as_much_open_as_so_few_can(members, control):
    lower, upper = rates(0, members, 0, control).bounds(SINGLE)
    assert lower < -1 / (2 * control)
    assert upper > 1 / (2 * members)
    assert rates(0, members, 0, control).z() == 0


def test_each_event_more_moves_both_bounds_up():
    bounds = [rates(events, 200, 1, 50).bounds(SINGLE) for events in range(0, 60)]
    assert all(one[side] < other[side] for one, other in pairwise(bounds) for side in (0, 1))


def false_positives(members, control, chance, test):
    """Exact chance that equal rates are called different."""
    events, control_events = np.arange(members + 1), np.arange(control + 1)
    likely = np.outer(binom.pmf(events, members, chance), binom.pmf(control_events, control, chance))
    return sum(
        likely[one, other]
        for one in events
        for other in control_events
        if likely[one, other] > 1e-9 and test(int(one), members, int(other), control)
    )


def called_different(*found):
    return abs(rates(*found).z()) > SINGLE


def called_different_by_wald(events, members, control_events, control_members):
    rate, control_rate = events / members, control_events / control_members
    error = math.sqrt(rate * (1 - rate) / members + control_rate * (1 - control_rate) / control_members)
    return bool(error) and abs(rate - control_rate) > SINGLE * error


# The table of docs/experiments.md: chance, by the test before, by this one.
@pytest.mark.parametrize(
    ("members", "control", "chance", "wald", "score"),
    [
        (200, 50, 0.005, 0.015, 0.010),
        (200, 50, 0.02, 0.209, 0.018),
        (200, 50, 0.05, 0.099, 0.038),
        (200, 50, 0.10, 0.074, 0.049),
        (400, 100, 0.02, 0.135, 0.029),
        (800, 200, 0.02, 0.079, 0.045),
        (1140, 60, 0.02, 0.299, 0.023),
        (1140, 60, 0.10, 0.076, 0.046),
        (200, 200, 0.02, 0.045, 0.045),
    ],
)
def test_equal_rates_are_called_different_at_most_as_often_as_declared(members, control, chance, wald, score):
    found = false_positives(members, control, chance, called_different)
    assert found == pytest.approx(score, abs=0.0006)
    assert found < 0.05
    assert false_positives(members, control, chance, called_different_by_wald) == pytest.approx(
        wald, abs=0.0006
    )


def test_simulated_experiments_at_two_percent_and_fifty_against_two_hundred_find_nothing():
    rng = np.random.default_rng(53)
    drawn = np.stack([rng.binomial(200, 0.02, 4000), rng.binomial(50, 0.02, 4000)], axis=1)
    found, naive = (
        np.mean([test(int(events), 200, int(control), 50) for events, control in drawn])
        for test in (called_different, called_different_by_wald)
    )
    assert found < 0.05 < 0.15 < naive


@pytest.mark.parametrize(("rate", "control_rate"), [(0.02, 0.02), (0.08, 0.05), (0.30, 0.20), (0.01, 0.05)])
def test_intervals_hold_the_true_difference_as_often_as_they_say(rate, control_rate):
    rng = np.random.default_rng(54)
    missed = {"below": 0, "above": 0}
    for _ in range(1500):
        found = rates(int(rng.binomial(400, rate)), 400, int(rng.binomial(100, control_rate)), 100)
        lower, upper = found.bounds(SINGLE)
        missed["below"] += upper < rate - control_rate
        missed["above"] += lower > rate - control_rate
    assert all(count <= binom.ppf(0.999, 1500, 0.025) for count in missed.values())


def test_the_pre_period_makes_a_rate_clearer_and_keeps_its_effect():
    rng = np.random.default_rng(55)
    arms = []
    for name, members, lift in (("control", 300, 0.0), ("treated", 900, 0.05)):
        liking = rng.choice([0.05, 0.9], members)
        before = (rng.random(members) < liking).astype(float)
        arms.append(arm_of(name, y=(rng.random(members) < liking * 0.8 + lift).astype(float), x=before))
    plain, adjusted = (compare(*arms, with_pre_period=with_past, is_rate=True) for with_past in (False, True))
    means = compare(*arms)
    assert adjusted.effect == means.effect
    assert adjusted.rates.unexplained == 1 - means.variance_reduction < 0.95
    assert adjusted.standard_error < plain.standard_error
    lower, upper = adjusted.interval(SINGLE).lower, adjusted.interval(SINGLE).upper
    wider = plain.interval(SINGLE)
    assert upper - lower < wider.upper - wider.lower
    # Where there is much to count, counting and normal means agree.
    assert (lower, upper) == pytest.approx(
        (means.interval(SINGLE).lower, means.interval(SINGLE).upper), abs=0.004
    )


def test_an_arm_in_which_nobody_did_it_is_compared_and_not_left_out():
    found = compare(ArmStatistics("c", LEAST, 0, 0), ArmStatistics("t", LEAST, 0, 0), is_rate=True)
    assert (found.effect, found.z, found.p_value, found.relative_effect) == (0, 0, 1, None)
    assert found.interval(SINGLE).upper > 0.05
    assert found.smallest_effect(SINGLE, 0.8) > found.interval(SINGLE).upper


@pytest.mark.parametrize(
    "sums", [{"sum_y": 3, "sum_yy": 5}, {"sum_y": 2.5, "sum_yy": 2.5}, {"sum_y": 60, "sum_yy": 72}]
)
def test_members_who_are_not_zero_or_one_are_no_rate(sums):
    with pytest.raises(StatisticsImpossible, match="0 or 1"):
        compare(ArmStatistics("c", LEAST, 4, 4), ArmStatistics("t", LEAST, **sums), is_rate=True)
