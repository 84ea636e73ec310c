"""What the methods promise, counted over thousands of simulated experiments.

The z-values of all runs are made at once with numpy; a test compares some of them with ``compare``.
"""

import math

import numpy as np
import pytest
from scipy.stats import binom

from orchestration.core.experiments import always_valid, looks
from orchestration.core.experiments.comparison import compare, single_width
from orchestration.core.experiments.money import money
from tests.core.experiments.members import arm_of, spenders

RUNS, LOOKS, WEEKLY = 2000, 8, 150
SIGNIFICANCE = 0.05


def band(runs, chance):
    """Counts that a fair coin of this chance shows in 999 of 1000 series."""
    return tuple(binom.interval(0.999, runs, chance))


def members(rng, shape):
    """Spend of skewed kind and its past, without any effect."""
    liking = rng.standard_exponential(shape, dtype=np.float32)
    return liking * rng.standard_exponential(shape, dtype=np.float32), liking.astype(np.float64)


def cumulated(values):
    return np.cumsum(values, axis=1, dtype=np.float64)


def plain_z(control, treatment, count):
    """z of the difference of means from running sums and sums of squares, over runs and looks."""
    means = [sums / count for sums, _ in (control, treatment)]
    variances = [(squares - sums**2 / count) / (count - 1) for sums, squares in (control, treatment)]
    return (means[1] - means[0]) / np.sqrt((variances[0] + variances[1]) / count)


@pytest.fixture(scope="module")
def weekly():
    """Per arm ``y`` and ``x`` of every member: runs, looks and members of a week."""
    rng = np.random.default_rng(41)
    return [members(rng, (RUNS, LOOKS, WEEKLY)) for _ in range(2)]


@pytest.fixture(scope="module")
def weekly_z(weekly):
    count = WEEKLY * np.arange(1, LOOKS + 1)
    arms = [(cumulated(y.sum(axis=2)), cumulated((y * y).sum(axis=2))) for y, _ in weekly]
    return plain_z(*arms, count)


@pytest.fixture(scope="module")
def adjusted_z(weekly):
    """The same with the past: both arms' sums of y, x and their products, then CUPED by hand."""
    count = WEEKLY * np.arange(1, LOOKS + 1)
    sums = [
        {
            name: cumulated(values.sum(axis=2))
            for name, values in (("y", y), ("x", x), ("yy", y * y), ("xx", x * x), ("xy", x * y))
        }
        for y, x in weekly
    ]
    both = {name: sums[0][name] + sums[1][name] for name in sums[0]}
    slope = (both["xy"] - both["x"] * both["y"] / (2 * count)) / (both["xx"] - both["x"] ** 2 / (2 * count))
    arms = [
        (
            arm["y"] - slope * arm["x"],
            arm["yy"] - 2 * slope * arm["xy"] + slope**2 * arm["xx"],
        )
        for arm in sums
    ]
    return plain_z(*arms, count)


