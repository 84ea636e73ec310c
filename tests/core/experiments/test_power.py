"""What a plan can find: equal to tea-tasting and statsmodels, and true in simulation."""

import dataclasses
import math

import numpy as np
import pytest
import tea_tasting as tt
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from statsmodels.stats.power import NormalIndPower

from orchestration.core.errors import InputFault
from orchestration.core.experiments import looks
from orchestration.core.experiments.power import Baseline, Plan, PlanImpossible, analyse_power
from tests.core.experiments.members import arm_of, only, spenders

PLAN = Plan(3000, 1000, minimal_effect=0.8, arms=1, planned_looks=1, significance=0.05, power=0.8)
BASELINE = Baseline(mean=7.2, standard_deviation=9.0, correlation=0.0)


def test_a_single_look_equals_statsmodels():
    found = analyse_power(BASELINE, PLAN)
    solve = NormalIndPower().solve_power
    size = solve(nobs1=3000, ratio=1 / 3, alpha=0.05, power=0.8)
    assert found.smallest_effect == pytest.approx(size * 9.0, rel=1e-6)
    assert found.power == pytest.approx(
        NormalIndPower().power(0.8 / 9.0, nobs1=3000, alpha=0.05, ratio=1 / 3), rel=1e-9
    )


@pytest.mark.parametrize("letters", ["y", "xy", "dy", "dwxy"])
def test_a_single_look_equals_tea_tasting_with_the_same_past(letters):
    audience = arm_of("all", **only(spenders(np.random.default_rng(3), 4000), letters))
    names = [letter if letter in letters else None for letter in "ydxw"]
    metric = tt.RatioOfMeans(*names, ratio=3, n_obs=4000, use_t=False)
    expected = metric.solve_power_from_aggregates(audience.aggregates(letters), "effect_size")[0]
    found = analyse_power(Baseline.of(audience), PLAN)
    assert found.smallest_effect == pytest.approx(expected.effect_size, rel=1e-6)
    assert found.relative_smallest_effect == pytest.approx(expected.rel_effect_size, rel=1e-6)


def test_the_smallest_effect_is_found_with_the_wanted_power():
    plan = dataclasses.replace(PLAN, planned_looks=4, arms=2)
    smallest = analyse_power(BASELINE, plan).smallest_effect
    again = analyse_power(BASELINE, dataclasses.replace(plan, minimal_effect=smallest))
    assert (again.power, again.members_needed) == (pytest.approx(0.8, abs=1e-9), pytest.approx(4000, abs=1))


def test_the_members_needed_are_enough_and_one_in_a_hundred_less_are_not():
    plan = dataclasses.replace(PLAN, planned_looks=4)
    needed = analyse_power(BASELINE, plan).members_needed
    for share, is_too_small in ((1.0, False), (0.99, True)):
        control = math.ceil(needed * share / 4)
        found = analyse_power(
            BASELINE, dataclasses.replace(plan, members=3 * control, control_members=control)
        )
        assert found.is_too_small == is_too_small


def test_an_audience_just_large_enough_does_not_warn_and_a_smaller_one_does():
    smallest = analyse_power(BASELINE, PLAN).smallest_effect
    for effect, is_too_small in ((smallest * 1.001, False), (smallest * 0.999, True)):
        assert (
            analyse_power(BASELINE, dataclasses.replace(PLAN, minimal_effect=effect)).is_too_small
            == is_too_small
        )


@given(st.floats(-0.99, 0.99))
@settings(max_examples=20)
def test_a_past_that_goes_along_needs_fewer_members(correlation):
    plain = analyse_power(BASELINE, PLAN)
    found = analyse_power(dataclasses.replace(BASELINE, correlation=correlation), PLAN)
    assert found.smallest_effect == pytest.approx(plain.smallest_effect * math.sqrt(1 - correlation**2))


def test_more_arms_and_more_looks_need_more_members():
    needed = [
        analyse_power(BASELINE, dataclasses.replace(PLAN, arms=arms, planned_looks=planned)).members_needed
        for arms, planned in ((1, 1), (1, 4), (2, 4), (3, 4))
    ]
    assert needed == sorted(needed)
    assert len(set(needed)) == 4


def test_another_unit_changes_nothing_but_the_unit():
    in_cents = analyse_power(Baseline(720.0, 900.0, 0.0), dataclasses.replace(PLAN, minimal_effect=80.0))
    found = analyse_power(BASELINE, PLAN)
    assert in_cents.smallest_effect == pytest.approx(found.smallest_effect * 100)
    assert (in_cents.power, in_cents.members_needed) == (pytest.approx(found.power), found.members_needed)


def test_a_metric_without_a_positive_mean_has_no_relative_size():
    assert analyse_power(dataclasses.replace(BASELINE, mean=0.0), PLAN).relative_smallest_effect is None


def test_the_promised_power_is_kept_in_simulation():
    planned, runs = 4, 4000
    drift = looks.drift(0.8, planned, 0.05)
    steps = np.random.default_rng(5).normal(drift / math.sqrt(planned), 1, (runs, planned))
    z = np.cumsum(steps, axis=1) / np.sqrt(np.arange(1, planned + 1))
    bounds = [looks.width(look, planned, 0.05) for look in range(1, planned + 1)]
    found = int((np.abs(z) > bounds).any(axis=1).sum())
    low, high = binom.interval(0.999, runs, 0.8)
    assert low <= found <= high


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"members": 0}, "each needs at least 1"),
        ({"control_members": 0}, "each needs at least 1"),
        ({"arms": 0}, "each needs at least 1"),
        ({"minimal_effect": 0.0}, "minimal effect is 0"),
        ({"power": 0.02}, "power of 0"),
    ],
)
def test_plans_that_cannot_be_are_refused(change, said):
    with pytest.raises((PlanImpossible, InputFault), match=said):
        analyse_power(BASELINE, dataclasses.replace(PLAN, **change))


def test_a_metric_on_which_all_agree_is_refused():
    with pytest.raises(PlanImpossible, match="no variance"):
        analyse_power(Baseline.of(arm_of("all", y=[1.0] * 9)), PLAN)
