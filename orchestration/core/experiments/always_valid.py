"""Intervals that hold however often and whenever somebody looks.

Belongs here: the asymptotic confidence sequence, as a number of standard errors, and its p-value.
Does not: planned looks (``looks``), which are narrower where there is a plan.

The two-sided asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas [2024,
Time-uniform central limit theory and asymptotic confidence sequences]: with n members, significance a and a
tuning parameter rho it reaches ``sqrt(2 * (n * rho^2 + 1) / (n * rho^2) * log(sqrt(n * rho^2 + 1) / a))``
standard errors to each side. Only ``n * rho^2`` counts. rho is chosen so that the interval is narrowest when
all planned members have matured; there ``u = n * rho^2 + 1`` solves ``u - log(u) = 1 - 2 * log(a)``, by
Lambert's W. At 5 % it then reaches 3.04 standard errors instead of 1.96: the price for looking at will.
"""

from __future__ import annotations

import math

from scipy.special import lambertw


def width(known: float, planned: float, significance: float) -> float:
    """Standard errors to each side of the interval.

    Args:
        known: How much is known, above 0: matured members of both arms, or days where all members are there
            from the start and their sums grow.
        planned: The same when all is over; fixed before the start, it is the tuning parameter. The interval
            is valid for any value, and widest relative to the best one far from it.
        significance: Chance that any interval, ever, misses the truth.
    """
    information = _tuned(significance) * known / planned
    return math.sqrt((1 + 1 / information) * (math.log1p(information) - 2 * math.log(significance)))


def p_value(z: float, known: float, planned: float, significance: float) -> float:
    """The smallest level at which the interval, tuned for ``significance``, excludes 0."""
    information = _tuned(significance) * known / planned
    exponent = math.log1p(information) / 2 - z * z * information / (1 + information) / 2
    return math.exp(min(exponent, 0.0))


def _tuned(significance: float) -> float:
    return float(-lambertw(-(significance**2) / math.e, -1).real) - 1
