"""Tails of a skewed statistic made those of a normal one, so that each tail of an interval misses as often.

Belongs here: the two monotone transformations of z, their inverses, skewness of a difference of means.
Does not: where third moments come from (``arm_statistics``), rates (``rates``).

A small control whose members are skewed makes the difference of means skewed, and t with it: the interval
misses far more often on one side. The first term of that error hangs on the skewness alone, and a cubic that
never falls takes it away [Hall 1992, On the Removal of Skewness by Transformation].
"""

from __future__ import annotations

import math

# Skewness below it bends nothing that a double can show.
_STRAIGHT = 1e-9


def of_difference(skewness: float, members: int, control_members: int) -> float:
    """Skewness of the difference of two means of members who are all as skewed; of equal arms it is 0."""
    if members == control_members:
        return 0.0
    spread = 1 / members + 1 / control_members
    return skewness * (1 / members**2 - 1 / control_members**2) / spread**1.5


def normal_of_t(t: float, skewness: float) -> float:
    """What z a statistic divided by its own standard error is worth."""
    if abs(skewness) < _STRAIGHT:
        return t
    bend = skewness / 3
    return ((bend * t + 1) ** 3 - 1) / (3 * bend) + skewness / 6


def t_of_normal(z: float, skewness: float) -> float:
    """The inverse: the t that is worth this z."""
    if abs(skewness) < _STRAIGHT:
        return z
    bend = skewness / 3
    return (math.cbrt(1 + 3 * bend * (z - skewness / 6)) - 1) / bend


def normal_of_score(score: float, skewness: float) -> float:
    """What z a statistic divided by its standard deviation under the hypothesis is worth."""
    if abs(skewness) < _STRAIGHT:
        return score
    bend = skewness / 6
    return ((bend * score - 1) ** 3 + 1) / (3 * bend) + bend