@pytest.mark.parametrize(("letters", "fixture"), [("y", "weekly_z"), ("yx", "adjusted_z")])
def test_the_simulated_z_is_the_one_that_is_compared(weekly, letters, fixture, request):
    z = request.getfixturevalue(fixture)
    for run in range(0, RUNS, 400):
        for look in (1, LOOKS):
            arms = []
            for name, (y, x) in zip("ct", weekly, strict=True):
                columns = {"y": y[run, :look].ravel(), "x": x[run, :look].ravel()}
                arms.append(arm_of(name, **{letter: columns[letter] for letter in letters}))
            # The runs are drawn with 7 digits.
            assert compare(*arms).z == pytest.approx(z[run, look - 1], rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("fixture", ["weekly_z", "adjusted_z"])
def test_planned_weekly_looks_reject_as_often_as_declared_where_nothing_is(fixture, request):
    z = np.abs(request.getfixturevalue(fixture))
    bounds = [looks.width(look, LOOKS, SIGNIFICANCE) for look in range(1, LOOKS + 1)]
    low, high = band(RUNS, SIGNIFICANCE)
    assert low <= (z > bounds).any(axis=1).sum() <= high
    # The same runs read naively every week: the reason for all this.
    assert (z > single_width(SIGNIFICANCE)).any(axis=1).mean() > 0.15


def test_intervals_of_all_planned_looks_hold_the_truth_together(weekly_z):
    bounds = np.array([looks.width(look, LOOKS, SIGNIFICANCE) for look in range(1, LOOKS + 1)])
    low, high = band(RUNS, 1 - SIGNIFICANCE)
    assert low <= (np.abs(weekly_z) <= bounds).all(axis=1).sum() <= high


def test_looking_after_every_member_rejects_at_most_as_often_as_declared():
    rng, planned, first = np.random.default_rng(43), 2000, 50
    count = np.arange(1, planned + 1)
    widths = np.array([always_valid.width(2 * n, 2 * planned, SIGNIFICANCE) for n in count])
    naive = rejected = 0
    for _ in range(20):
        arms = []
        for _ in range(2):
            y = members(rng, (RUNS // 20, planned))[0]
            arms.append((cumulated(y), cumulated(y * y)))
        z = np.abs(plain_z(*(tuple(part[:, first:] for part in arm) for arm in arms), count[first:]))
        rejected += int((z > widths[first:]).any(axis=1).sum())
        naive += int((z > single_width(SIGNIFICANCE)).any(axis=1).sum())
    assert 0 < rejected <= band(RUNS, SIGNIFICANCE)[1]
    assert naive > 0.3 * RUNS


PLANTED, SEEDS = 0.9, 400


@pytest.fixture(scope="module")
def read_outs():
    """Comparisons of planted effects, by metric, and the return on cost."""
    found = {"mean": [], "adjusted": [], "ratio": [], "adjusted ratio": [], "return": []}
    for seed in range(SEEDS):
        rng = np.random.default_rng([47, seed])
        control, treatment = spenders(rng, 700), spenders(rng, 900, PLANTED)
        sums = [arm_of("c", **control), arm_of("t", **treatment)]
        found["adjusted ratio"].append(compare(*sums))
        found["ratio"].append(compare(*sums, with_pre_period=False))
        means = [
            arm_of(name, y=arm["y"], x=arm["x"]) for name, arm in zip("ct", (control, treatment), strict=True)
        ]
        found["adjusted"].append(compare(*means))
        found["mean"].append(compare(*means, with_pre_period=False))
        control["d"] = np.zeros(700)
        treatment["d"] = 0.2 + 0.5 * (rng.random(900) < 0.4)
        spent = [
            arm_of(name, y=arm["y"], d=arm["d"], x=arm["x"])
            for name, arm in zip("ct", (control, treatment), strict=True)
        ]
        found["return"].append(money(*spent, single_width(SIGNIFICANCE)))
    return found


def holds(interval, truth):
    return interval.lower <= truth <= interval.upper


# Mean spend 7.2 and 2 orders a member without the campaign.
@pytest.mark.parametrize(
    ("metric", "truth", "relative"),
    [
        ("mean", PLANTED, PLANTED / 7.2),
        ("adjusted", PLANTED, PLANTED / 7.2),
        ("ratio", PLANTED / 2, PLANTED / 7.2),
        ("adjusted ratio", PLANTED / 2, PLANTED / 7.2),
    ],
)
def test_intervals_hold_planted_effects_as_often_as_they_say(read_outs, metric, truth, relative):
    width = single_width(SIGNIFICANCE)
    low, high = band(SEEDS, 1 - SIGNIFICANCE)
    found = read_outs[metric]
    assert low <= sum(holds(one.interval(width), truth) for one in found) <= high
    assert low <= sum(holds(one.relative_interval(width), relative) for one in found) <= high
    assert np.mean([one.effect for one in found]) == pytest.approx(
        truth, abs=4 * found[0].standard_error / math.sqrt(SEEDS)
    )


def test_intervals_hold_the_planted_return_as_often_as_they_say(read_outs):
    low, high = band(SEEDS, 1 - SIGNIFICANCE)
    assert low <= sum(holds(one.roi_interval, PLANTED / 0.4 - 1) for one in read_outs["return"]) <= high


def test_the_past_makes_the_intervals_narrower(read_outs):
    reductions = [one.variance_reduction for one in read_outs["adjusted"]]
    assert 0.1 < np.mean(reductions) < 0.9
