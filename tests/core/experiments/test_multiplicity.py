"""Corrections for several questions."""

from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from orchestration.core.experiments.multiplicity import benjamini_hochberg, holm

# Benjamini, Hochberg [1995, Controlling the False Discovery Rate], section 4.1: 15 endpoints of a trial.
PUBLISHED = (
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
)  # fmt: skip
families = st.lists(st.floats(0, 1), min_size=1, max_size=12).map(lambda values: dict(enumerate(values)))


def test_the_published_example_rejects_four_by_rate_and_three_by_family():
    endpoints = dict(enumerate(PUBLISHED))
    assert sum(p_value <= 0.05 for p_value in benjamini_hochberg(endpoints).values()) == 4
    assert sum(p_value <= 0.05 for p_value in holm(endpoints).values()) == 3


@pytest.mark.parametrize(("adjust", "name"), [(holm, "holm"), (benjamini_hochberg, "fdr_bh")])
@given(family=families)
@settings(max_examples=50)
def test_both_equal_statsmodels(adjust, name, family):
    # It collects garbage each time, which takes half a second where a warehouse's manifest is in memory.
    with mock.patch("gc.collect"):
        expected = multipletests(list(family.values()), method=name)[1]
    assert list(adjust(family).values()) == pytest.approx(list(expected), rel=1e-9, abs=1e-12)
    assert list(adjust(family)) == list(family)


@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_one_question_stays_and_none_is_none(adjust):
    assert adjust({"only": 0.03}) == {"only": 0.03}
    assert adjust({}) == {}
