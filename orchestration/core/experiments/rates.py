"""Rates of two arms: how far apart, by a test that holds for few events and unequal arms.

Belongs here: the score statistic of a difference of rates at any hypothesis, and the interval it leaves.
Does not: rates whose members are not 0 or 1 (``comparison`` reads means), what is made of it (``verdict``).

The score statistic of Miettinen and Nurminen [1985, Comparative Analysis of Two Rates] takes the variance
that both rates would have if the hypothesis were true, not the one each arm happens to show: of nobody in
fifty it does not conclude that nobody ever will. Its skewness is taken out as Gart and Nam [1990, Approximate
Interval Estimation of the Difference in Binomial Parameters] and Laud [2017, Equal-tailed Confidence
Intervals for Comparison of Rates] do, by the cubic of ``skewness``, which cannot turn back far out. Test and
interval are one: a hypothesis is outside the interval exactly when it is rejected.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from orchestration.core.experiments.skewness import normal_of_score

# Steps in which a bound is looked for: only the first crossing counts, far out few members allow no cubic.
_STEPS = 64


@dataclass(frozen=True)
class Rates:
    """Counts of an arm and the control.

    Attributes:
        events: Members of the arm who did it.
        members: Members of the arm.
        control_events: Members of the control who did it.
        control_members: Members of the control.
        effect: Difference of the rates; less what the pre-period explains where that was used.
        unexplained: Share of the variance that the pre-period leaves; 1 without one.
    """

    events: int
    members: int
    control_events: int
    control_members: int
    effect: float
    unexplained: float = 1.0

    @property
    def standard_error(self) -> float:
        """Of the effect if there were no difference; 0 where nobody or everybody did it."""
        return math.sqrt(self._variance(*self._most_likely(0.0)))

    def z(self, difference: float = 0.0) -> float:
        """How far the effect is from a hypothesis, on the scale of a standard normal."""
        rate, control_rate = self._most_likely(difference)
        variance = self._variance(rate, control_rate)
        distance = self.effect - difference
        if variance <= 0:
            return math.copysign(math.inf, distance) if distance else 0.0
        third = _third_moment(rate) / self.members**2 - _third_moment(control_rate) / self.control_members**2
        plain = self._plain_variance(rate, control_rate)
        return normal_of_score(distance / math.sqrt(variance), third / plain**1.5)

    def bounds(self, width: float) -> tuple[float, float]:
        """The smallest and the largest difference that are not rejected at this many standard errors."""
        return (
            self._first_rejected(-1.0, lambda difference: self.z(difference) - width),
            self._first_rejected(1.0, lambda difference: -self.z(difference) - width),
        )

    def _first_rejected(self, end: float, beyond: Callable[[float], float]) -> float:
        """From the effect on, where it gets above 0; the end of the scale where it never does."""
        near = min(max(self.effect, -1.0), 1.0)
        for step in np.linspace(near, end, _STEPS + 1)[1:-1]:
            far = float(step)
            if beyond(far) >= 0:
                return near if beyond(near) >= 0 else float(brentq(beyond, near, far, xtol=1e-12))
            near = far
        return end

    def _variance(self, rate: float, control_rate: float) -> float:
        together = self.members + self.control_members
        return self._plain_variance(rate, control_rate) * self.unexplained * together / (together - 1)

    def _plain_variance(self, rate: float, control_rate: float) -> float:
        return _variance(rate) / self.members + _variance(control_rate) / self.control_members

    def _most_likely(self, difference: float) -> tuple[float, float]:
        """The likeliest two rates that differ by this much [Farrington, Manning 1990]."""
        if difference == 0:
            pooled = (self.events + self.control_events) / (self.members + self.control_members)
            return pooled, pooled
        rate, control_rate = self.events / self.members, self.control_events / self.control_members
        balance = self.control_members / self.members
        # The cubic a * p^3 + b * p^2 + c * p + d in the rate of the arm; its middle root, by the cosine.
        a = 1 + balance
        b = -(a + rate + balance * control_rate + difference * (balance + 2))
        c = difference**2 + difference * (2 * rate + a) + rate + balance * control_rate
        d = -rate * difference * (1 + difference)
        middle = b**3 / (27 * a**3) - b * c / (6 * a**2) + d / (2 * a)
        reach = math.copysign(math.sqrt(max(b**2 / (9 * a**2) - c / (3 * a), 0.0)), middle)
        turn = max(-1.0, min(1.0, middle / reach**3)) if reach else 1.0
        likeliest = 2 * reach * math.cos((math.pi + math.acos(turn)) / 3) - b / (3 * a)
        likeliest = max(0.0, difference, min(1.0, 1 + difference, likeliest))
        return likeliest, max(0.0, min(1.0, likeliest - difference))


def _variance(rate: float) -> float:
    return rate * (1 - rate)


def _third_moment(rate: float) -> float:
    return rate * (1 - rate) * (1 - 2 * rate)
