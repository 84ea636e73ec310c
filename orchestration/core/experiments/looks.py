"""Reading an experiment at a fixed number of planned looks without fooling oneself.

Belongs here: O'Brien-Fleming bounds, p-values and power over equally spaced looks.
Does not: looks nobody planned (``always_valid``), what a crossed bound means (``verdict``).

The z-value at look k of K, times sqrt(k), is a sum of k independent normal increments of variance 1.
O'Brien and Fleming [1979, A Multiple Testing Procedure for Clinical Trials] reject at look k when ``|z| > C
* sqrt(K / k)``, which is when that sum leaves ``[-C * sqrt(K), C * sqrt(K)]``. The chance of leaving is
integrated look by look [Armitage, McPherson, Rowe 1969, Repeated Significance Tests on Accumulating Data];
constants as in table 2.3 of Jennison, Turnbull [2000, Group Sequential Methods].
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri, roots_legendre

from orchestration.core.errors import InputFault

# Nodes of the quadrature per standard deviation of one increment: half a deviation apart is exact to 1e-12.
_NODES_PER_DEVIATION = 6
_LEAST_NODES = 48
# Bounds further out than this many final standard deviations are reached with a chance below 1e-30.
_FURTHEST = 12.0


def constant(looks: int, significance: float) -> float:
    """``C`` for this many looks: the chance to reject ever, without any difference, is ``significance``."""
    _check(looks, looks)
    return _constant(looks, significance)


def width(look: int, looks: int, significance: float) -> float:
    """The bound on ``|z|`` at a look, which is also how many standard errors the interval reaches.

    Intervals of this width cover the truth at all looks together with chance ``1 - significance`` [Jennison,
    Turnbull 1989, Interim Analyses: The Repeated Confidence Interval Approach], and exclude 0 exactly
    when the     bound is crossed.
    """
    _check(look, looks)
    return _constant(looks, significance) * math.sqrt(looks / look)


def p_value(z: float, look: int, looks: int) -> float:
    """The smallest significance whose bound ``z`` crosses at this look; of one look the usual p-value."""
    _check(look, looks)
    return min(_chance_to_leave(looks, abs(z) * math.sqrt(look), 0.0), 1.0)


def power(drift: float, looks: int, significance: float) -> float:
    """Chance to cross a bound at any look.

    Args:
        drift: True effect in standard errors of the last look.
        looks: Planned looks.
        significance: Chance to cross without a difference.
    """
    _check(looks, looks)
    return _chance_to_leave(
        looks, _constant(looks, significance) * math.sqrt(looks), drift / math.sqrt(looks)
    )


def drift(chance: float, looks: int, significance: float) -> float:
    """The true effect, in standard errors of the last look, that is found with this chance."""
    if not significance < chance < 1:
        raise InputFault(f"a power of {chance} is not between the level {significance} and 1; 0.8 is usual")
    most = constant(looks, significance) + float(ndtri(chance)) + 1
    return float(brentq(lambda value: power(value, looks, significance) - chance, 0.0, most, xtol=1e-12))


@lru_cache(maxsize=256)
def _constant(looks: int, significance: float) -> float:
    if not 0 < significance < 1:
        raise InputFault(f"a level of {significance} is not between 0 and 1; 0.05 is usual")
    least, most = float(-ndtri(significance / 2)), float(-ndtri(significance / 2 / looks))
    if looks == 1:
        return least
    root = math.sqrt(looks)
    return float(
        brentq(
            lambda value: _chance_to_leave(looks, value * root, 0.0) - significance, least, most, xtol=1e-12
        )
    )


def _chance_to_leave(steps: int, bound: float, step_drift: float) -> float:
    """Chance that a random walk of normal steps is outside ``[-bound, bound]`` after any of its steps."""
    bound = min(bound, _FURTHEST * math.sqrt(steps) + abs(step_drift) * steps)
    nodes, weights = _quadrature(_LEAST_NODES + math.ceil(_NODES_PER_DEVIATION * bound))
    places, weights = nodes * bound, weights * bound
    leaves = ndtr(places + step_drift - bound) + ndtr(-bound - places - step_drift)
    left = float(ndtr(step_drift - bound) + ndtr(-bound - step_drift))
    if steps == 1 or bound == 0:
        return left
    moves = _density(places[:, None] - places[None, :] - step_drift) * weights
    here = _density(places - step_drift)
    for step in range(2, steps + 1):
        left += float(np.sum(here * weights * leaves))
        if step < steps:
            here = moves @ here
    return left


def _density(places: np.ndarray) -> np.ndarray:
    return np.exp(-(places**2) / 2) / math.sqrt(2 * math.pi)


@lru_cache(maxsize=32)
def _quadrature(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    return roots_legendre(nodes)


def _check(look: int, looks: int) -> None:
    if not 1 <= look <= looks:
        raise InputFault(f"look {look} of {looks} is not in the plan; looks are counted from 1 to {looks}")
