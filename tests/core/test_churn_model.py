"""The trained churn model: signs hold, published methods agree, nothing blows up."""

from dataclasses import astuple
from datetime import date, timedelta

import numpy as np
import pytest
import statsmodels.api as statsmodels
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.core.churn_model import (
    CERTAIN,
    Blend,
    Gain,
    Sign,
    TrainingImpossible,
    blend,
    is_promoted,
    log_odds,
    mean_gain,
    paired_gain,
    performance,
    probabilities,
    train,
)
from orchestration.core.due import matured_dates, split_dates

SIGNS = st.lists(st.sampled_from(list(Sign)), min_size=1, max_size=5)
SEEDS = st.integers(0, 10_000)


def drawn(seed, columns, rows=300):
    """Rows whose outcome follows from features of any scale."""
    dice = np.random.default_rng(seed)
    features = dice.normal(size=(rows, columns)) * 10.0 ** dice.integers(-3, 4, columns)
    logit = (features / features.std(axis=0)) @ dice.normal(size=columns) + dice.normal()
    outcome = (dice.random(rows) < probabilities(logit)).astype(float)
    outcome[:2] = 0, 1
    return features, outcome


@given(SEEDS, SIGNS)
@settings(max_examples=40)
def test_no_coefficient_takes_a_sign_that_makes_no_sense(seed, signs):
    features, outcome = drawn(seed, len(signs))
    found = train(features, outcome, signs, 1e-4)
    assert all(sign * weight >= 0 for sign, weight in zip(signs, found.coefficients, strict=True))


@given(SEEDS, st.integers(1, 4))
@settings(max_examples=25)
def test_where_no_limit_binds_it_is_the_logit_of_statsmodels(seed, columns):
    features, outcome = drawn(seed, columns)
    found = train(features, outcome, [Sign.EITHER] * columns, 0.0)
    standard = (features - found.means) / found.deviations
    published = statsmodels.Logit(outcome, statsmodels.add_constant(standard)).fit(disp=0)
    assert np.allclose([found.intercept, *found.coefficients], published.params, atol=2e-3, rtol=2e-3)
    reached = performance(found.logits(features), outcome).log_loss
    assert reached == pytest.approx(-published.llf / outcome.size, abs=1e-6)


@given(SEEDS, SIGNS, st.floats(0.01, 100), st.floats(-50, 50))
@settings(max_examples=25)
def test_the_unit_and_the_origin_of_a_feature_change_no_score(seed, signs, unit, origin):
    features, outcome = drawn(seed, len(signs))
    other = features * unit + origin * features.std(axis=0) * unit
    first, second = (train(matrix, outcome, signs, 1e-4) for matrix in (features, other))
    assert np.allclose(first.logits(features), second.logits(other), atol=1e-3)


def test_more_of_a_feature_that_raises_never_lowers_anybody():
    features, outcome = drawn(7, 3)
    found = train(features, outcome, [Sign.RAISES] * 3, 1e-4)
    further = features + np.abs(features.std(axis=0))
    assert (found.logits(further) >= found.logits(features)).all()


def test_data_that_a_line_separates_keeps_finite_coefficients():
    features = np.arange(-50.0, 50.0).reshape(-1, 1)
    found = train(features, (features[:, 0] >= 0).astype(float), [Sign.RAISES], 1e-4)
    assert 0 < found.coefficients[0] < 200
    assert np.isfinite(found.logits(features)).all()


def test_a_feature_that_does_not_vary_weighs_nothing():
    features, outcome = drawn(1, 2)
    features[:, 1] = 0.1
    found = train(features, outcome, [Sign.EITHER] * 2, 1e-4)
    assert (found.coefficients[1], found.deviations[1]) == (0, 1)


@pytest.mark.parametrize(
    ("features", "outcome", "said"),
    [
        ([[1.0], [2.0]], [1, 1], "one outcome"),
        ([[1.0], [2.0]], [0, 0], "one outcome"),
        ([[1.0], [np.nan]], [0, 1], "empty or infinite"),
        ([[1.0], [2.0]], [0, 2], "neither 0 nor 1"),
        ([[1.0, 2.0]], [0], "do not fit"),
    ],
)
def test_rows_that_say_nothing_are_refused(features, outcome, said):
    with pytest.raises(TrainingImpossible, match=said):
        train(features, outcome, [Sign.EITHER], 1e-4)


