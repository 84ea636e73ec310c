"""A program that changes nothing, read every week of the holdout's period, thousands of times.

The readings of all runs are made at once with numpy; a test compares some of them with ``read_program``.
"""

import numpy as np
import pytest
from scipy.stats import binom

from orchestration.core.experiments import always_valid, skewness
from orchestration.core.experiments.comparison import single_width
from orchestration.core.experiments.declared import Cell, Metric, Settings
from orchestration.core.experiments.readout import HELD_OUT, PROGRAM, read_program
from tests.core.experiments.test_skewness import arm_with_cubes

RUNS, WEEKS, HELD, OPEN, SIGNIFICANCE = 1500, 26, 60, 1140, 0.05
MARGIN = Metric("margin", False, True, 0.0)
SETTINGS = Settings(50, 0.001, 0.01, SIGNIFICANCE, 0.8)
SINGLE = single_width(SIGNIFICANCE)


def weekly_margins(seed, runs):
    """Members who differ for good, buy rarely and spend skewed amounts: run, member, week added to week."""
    rng = np.random.default_rng([61, seed])
    for members in (HELD, OPEN):
        liking = rng.gamma(1.0, 0.12, (runs, members, 1))
        bought = rng.random((runs, members, WEEKS)) < liking
        yield np.cumsum(bought * rng.lognormal(3.0, 0.8, (runs, members, WEEKS)), axis=2)


def readings(held, program):
    """z of every run and week, straight and with the skewness taken out."""
    counts = np.array([HELD, OPEN])
    means = np.stack([arm.mean(axis=1) for arm in (held, program)])
    variances = np.stack([arm.var(axis=1, ddof=1) for arm in (held, program)])
    thirds = np.stack([((arm - arm.mean(axis=1, keepdims=True)) ** 3).sum(axis=1) for arm in (held, program)])
    straight = (means[1] - means[0]) / np.sqrt(variances[0] / HELD + variances[1] / OPEN)
    pooled = np.tensordot(counts - 1, variances, axes=1) / (counts.sum() - 2)
    skewed = thirds.sum(axis=0) / counts.sum() / pooled**1.5 * skewness.of_difference(1.0, OPEN, HELD)
    return straight, np.vectorize(skewness.normal_of_t)(straight, skewed)


@pytest.fixture(scope="module")
def read():
    """Straight and bent z of all runs: run, week."""
    parts = [readings(*weekly_margins(seed, 100)) for seed in range(RUNS // 100)]
    return [np.concatenate(each) for each in zip(*parts, strict=True)]


def program_of(held, program, share_over):
    arms = {HELD_OUT: arm_with_cubes(HELD_OUT, y=held), PROGRAM: arm_with_cubes(PROGRAM, y=program)}
    [row] = read_program("year", MARGIN, SETTINGS, {Cell("margin"): arms}, share_over)
    return row


@pytest.mark.parametrize("week", [4, 13, 26])
def test_the_simulated_readings_are_those_of_the_program(read, week):
    held, program = weekly_margins(0, 100)
    for run in range(3):
        row = program_of(held[run, :, week - 1], program[run, :, week - 1], week / WEEKS)
        z, share = read[1][run, week - 1], week / WEEKS
        width = SINGLE if week == WEEKS else always_valid.width(share, 1.0, SIGNIFICANCE)
        assert (abs(z) > width) == (not row.effect_lower <= 0 <= row.effect_upper)
        if week < WEEKS:
            assert row.p_value == pytest.approx(always_valid.p_value(z, share, 1.0, SIGNIFICANCE), rel=1e-6)


def test_a_program_that_does_nothing_is_seen_to_do_something_in_at_most_one_of_twenty_years(read):
    straight, bent = read
    widths = np.array([always_valid.width(week / WEEKS, 1.0, SIGNIFICANCE) for week in range(1, WEEKS)])
    ever = (np.abs(bent[:, :-1]) > widths).any(axis=1)
    assert ever.mean() <= SIGNIFICANCE
    # As it was read before: the interval of one reading, every week.
    assert (np.abs(straight) > SINGLE).any(axis=1).mean() > 0.12


def test_the_last_reading_misses_upwards_as_often_as_downwards(read):
    straight, bent = (each[:, -1] for each in read)
    tails = [(bent > SINGLE).sum(), (bent < -SINGLE).sum()]
    assert all(count <= binom.ppf(0.999, RUNS, SIGNIFICANCE / 2) for count in tails)
    assert abs(np.subtract(*tails)) / RUNS < (straight > SINGLE).mean() - (straight < -SINGLE).mean()
