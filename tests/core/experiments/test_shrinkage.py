"""Segments pulled to their mean."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from orchestration.core.errors import InputFault
from orchestration.core.experiments.comparison import Comparison
from orchestration.core.experiments.shrinkage import SegmentEffect, shrink, with_pooled_variance

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
@settings(max_examples=50)
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
@settings(max_examples=50)
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


def skewed_segments(rng, truths, members):
    """Segments in which one in seven buys, lognormal spend with mean 1 a member, and a lift in money."""
    found = {}
    for number, truth in enumerate(truths):
        arms = [
            (rng.random(members) < 0.15) * rng.lognormal(0, 1, members) / (0.15 * math.exp(0.5)) * (1 + lift)
            for lift in (0.0, truth)
        ]
        control, treated = (arm.mean() for arm in arms)
        error = math.sqrt(sum(arm.var(ddof=1) / members for arm in arms))
        found[str(number)] = Comparison(
            "t", "c", members, members, treated, control, treated - control, error, None, None, False, None
        )
    return found


def own_variances(found):
    return {segment: SegmentEffect(each.effect, each.standard_error) for segment, each in found.items()}


@pytest.mark.parametrize(
    ("count", "members", "low_before"), [(4, 1200, -0.02), (12, 400, -0.08), (48, 100, -0.2), (96, 50, -0.3)]
)
def test_the_mean_of_segments_of_skewed_members_is_not_drawn_to_those_that_happened_to_be_low(
    count, members, low_before
):
    rng, truth, runs = np.random.default_rng(13), 0.8, 2400 // count
    before, now = [], []
    for _ in range(runs):
        found = skewed_segments(rng, [truth] * count, members)
        before.append(shrink(own_variances(found)).mean)
        now.append(shrink(with_pooled_variance(found)).mean)
    doubt = np.std(now) / math.sqrt(runs)
    assert abs(np.mean(now) - truth) < 3 * doubt
    assert np.mean(before) / truth - 1 < low_before


def test_the_best_of_forty_eight_skewed_segments_delivers_about_what_it_promises():
    rng, promised, delivered, raw = np.random.default_rng(14), [], [], []
    for _ in range(60):
        truths = rng.normal(0.7, 0.3, 48)
        found = skewed_segments(rng, truths, 400)
        shrunk = list(shrink(with_pooled_variance(found)).segments.values())
        best = int(np.argmax([each.effect for each in shrunk]))
        promised.append(shrunk[best].effect)
        delivered.append(truths[best])
        raw.append(max(each.effect for each in found.values()))
    assert np.mean(promised) == pytest.approx(np.mean(delivered), abs=0.15)


def test_pooled_variances_leave_the_number_of_members_to_decide():
    rng = np.random.default_rng(15)
    found = skewed_segments(rng, [0.5, 0.5], 300) | {
        f"large {number}": each for number, each in skewed_segments(rng, [0.5], 1200).items()
    }
    errors = {segment: each.standard_error for segment, each in with_pooled_variance(found).items()}
    assert errors["0"] == errors["1"] == pytest.approx(2 * errors["large 0"])
    alone = {"only": found["0"]}
    assert with_pooled_variance(alone)["only"].standard_error == pytest.approx(found["0"].standard_error)


def test_segments_in_which_nobody_differs_have_nothing_to_pool():
    nobody = Comparison("t", "c", 60, 60, 0.0, 0.0, 0.0, 0.0, None, None, False, None)
    assert with_pooled_variance({"a": nobody, "b": nobody}) == {}


@pytest.mark.parametrize("error", [0.0, -1.0, math.nan, math.inf])
def test_an_effect_without_a_standard_error_is_refused(error):
    with pytest.raises(InputFault, match="segment gold"):
        shrink({"gold": SegmentEffect(1.0, error)})


def test_no_segments_are_refused():
    with pytest.raises(InputFault, match="no segment"):
        shrink({})
