"""What a campaign brought in and what each unit of cost came back as.

Belongs here: incremental margin after cost, and return on cost with an interval.
Does not: what counts as margin or cost (SQL and seeds), whether to roll out (``verdict``).

The return is a quotient of two differences, so its interval is Fieller's [1954, Some Problems in Interval
Estimation]: all returns r for which "margin minus (1 + r) times cost" does not differ from 0. Unlike the
delta method it stays right when the cost is not much larger than its own doubt, and says when it has no
bounds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from orchestration.core.experiments.arm_statistics import ArmStatistics
from orchestration.core.experiments.comparison import Comparison, Interval, NotEnough, compare


class NoReturn(Enum):
    """Why there is no return on cost, or no interval of it."""

    NO_COST = "no_cost"
    COST_NOT_CLEAR = "cost_not_clear"


@dataclass(frozen=True)
class Money:
    """Money of one arm against the control, in the currency of the sums.

    Attributes:
        net: Comparison of margin after cost per assigned member.
        net_interval: Interval of its effect.
        incremental_total: Effect times the arm's members: what the campaign left over in all.
        incremental_total_interval: Interval of it.
        incremental_cost: Cost per assigned member beyond that of the control.
        incremental_cost_total: The same times the arm's members.
        roi: Net effect per unit of incremental cost; 0 is break-even, empty without cost.
        roi_interval: Interval of it; empty when the cost does not differ clearly from that of the control.
        no_return: Why ``roi`` or its interval is empty; empty when both are there.
    """

    net: Comparison
    net_interval: Interval
    incremental_total: float
    incremental_total_interval: Interval
    incremental_cost: float
    incremental_cost_total: float
    roi: float | None
    roi_interval: Interval | None
    no_return: NoReturn | None


@dataclass(frozen=True)
class _Difference:
    """Effects on margin and cost per member, and their variances."""

    margin: float
    cost: float
    margin_variance: float
    cost_variance: float
    covariance: float


def money(control: ArmStatistics, treatment: ArmStatistics, width: float) -> Money | NotEnough:
    """Margin after cost, its total and the return on cost, using the pre-period where both arms have one.

    Args:
        control: Sums with margin before coupon and contact cost as ``y`` and that cost as ``d``; ``x`` is the
            margin before the start.
        treatment: The same of the arm.
        width: Standard errors to each side of the intervals.
    """
    net = compare(control.net(), treatment.net())
    if isinstance(net, NotEnough):
        return net
    difference = _difference(control, treatment, net)
    roi, roi_interval, no_return = _return(difference, width)
    interval = net.interval(width)
    count = treatment.members
    return Money(
        net=net,
        net_interval=interval,
        incremental_total=net.effect * count,
        incremental_total_interval=Interval(interval.lower * count, interval.upper * count),
        incremental_cost=difference.cost,
        incremental_cost_total=difference.cost * count,
        roi=roi,
        roi_interval=roi_interval,
        no_return=no_return,
    )


def _difference(control: ArmStatistics, treatment: ArmStatistics, net: Comparison) -> _Difference:
    """Effects on margin and cost apart, adjusted by the pre-period exactly as their difference was."""
    letters = {"y", "d", "x"} if net.is_adjusted else {"y", "d"}
    arms = control.aggregates(letters), treatment.aggregates(letters)
    slope = {"y": 0.0, "d": 0.0}
    before, pre = 0.0, None
    if net.is_adjusted:
        pre = "x"
        together = arms[0] + arms[1]
        slope = {letter: together.cov(letter, pre) / together.var(pre) for letter in slope}
        before = arms[1].mean(pre) - arms[0].mean(pre)

    def spread(left: str, right: str) -> float:
        return sum(
            (
                (arm.var(left) if left == right else arm.cov(left, right))
                - slope[left] * arm.cov(right, pre)
                - slope[right] * arm.cov(left, pre)
                + slope[left] * slope[right] * arm.var(pre)
            )
            / arm.count()
            for arm in arms
        )

    costs = [arm.mean("d") for arm in arms]
    return _Difference(
        margin=arms[1].mean("y") - arms[0].mean("y") - slope["y"] * before,
        cost=0.0 if math.isclose(*costs) else costs[1] - costs[0] - slope["d"] * before,
        margin_variance=spread("y", "y"),
        cost_variance=spread("d", "d"),
        covariance=spread("y", "d"),
    )


def _return(difference: _Difference, width: float) -> tuple[float | None, Interval | None, NoReturn | None]:
    """Fieller's bounds of margin / cost, less 1."""
    if difference.cost <= 0:
        return None, None, NoReturn.NO_COST
    roi = difference.margin / difference.cost - 1
    clear = difference.cost**2 - width**2 * difference.cost_variance
    if clear <= 0:
        return roi, None, NoReturn.COST_NOT_CLEAR
    middle = difference.margin * difference.cost - width**2 * difference.covariance
    rest = difference.margin**2 - width**2 * difference.margin_variance
    reach = math.sqrt(max(middle**2 - clear * rest, 0.0))
    return roi, Interval((middle - reach) / clear - 1, (middle + reach) / clear - 1), None