@pytest.mark.parametrize("level", [0.0, 1e-6, 1e6])
def test_what_varies_by_no_more_than_rounding_carries_nothing_whatever_its_level(level):
    noise = np.array([1.0, 0.0, 1.0, 0.0]) * 1e-10 * max(level, 1.0)
    found = train((level + noise).reshape(-1, 1), [1, 0, 1, 0], [Sign.EITHER], 1e-4)
    assert (found.coefficients.tolist(), found.deviations.tolist()) == ([0.0], [1.0])


def test_a_blend_finds_the_weights_and_the_shift_that_were_planted():
    dice = np.random.default_rng(3)
    base, model = dice.normal(size=(2, 40_000)) * 2
    outcome = dice.random(40_000) < probabilities(0.7 + 0.2 * base + 0.9 * model)
    found = blend(base, model, outcome.astype(float), 1e-6)
    assert (found.offset, found.base_weight, found.model_weight) == pytest.approx((0.7, 0.2, 0.9), abs=0.05)
    assert found(base, model) == pytest.approx(
        found.offset + found.base_weight * base + found.model_weight * model
    )


@given(SEEDS)
@settings(max_examples=25)
def test_a_blend_never_turns_an_order_round_and_costs_no_log_loss_against_an_even_one(seed):
    features, outcome = drawn(seed, 2)
    base, model = (features / features.std(axis=0)).T
    found = blend(base, model, outcome, 1e-9)
    assert min(found.base_weight, found.model_weight) >= 0
    even = performance(Blend()(base, model), outcome).log_loss
    assert performance(found(base, model), outcome).log_loss <= even + 1e-9


@pytest.mark.parametrize("ridge", [0.0, 0.03, 1e6])
def test_the_stronger_the_ridge_the_nearer_a_blend_is_to_an_even_one_without_a_shift(ridge):
    dice = np.random.default_rng(4)
    base, model = dice.normal(size=(2, 4000)) * 2
    outcome = (dice.random(4000) < probabilities(0.7 + 0.9 * model)).astype(float)
    found, free = (astuple(blend(base, model, outcome, each)) for each in (ridge, 0.0))
    away, furthest = (np.abs(np.array(each) - [0, 0.5, 0.5]) for each in (found, free))
    assert (away <= furthest + 1e-6).all()
    if ridge > 1:
        assert away == pytest.approx(np.zeros(3), abs=1e-4)


def test_metrics_equal_a_calculation_by_hand():
    found = performance(log_odds([0.8, 0.6, 0.6, 0.1]), [1, 1, 0, 0])
    assert found.log_loss == pytest.approx(-np.mean(np.log([0.8, 0.6, 0.4, 0.9])))
    assert found.brier == pytest.approx(np.mean([0.04, 0.16, 0.36, 0.01]))
    assert found.auc == pytest.approx((1 + 1 + 0.5 + 1) / 4)


def test_where_all_did_the_same_there_is_no_auc():
    assert performance([0.1, 0.2], [1, 1]).auc is None


def test_certainty_is_kept_half_a_unit_of_the_last_decimal_away():
    assert probabilities(log_odds([0.0, 1.0])) == pytest.approx([CERTAIN, 1 - CERTAIN], rel=1e-6)


def test_a_paired_gain_equals_a_calculation_by_hand():
    # Two members, twice each: log-losses of .5 against .8 and .6, of .5 against .4.
    gain = paired_gain(log_odds([0.8, 0.6, 0.6, 0.4]), log_odds([0.5] * 4), [1, 1, 0, 1], [7, 7, 8, 8])
    gains = np.log([0.8, 0.6, 0.4, 0.4]) - np.log(0.5)
    assert gain.mean == pytest.approx(gains.mean())
    sums = np.array([gains[:2].sum(), gains[2:].sum()]) - 2 * gains.mean()
    assert gain.error == pytest.approx(np.sqrt((sums**2).sum()) / 4)
    assert gain.rows == 4


