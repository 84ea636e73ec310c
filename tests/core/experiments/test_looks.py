"""Planned looks: the published constants, and what must hold at every look."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from orchestration.core.errors import InputFault
from orchestration.core.experiments import looks

# Table 2.3 of Jennison, Turnbull [2000, Group Sequential Methods with Applications to Clinical Trials].
PUBLISHED = {
    1: 1.960,
    2: 1.977,
    3: 2.004,
    4: 2.024,
    5: 2.040,
    6: 2.053,
    7: 2.063,
    8: 2.072,
    9: 2.080,
    10: 2.087,
    11: 2.092,
    12: 2.098,
}
plans = st.integers(1, 30).flatmap(lambda planned: st.tuples(st.integers(1, planned), st.just(planned)))


@pytest.mark.parametrize("planned", PUBLISHED)
def test_constants_are_the_published_ones(planned):
    assert round(looks.constant(planned, 0.05), 3) == PUBLISHED[planned]


@pytest.mark.parametrize(("planned", "inflation"), [(2, 1.008), (5, 1.028), (10, 1.040)])
def test_looking_costs_the_published_share_of_members(planned, inflation):
    # Table 2.4 of the same book, power 0.8: members needed, over those of a single look.
    assert round((looks.drift(0.8, planned, 0.05) / looks.drift(0.8, 1, 0.05)) ** 2, 3) == inflation


def test_the_chance_to_cross_is_that_of_the_multivariate_normal():
    planned, width = 3, [looks.width(look, 3, 0.05) for look in (1, 2, 3)]
    correlation = [[math.sqrt(min(i, j) / max(i, j)) for i in (1, 2, 3)] for j in (1, 2, 3)]
    inside = multivariate_normal(cov=correlation).cdf(width, lower_limit=[-bound for bound in width])
    assert 1 - inside == pytest.approx(0.05, abs=1e-4)
    assert looks.power(0.0, planned, 0.05) == pytest.approx(0.05, abs=1e-10)


@given(plans, st.floats(0.001, 0.2))
@settings(max_examples=20)
def test_the_p_value_at_the_bound_is_the_significance(plan, significance):
    look, planned = plan
    bound = looks.width(look, planned, significance)
    assert looks.p_value(bound, look, planned) == pytest.approx(significance, abs=1e-9)
    assert looks.p_value(-bound, look, planned) == pytest.approx(significance, abs=1e-9)


@given(plans, st.floats(0, 30), st.floats(0.001, 3))
@settings(max_examples=20)
def test_a_larger_z_has_a_smaller_p_value_and_repeated_looks_never_make_it_smaller(plan, z, more):
    look, planned = plan
    p_value = looks.p_value(z, look, planned)
    assert 0 <= looks.p_value(z + more, look, planned) <= p_value + 1e-15
    assert p_value >= 2 * norm.sf(z) * (1 - 1e-9) - 1e-18


def test_one_look_is_the_usual_test():
    assert looks.width(1, 1, 0.05) == norm.isf(0.025)
    assert looks.p_value(1.7, 1, 1) == pytest.approx(2 * norm.sf(1.7), rel=1e-12)


def test_bounds_fall_from_look_to_look():
    widths = [looks.width(look, 6, 0.05) for look in range(1, 7)]
    assert widths == sorted(widths, reverse=True)
    assert widths[0] == pytest.approx(widths[-1] * math.sqrt(6))


@pytest.mark.parametrize(("look", "planned"), [(0, 4), (5, 4), (1, 0)])
def test_a_look_outside_the_plan_is_refused(look, planned):
    with pytest.raises(InputFault, match=f"look {look} of {planned}"):
        looks.width(look, planned, 0.05)


def test_a_power_or_significance_that_is_none_is_refused():
    with pytest.raises(InputFault, match=r"power of 0\.04"):
        looks.drift(0.04, 3, 0.05)
    with pytest.raises(InputFault, match=r"level of 1\.5"):
        looks.constant(3, 1.5)
