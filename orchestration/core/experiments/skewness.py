"""Tails of a skewed statistic made those of a normal one, so that each tail of an interval misses as often.

Belongs here: the monotone transformations of z, their inverses, skewness of a difference of means.
Does not: where third moments come from (``arm_statistics``), rates (``rates``).

A small control whose members are skewed makes the difference of means skewed, and t with it: the interval
misses far more often on one side. The first term of that error hangs on the skewness alone, and a cubic that
never falls takes it away [Hall 1992, On the Removal of Skewness by Transformation]. A score has the exact
quadratic of its long tail [Cornish, Fisher 1938; Gart, Nam 1990; Laud 2017] and the cubic on the other side,
where the quadratic would turn back.
"""

from __future__ import annotations

import math

# A bend below it is none that a double can show.
_STRAIGHT = 1e-9
# Skewness of t beyond which its first term is no approximation any more.
_MOST = 0.7
# Where bend times t is this far below 0 the cubic goes on straight: further out it would be all but level.
_FLATTEST = 0.4


def of_difference(skewness: float, members: int, control_members: int) -> float:
    """Skewness of the difference of two means of members who are all as skewed; of equal arms it is 0."""
    if members == control_members:
        return 0.0
    spread = 1 / members + 1 / control_members
    return skewness * (1 / members**2 - 1 / control_members**2) / spread**1.5


def normal_of_t(t: float, skewness: float) -> float:
    """What z a statistic divided by its own standard error is worth."""
    bend = _bend(skewness)
    if abs(bend) < _STRAIGHT:
        return t
    turned = max(bend * t, -_FLATTEST)
    return (((turned + 1) ** 3 - 1) / 3 + (bend * t - turned) * (1 - _FLATTEST) ** 2) / bend + bend / 2


def t_of_normal(z: float, skewness: float) -> float:
    """The inverse: the t that is worth this z."""
    bend = _bend(skewness)
    if abs(bend) < _STRAIGHT:
        return z
    cubed = 1 + 3 * bend * (z - bend / 2)
    if cubed >= (1 - _FLATTEST) ** 3:
        return (math.cbrt(cubed) - 1) / bend
    return (-_FLATTEST + (cubed - (1 - _FLATTEST) ** 3) / 3 / (1 - _FLATTEST) ** 2) / bend


def normal_of_score(score: float, skewness: float) -> float:
    """What z a statistic divided by its standard deviation under the hypothesis is worth."""
    bend = skewness / 6
    if abs(bend) < _STRAIGHT:
        return score
    if bend * score >= 0:
        return (math.sqrt(1 + 4 * bend * (bend + score)) - 1) / (2 * bend)
    at_none = (math.sqrt(1 + 4 * bend**2) - 1) / (2 * bend)
    return at_none + ((bend * score - 1) ** 3 + 1) / (3 * bend)


def _bend(skewness: float) -> float:
    return max(-_MOST, min(_MOST, skewness)) / 3