def test_comparisons_count_together_by_their_rows():
    found = mean_gain([Gain(-0.01, 0.03, 100), Gain(0.02, 0.01, 300)])
    assert found.mean == pytest.approx(0.0125)
    assert found.error == pytest.approx(np.sqrt((0.03**2 + 3 * 0.01**2) / 4))
    assert found.rows == 400


def test_saying_the_same_again_on_more_dates_makes_a_gain_no_surer():
    dice = np.random.default_rng(5)
    better, worse = dice.normal(size=(2, 300))
    outcome = (dice.random(300) < probabilities(better)).astype(float)
    once = paired_gain(better, worse, outcome, np.arange(300))
    often = paired_gain(*(np.tile(each, 8) for each in (better, worse, outcome, np.arange(300))))
    assert (often.mean, often.error) == pytest.approx((once.mean, once.error))


@pytest.mark.parametrize(
    ("gains", "is_champion", "promoted"),
    [
        # not in use: more than two standard errors, which is more than chance
        ([0.0199], False, False),
        ([0.02], False, False),
        ([0.0201], False, True),
        # in use: no worse on the whole
        ([0.0001], True, True),
        ([0.0], True, False),
        # the last comparisons count together, so one good season does not do
        ([-0.01, 0.04], False, False),
        ([0.021, 0.0201], False, True),
        ([0.03, -0.0199], True, True),
        # and one that chance does not explain does it at once, whatever was before
        ([0.9, 0.9, -0.0201], True, False),
        ([0.9, 0.9, -0.02], True, True),
    ],
)
def test_the_base_is_replaced_and_wins_back_by_paired_standard_errors(gains, is_champion, promoted):
    found = is_promoted(
        [Gain(mean, 0.01, 100) for mean in gains], is_champion=is_champion, required_errors=2.0
    )
    assert found is promoted


LAST = date(2025, 12, 28)
WEEKS = [LAST - timedelta(weeks=week) for week in range(30, -1, -1)]


def test_a_date_has_matured_on_the_last_day_of_its_horizon_not_before():
    assert matured_dates([LAST], 28, LAST + timedelta(days=27)) == []
    assert matured_dates([LAST], 28, LAST + timedelta(days=28)) == [LAST]


def test_nobody_is_evaluated_on_days_that_were_learned_from():
    split = split_dates(WEEKS, 28, LAST, most_trained=9, most_evaluated=8)
    assert len(split.evaluated) == 8
    assert split.evaluated[-1] + timedelta(days=28) <= LAST
    assert len(split.trained) == 9
    assert split.trained[-1] + timedelta(days=28) == split.evaluated[0]


@pytest.mark.parametrize(
    ("weeks", "trained", "evaluated"), [(9, 1, 1), (10, 2, 1), (11, 2, 2), (22, 8, 7), (23, 8, 8), (24, 9, 8)]
)
def test_a_short_past_is_shared_and_never_evaluates_more_than_it_taught(weeks, trained, evaluated):
    split = split_dates(WEEKS[-weeks:], 28, LAST, most_trained=13, most_evaluated=8)
    assert (len(split.trained), len(split.evaluated)) == (trained, evaluated)


def test_a_past_that_is_too_short_gives_no_split():
    # one week to learn from, three that would look into the evaluated one, and four whose horizon is not over
    assert split_dates(WEEKS[-8:], 28, LAST, most_trained=13, most_evaluated=8) is None


@given(st.sets(st.sampled_from(WEEKS)), st.integers(1, 90), st.integers(1, 9), st.integers(1, 9))
def test_a_split_looks_at_nothing_after_the_fit_and_never_at_the_same_days(dates, horizon, most, evaluated):
    split = split_dates(dates, horizon, LAST, most, evaluated)
    if split:
        length = timedelta(days=horizon)
        assert 0 < len(split.evaluated) <= min(evaluated, len(split.trained))
        assert len(split.trained) <= most
        assert max(split.trained) + length <= min(split.evaluated)
        assert max(split.evaluated) + length <= LAST
