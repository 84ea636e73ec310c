"""Intervals for looking at will: the published formula, and its tuning."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import norm

from orchestration.core.experiments import always_valid

members = st.integers(1, 10_000_000)
levels = st.floats(0.001, 0.3)


def published(count, rho_squared, significance):
    """Half of the published interval for a mean with standard deviation 1, in standard errors."""
    scaled = count * rho_squared
    half = math.sqrt(2 * (scaled + 1) / (count * scaled) * math.log(math.sqrt(scaled + 1) / significance))
    return half * math.sqrt(count)


@pytest.mark.parametrize("count", [10, 500, 4000, 90_000])
@pytest.mark.parametrize("significance", [0.01, 0.05])
def test_the_interval_is_the_published_one(count, significance):
    level = 1 - 2 * math.log(significance)
    best = brentq(lambda u: u - math.log(u) - level, 1, 100) - 1
    expected = published(count, best / 4000, significance)
    assert always_valid.width(count, 4000, significance) == pytest.approx(expected, rel=1e-9)


def test_the_authors_own_approximation_of_the_best_tuning_is_close():
    minus_two_log = -2 * math.log(0.05)
    rho_squared = (minus_two_log + math.log(minus_two_log + 1)) / 4000
    assert always_valid.width(4000, 4000, 0.05) == pytest.approx(published(4000, rho_squared, 0.05), rel=1e-3)


@given(st.floats(0.2, 5), levels)
def test_no_other_tuning_is_narrower_when_all_have_matured(factor, significance):
    best = always_valid.width(1000, 1000, significance)
    assert best <= always_valid.width(1000, max(round(1000 * factor), 1), significance) + 1e-12


@given(members, members, levels)
def test_the_p_value_at_the_bound_is_the_significance(count, planned, significance):
    bound = always_valid.width(count, planned, significance)
    for z in (bound, -bound):
        assert always_valid.p_value(z, count, planned, significance) == pytest.approx(significance, rel=1e-6)


@given(members, members, levels)
def test_it_is_wider_than_a_single_look(count, planned, significance):
    assert always_valid.width(count, planned, significance) > norm.isf(significance / 2)


def test_no_difference_has_a_p_value_of_one():
    assert always_valid.p_value(0.0, 100, 1000, 0.05) == 1


def test_the_price_of_looking_at_will():
    assert always_valid.width(5000, 5000, 0.05) == pytest.approx(3.035, abs=0.001)
