"""What SQL says about one arm: how many members, and sums over them.

Belongs here: the sums, their checks, means and covariances made of them without loss.
Does not: comparing arms (``comparison``), which members count.
Late imports: tea-tasting brings ibis and pandas, and most builds compare no arms.

Four quantities per member may be summed. ``y`` is the metric; ``d`` the denominator of a ratio metric, or the
cost when ``y`` is the margin it bought; ``x`` is ``y`` of the weeks before the start; ``w`` is ``d`` of those
weeks. The letters of a sum of products stand in alphabetical order: ``sum_dy`` is the sum of ``d * y``. ``n``
stands only in products of three: it is ``y`` less ``d``, or ``y`` where nothing is set against it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

from orchestration.core.errors import InputFault

if TYPE_CHECKING:
    from tea_tasting.aggr import Aggregates

Number = int | float | Decimal

# A variance that float sums leave where there is none, as a share of the mean square.
_FLOAT_NOISE = 1e-12
# How far rounding may carry a correlation above 1.
_ABOVE_ONE = 1e-9


class StatisticsImpossible(InputFault):
    """Sums that no set of members can have."""


@dataclass(frozen=True)
class ArmStatistics:
    """Sums over the members of one arm, for one metric, window and segment.

    The sums may be exact (``int``, ``Decimal``) or ``float``; exact ones are better, for a variance is a
    small difference of large numbers. An arm without members may leave every sum empty.

    Attributes:
        arm: Code of the arm.
        members: Members whose window has matured, with or without an outcome; intention to treat.
        sum_y: Sum of the metric, in its unit.
        sum_yy: Sum of its squares.
        sum_x: Sum of the same metric before the start; empty when there is no pre-period.
        sum_xx: Sum of its squares.
        sum_xy: Sum of the products.
        sum_d: Sum of the denominator; empty for a mean per member.
        sum_dd: Sum of its squares.
        sum_dy: Sum of the products with the metric.
        sum_dx: Sum of the products with the metric before the start.
        sum_w: Sum of the denominator before the start; empty when ``x`` is not a ratio.
        sum_ww: Sum of its squares.
        sum_dw: Sum of the products with the denominator.
        sum_wx: Sum of the products with the metric before the start.
        sum_wy: Sum of the products with the metric.
        sum_nnn: Sum of the cubes of the metric less its cost; empty where tails are not evened out.
        sum_nnx: Sum of its squares times the metric before the start.
        sum_nxx: Sum of its products with the squares of the metric before the start.
        sum_xxx: Sum of the cubes of the metric before the start.
    """

    arm: str
    members: int
    sum_y: Number | None = None
    sum_yy: Number | None = None
    sum_x: Number | None = None
    sum_xx: Number | None = None
    sum_xy: Number | None = None
    sum_d: Number | None = None
    sum_dd: Number | None = None
    sum_dy: Number | None = None
    sum_dx: Number | None = None
    sum_w: Number | None = None
    sum_ww: Number | None = None
    sum_dw: Number | None = None
    sum_wx: Number | None = None
    sum_wy: Number | None = None
    sum_nnn: Number | None = None
    sum_nnx: Number | None = None
    sum_nxx: Number | None = None
    sum_xxx: Number | None = None

    @property
    def quantities(self) -> tuple[str, ...]:
        """Letters of the quantities that were summed."""
        return tuple(letter for letter in "dwxy" if getattr(self, f"sum_{letter}") is not None)

    def aggregates(self, quantities: Iterable[str]) -> Aggregates:
        """Means, variances and covariances (divided by ``members - 1``), computed without rounding.

        Raises:
            StatisticsImpossible: Fewer than two members, a sum is missing or infinite, or they contradict
                each other.
        """
        # Here, for start-up: it brings ibis, pandas and the whole of scipy, and most builds compare no arms.
        from tea_tasting.aggr import Aggregates

        if self.members < 2:
            raise StatisticsImpossible(
                f"arm {self.arm}: {self.members} members have no variance; 2 are needed"
            )
        letters = sorted(quantities)
        variances = {letter: self._variance(letter) for letter in letters}
        return Aggregates(
            count_=self.members,
            mean_={letter: float(self._sum(letter) / self.members) for letter in letters},
            var_=variances,
            cov_={pair: self._covariance(*pair, variances) for pair in combinations(letters, 2)},
        )

    def net(self) -> ArmStatistics:
        """The same members with ``y - d`` as the metric: what is left after the cost.

        The pre-period stays as it is: before the start nobody had cost anything.
        """
        if self.members == 0:
            return ArmStatistics(self.arm, 0)
        pre_period = self.sum_x is not None
        return ArmStatistics(
            self.arm,
            self.members,
            sum_y=_plain(self._sum("y") - self._sum("d")),
            sum_yy=_plain(self._sum("yy") - 2 * self._sum("dy") + self._sum("dd")),
            sum_x=self.sum_x,
            sum_xx=self.sum_xx,
            sum_xy=_plain(self._sum("xy") - self._sum("dx")) if pre_period else None,
            sum_nnn=self.sum_nnn,
            sum_nnx=self.sum_nnx,
            sum_nxx=self.sum_nxx,
            sum_xxx=self.sum_xxx,
        )

    def third_moment(self, slope: float) -> float | None:
        """Third central moment of ``y - slope * x``, of an arm without cost (:meth:`net`).

        Args:
            slope: What the pre-period is taken off with; 0 without one.

        Returns:
            The moment in the cube of the metric's unit; None where the sums of three are not there.
        """
        needed = ("nnn", "nnx", "nxx", "xxx") if slope else ("nnn",)
        if any(getattr(self, f"sum_{letters}") is None for letters in needed):
            return None
        factors = (1, -3 * slope, 3 * slope**2, -(slope**3))
        return sum(
            factor * self._third_moment(letters) for factor, letters in zip(factors, needed, strict=False)
        )

    def _third_moment(self, letters: str) -> float:
        """Of three quantities about their means; ``n`` is the ``y`` of an arm without cost."""
        one, other, last = letters.replace("n", "y")
        means = {letter: self._sum(letter) / self.members for letter in {one, other, last}}
        about = self._sum(letters) / self.members + 2 * means[one] * means[other] * means[last]
        for letter, left, right in ((one, other, last), (other, one, last), (last, one, other)):
            about -= means[letter] * self._sum("".join(sorted(left + right))) / self.members
        return float(about)

    def _sum(self, letters: str) -> Fraction:
        value = getattr(self, f"sum_{letters}")
        if value is None or not math.isfinite(value):
            raise StatisticsImpossible(
                f"arm {self.arm}: sum_{letters} is {value}; {self.members} members need a finite number"
            )
        return Fraction(value)

    def _variance(self, letter: str) -> float:
        squares = self._sum(letter * 2)
        scattered = (squares - self._sum(letter) ** 2 / self.members) / (self.members - 1)
        inexact = any(isinstance(getattr(self, f"sum_{name}"), float) for name in (letter, letter * 2))
        noise = _FLOAT_NOISE * squares / self.members if inexact else 0
        if scattered < -noise:
            raise StatisticsImpossible(
                f"arm {self.arm}: the squares of {letter} add up to less than its mean allows "
                f"({self.members} members); check that sum_{letter} and sum_{letter * 2} are of the same rows"
            )
        return 0.0 if scattered <= noise else float(scattered)

    def _covariance(self, left: str, right: str, variances: dict[str, float]) -> float:
        together = self._sum(left + right) - self._sum(left) * self._sum(right) / self.members
        covariance = float(together / (self.members - 1))
        most = math.sqrt(variances[left]) * math.sqrt(variances[right])
        if most == 0:
            return 0.0
        if abs(covariance) > most * (1 + _ABOVE_ONE):
            raise StatisticsImpossible(
                f"arm {self.arm}: {left} and {right} are correlated by more than 1; check that "
                f"sum_{left}{right} is of the same rows as the other sums"
            )
        return covariance


def _plain(value: Fraction) -> Number:
    """A sum of cents stays exact; what was a float goes back to one."""
    as_decimal = Decimal(value.numerator) / Decimal(value.denominator)
    return as_decimal if Fraction(as_decimal) == value else float(value)
