"""Segments pulled to their mean."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from orchestration.core.errors import InputFault
from orchestration.core.experiments.shrinkage import SegmentEffect, shrink

# Thirteen trials of a vaccine [Colditz et al. 1994]: ill and well when vaccinated, ill and well when not.
TRIALS = (
    (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619), (33, 5036, 47, 5761),
    (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892), (29, 7470, 45, 7232),
    (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338), (27, 16886, 29, 17825),
)  # fmt: skip
segments = st.lists(st.tuples(st.floats(-10, 10), st.floats(0.5, 5)), min_size=2, max_size=12)


def effects_of(pairs):
    return {str(number): SegmentEffect(effect, error) for number, (effect, error) in enumerate(pairs)}


def test_a_published_meta_analysis_comes_out_as_published():
    # Log risk ratios by DerSimonian-Laird, as R's metafor prints for dat.bcg with method "DL".
    pairs = [
        (
            math.log(a / (a + b) / (c / (c + d))),
            math.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)),
        )
        for a, b, c, d in TRIALS
    ]
    found = shrink(effects_of(pairs))
    assert found.variance_between == pytest.approx(0.3088, abs=5e-5)
    assert found.mean == pytest.approx(-0.7141, abs=5e-5)
    assert found.mean_standard_error == pytest.approx(0.1787, abs=5e-5)
    assert found.heterogeneity == pytest.approx(152.2330, abs=5e-4)


@given(segments)
@settings(max_examples=50, deadline=None)
def test_the_mean_and_its_variances_equal_statsmodels(pairs):
    found = shrink(effects_of(pairs))
    effects, errors = np.array(pairs).T
    expected = combine_effects(effects, errors**2, method_re="chi2")
    assert found.variance_between == pytest.approx(max(expected.tau2, 0), rel=1e-9, abs=1e-8)
    assert found.heterogeneity == pytest.approx(expected.q, rel=1e-9, abs=1e-8)
    if expected.tau2 > 0:
        assert found.mean == pytest.approx(expected.mean_effect_re, rel=1e-9, abs=1e-8)
        assert found.mean_standard_error == pytest.approx(expected.sd_eff_w_re, rel=1e-9)


@given(segments)
@settings(max_examples=50, deadline=None)
def test_every_segment_stays_between_itself_and_the_mean(pairs):
    found = shrink(effects_of(pairs))
    for (own, _), shrunk in zip(pairs, found.segments.values(), strict=True):
        low, high = sorted((own, found.mean))
        assert low - 1e-9 <= shrunk.effect <= high + 1e-9
        assert 0 <= shrunk.pull <= 1
        assert shrunk.standard_error > 0


def test_segments_that_differ_by_chance_alone_are_all_the_mean():
    found = shrink(effects_of([(1.0, 2.0), (1.4, 2.0), (0.6, 2.0)]))
    assert found.variance_between == 0
    assert [shrunk.effect for shrunk in found.segments.values()] == pytest.approx([1.0] * 3)
    assert found.segments["0"].standard_error == pytest.approx(2 / math.sqrt(3))


def test_a_segment_alone_stays_what_it_is():
    found = shrink({"only": SegmentEffect(2.0, 0.5)})
    assert (found.mean, found.segments["only"].effect, found.segments["only"].standard_error) == (
        2.0,
        2.0,
        0.5,
    )


def test_the_best_of_many_segments_promises_less_too_much_when_shrunk():
    rng = np.random.default_rng(11)
    raw_error, shrunk_error = [], []
    for _ in range(200):
        truth = rng.normal(0.7, 0.3, 48)
        own = truth + rng.normal(0, 0.4, 48)
        found = list(shrink(effects_of([(effect, 0.4) for effect in own])).segments.values())
        best = int(np.argmax(own))
        raw_error.append(own[best] - truth[best])
        shrunk_error.append(found[best].effect - truth[best])
    assert np.mean(raw_error) > 0.4
    assert abs(np.mean(shrunk_error)) < 0.06


@pytest.mark.parametrize("count", [8, 30])
def test_intervals_of_shrunken_segments_cover_the_truth_about_as_often_as_they_say(count):
    rng = np.random.default_rng(12)
    covered = []
    for _ in range(300):
        errors = rng.uniform(0.2, 1.0, count)
        truth = rng.normal(0.5, 0.5, count)
        own = truth + rng.normal(0, errors)
        found = shrink(effects_of(zip(own, errors, strict=True)))
        for true, shrunk in zip(truth, found.segments.values(), strict=True):
            interval = shrunk.interval(1.96)
            covered.append(interval.lower <= true <= interval.upper)
    assert 0.91 < np.mean(covered) < 0.97


@pytest.mark.parametrize("error", [0.0, -1.0, math.nan, math.inf])
def test_an_effect_without_a_standard_error_is_refused(error):
    with pytest.raises(InputFault, match="segment gold"):
        shrink({"gold": SegmentEffect(1.0, error)})


def test_no_segments_are_refused():
    with pytest.raises(InputFault, match="no segment"):
        shrink({})
