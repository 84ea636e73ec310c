"""Purchase models against published results, hand calculations and what must hold for every history."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.core.purchase_models import (
    FitImpossible,
    Histories,
    Model,
    Parameters,
    ValueParameters,
    expected_value,
    fit,
    fit_value,
    fit_with_prior,
    log_likelihood,
    log_likelihood_and_slope,
    p_alive,
    p_no_purchase,
    value_interval,
)
from tests.drawn_shops import ALIKE, drawn_shop

CDNOW_FILE = Path(__file__).parent / "data" / "cdnow_summary.csv"

positive = st.floats(0.01, 100)
parameters = st.builds(Parameters, positive, positive, positive, positive)


@st.composite
def one_history(draw):
    repeats = draw(st.integers(0, 200))
    age = draw(st.floats(0, 1000))
    last = draw(st.floats(0, 1)) * age if repeats else 0.0
    return Histories.of([repeats], [last], [age])


@pytest.fixture(scope="module")
def cdnow():
    with CDNOW_FILE.open(encoding="utf-8", newline="") as file:
        rows = [[float(value) for value in row.values()] for row in csv.DictReader(file)]
    assert len(rows) == 2357
    return np.array(rows).T


@pytest.fixture(scope="module")
def cdnow_histories(cdnow):
    return Histories.of(cdnow[0], cdnow[1], cdnow[2])


@pytest.mark.parametrize(
    ("model", "published"),
    [(Model.BG_NBD, (0.243, 4.414, 0.793, 2.426)), (Model.MBG_NBD, (0.525, 6.183, 0.891, 1.614))],
)
def test_cdnow_gives_the_published_parameters(cdnow_histories, model, published):
    found = fit(model, cdnow_histories).parameters
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx(published, abs=0.0006)


def test_cdnow_gives_the_published_log_likelihood(cdnow_histories):
    found = fit(Model.BG_NBD, cdnow_histories)
    assert found.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert found.members == 2357


def test_cdnow_gives_the_published_amounts(cdnow):
    bought_again = cdnow[0] > 0
    found = fit_value(cdnow[0][bought_again], cdnow[3][bought_again])
    assert (found.p, found.q, found.gamma) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)
    # The first two customers, as published with Lifetimes.
    assert expected_value(found, cdnow[0][:2], cdnow[3][:2]) == pytest.approx([24.66, 18.91], abs=0.01)


def test_equal_histories_may_be_counted_instead_of_repeated(cdnow, cdnow_histories):
    distinct, members = np.unique(cdnow[:3], axis=1, return_counts=True)
    counted = Histories.of(*distinct, members)
    assert len(members) < 2357
    at = Parameters(0.5, 6, 0.9, 1.6)
    assert log_likelihood(Model.MBG_NBD, at, counted) == pytest.approx(
        log_likelihood(Model.MBG_NBD, at, cdnow_histories)
    )


def test_the_fit_does_not_depend_on_the_unit_of_time(cdnow_histories):
    weeks = fit(Model.MBG_NBD, cdnow_histories).parameters
    in_days = Histories.of(cdnow_histories.repeats, cdnow_histories.last * 7, cdnow_histories.age * 7)
    days = fit(Model.MBG_NBD, in_days).parameters
    assert (days.r, days.alpha / 7, days.a, days.b) == pytest.approx(
        (weeks.r, weeks.alpha, weeks.a, weeks.b), rel=1e-3
    )


def test_known_parameters_are_found_again():
    chance = np.random.default_rng(11)
    truth, members, age = Parameters(1.2, 20.0, 0.8, 4.0), 6000, 365.0
    rates = chance.gamma(truth.r, 1 / truth.alpha, members)
    leaving = chance.beta(truth.a, truth.b, members)
    repeats, last = [], []
    for rate, leave in zip(rates, leaving, strict=True):
        bought, now = 0, 0.0
        # MBG/NBD: the chance to leave comes after every purchase, the first included.
        while chance.random() >= leave:
            gap = chance.exponential(1 / rate)
            if now + gap > age:
                break
            now, bought = now + gap, bought + 1
        repeats.append(bought)
        last.append(now)
    found = fit(Model.MBG_NBD, Histories.of(repeats, last, np.full(members, age))).parameters
    assert (found.r, found.alpha, found.a, found.b) == pytest.approx((1.2, 20.0, 0.8, 4.0), rel=0.15)


def test_probabilities_equal_a_calculation_by_hand():
    # x = 1, tx = 10, T = 30, r = 1, alpha = 10, a = 1, b = 2:
    # odds of being gone 1/3 * (40/20)^2 = 4/3; silent for 40 days when here (40/80)^2 = 1/4.
    history, at = Histories.of([1], [10], [30]), Parameters(1, 10, 1, 2)
    assert p_alive(Model.MBG_NBD, at, history) == pytest.approx([3 / 7])
    assert p_no_purchase(Model.MBG_NBD, at, history, 40) == pytest.approx([(1 / 4 + 4 / 3) / (7 / 3)])


def test_whoever_bought_once_may_have_left_in_mbg_nbd_only():
    once, at = Histories.of([0], [0], [300]), Parameters(1, 10, 1, 2)
    assert p_alive(Model.BG_NBD, at, once) == [1]
    assert p_alive(Model.MBG_NBD, at, once)[0] < 0.1


def test_a_very_long_history_stays_a_number():
    history = Histories.of([3000], [3000], [30000])
    for model in Model:
        assert p_alive(model, Parameters(1, 1, 1, 1), history)[0] == 0
        assert p_no_purchase(model, Parameters(1, 1, 1, 1), history, 28)[0] == 1


@given(parameters, one_history(), st.floats(0, 1000), st.floats(0, 1000), st.sampled_from(Model))
def test_no_purchase_is_a_probability_that_falls_with_the_horizon(at, history, horizon, more, model):
    near = p_no_purchase(model, at, history, horizon)[0]
    far = p_no_purchase(model, at, history, horizon + more)[0]
    assert 0 <= far <= near + 1e-12 <= 1 + 2e-12
    # Whoever is gone buys nothing in any horizon.
    assert far >= 1 - p_alive(model, at, history)[0] - 1e-9
    assert p_no_purchase(model, at, history, 0)[0] == pytest.approx(1)


@given(parameters, one_history(), st.floats(0.1, 500), st.floats(0, 365), st.sampled_from(Model))
def test_longer_away_is_never_safer(at, history, more, horizon, model):
    later = Histories.of(history.repeats, history.last, history.age + more)
    assert p_alive(model, at, later)[0] <= p_alive(model, at, history)[0] + 1e-12
    assert p_no_purchase(model, at, later, horizon)[0] >= p_no_purchase(model, at, history, horizon)[0] - 1e-9


@given(
    st.builds(Parameters, *[st.floats(0.1, 10)] * 4),
    st.integers(0, 30),
    st.floats(1, 100),
    st.floats(0, 1),
    st.sampled_from(Model),
)
def test_slopes_are_those_of_the_log_likelihood(at, repeats, age, share, model):
    history = Histories.of([repeats], [share * age if repeats else 0], [age])
    slopes = log_likelihood_and_slope(model, at, history)[1]
    for place, slope in enumerate(slopes):
        step = np.eye(4)[place] * 1e-5
        up, down = (
            log_likelihood(model, Parameters(*(np.array([at.r, at.alpha, at.a, at.b]) + side)), history)
            for side in (step, -step)
        )
        assert slope == pytest.approx((up - down) / 2e-5, rel=1e-3, abs=1e-4)


@given(parameters, one_history(), st.sampled_from(Model))
def test_a_log_likelihood_is_a_number(at, history, model):
    assert np.isfinite(log_likelihood(model, at, history))


values = st.builds(ValueParameters, st.floats(0.1, 50), st.floats(1.1, 50), st.floats(0.1, 500))


@given(values, st.integers(0, 100), st.floats(0.01, 10_000))
def test_an_expected_amount_lies_between_the_own_and_the_common_one(at, purchases, average):
    common = at.p * at.gamma / (at.q - 1)
    expected = expected_value(at, np.array([float(purchases)]), np.array([average]))[0]
    assert min(common, average) * (1 - 1e-9) <= expected <= max(common, average) * (1 + 1e-9)


@given(values, st.integers(0, 100), st.floats(0.01, 10_000))
def test_a_wider_coverage_is_a_wider_interval(at, purchases, average):
    count, mean = np.array([float(purchases)]), np.array([average])
    low, high = value_interval(at, count, mean, 0.8)
    lower, higher = value_interval(at, count, mean, 0.95)
    assert 0 < lower[0] < low[0] < high[0] < higher[0]


def test_the_interval_covers_what_it_promises():
    chance = np.random.default_rng(5)
    at, members = ValueParameters(6.0, 4.0, 15.0), 4000
    scale = chance.gamma(at.q, 1 / at.gamma, members)
    counts = chance.integers(1, 6, members).astype(float)
    averages = chance.gamma(at.p * counts, 1 / scale) / counts
    low, high = value_interval(at, counts, averages, 0.8)
    truth = at.p / scale
    assert np.mean((low <= truth) & (truth <= high)) == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (([1], [5], [3]), "contradict"),
        (([0], [1], [3]), "contradict"),
        (([1.5], [1], [3]), "contradict"),
        (([-1], [0], [3]), "contradict"),
        (([1], [-1], [3]), "contradict"),
        (([1], [1], [3], [-1]), "contradict"),
        (([1], [float("nan")], [3]), "empty or infinite"),
        (([1, 2], [1], [3]), "one length"),
    ],
)
def test_a_history_that_cannot_be_is_refused(arrays, said):
    with pytest.raises(FitImpossible, match=said):
        Histories.of(*arrays)


def test_without_a_second_purchase_nothing_can_be_fitted():
    with pytest.raises(FitImpossible, match="none of 2 members bought a second time"):
        fit(Model.MBG_NBD, Histories.of([0, 0], [0, 0], [10, 20]))


@pytest.mark.parametrize("shop", [{}, {"members": 200, "youngest": 40, "oldest": 60}, ALIKE])
def test_a_small_shop_has_parameters_inside_the_bounds_or_none(shop):
    """Within e^8 of the unit each: a fit at the bound is none, and the prior gives every shop some."""
    refused = set()
    for seed in range(8):
        histories = drawn_shop(seed, **shop)
        try:
            found = fit(Model.MBG_NBD, histories)
        except FitImpossible as error:
            refused.add(str(error).partition(";")[0])
            found = fit_with_prior(Model.MBG_NBD, histories)
            assert found.has_prior
        at = found.parameters
        logs = np.log([at.r, at.alpha / histories.age.max(), at.a, at.b])
        assert np.abs(logs).max() <= 8
        assert p_no_purchase(Model.MBG_NBD, at, histories, 28).min() > 0
    assert refused == {"maximum likelihood ends at a bound of the optimiser"}


def test_many_members_outweigh_the_prior(cdnow_histories):
    found, free = (how(Model.MBG_NBD, cdnow_histories) for how in (fit_with_prior, fit))
    assert free.has_prior < found.has_prior
    chances = [p_no_purchase(Model.MBG_NBD, each.parameters, cdnow_histories, 13) for each in (found, free)]
    assert chances[0] == pytest.approx(chances[1], abs=0.005)


def test_amounts_that_are_all_alike_have_no_fit():
    with pytest.raises(FitImpossible, match="bound of the optimiser"):
        fit_value(np.tile([1.0, 2.0, 5.0], 200), np.full(600, 30.0))


@pytest.mark.parametrize(("purchases", "average"), [([], []), ([1, 2], [3]), ([0], [3]), ([1], [0])])
def test_amounts_that_cannot_be_are_refused(purchases, average):
    with pytest.raises(FitImpossible):
        fit_value(purchases, average)


def test_no_mean_is_expected_where_there_is_none():
    with pytest.raises(FitImpossible, match="q above 1"):
        expected_value(ValueParameters(6, 1, 15), np.array([0.0]), np.array([0.0]))
