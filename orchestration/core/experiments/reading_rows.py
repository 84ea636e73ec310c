"""One row of what is said of an experiment: its columns, and how they are filled.

Belongs here: the row, and making its columns of a comparison, of money, of a shrunken effect.
Does not: which sums are read how (``readout``), any formula.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from orchestration.core.experiments.arm_statistics import ArmStatistics
from orchestration.core.experiments.comparison import Comparison, Interval, NotEnough
from orchestration.core.experiments.declared import Cell
from orchestration.core.experiments.money import Money, money
from orchestration.core.experiments.shrinkage import ShrunkEffect

NOT_FINAL = "not_final"


@dataclass(frozen=True)
class Reading:
    """One row of ``srv_experiments``; what does not apply is empty."""

    experiment: str
    metric: str
    segment: str
    segment_value: str
    arm: str
    look_no: int
    members: int
    control_members: int
    is_final: bool = False
    arm_mean: float | None = None
    control_mean: float | None = None
    effect: float | None = None
    effect_lower: float | None = None
    effect_upper: float | None = None
    smallest_effect: float | None = None
    relative_effect: float | None = None
    relative_effect_lower: float | None = None
    relative_effect_upper: float | None = None
    p_value: float | None = None
    p_value_scale: str | None = None
    p_value_adjusted: float | None = None
    is_adjusted: bool | None = None
    variance_reduction: float | None = None
    shrunk_effect: float | None = None
    shrunk_effect_lower: float | None = None
    shrunk_effect_upper: float | None = None
    lack: str | None = None
    srm: str | None = None
    srm_p_value: float | None = None
    verdict: str | None = None
    guardrails: str | None = None
    sentence_en: str | None = None
    sentence_zh: str | None = None
    net_total: float | None = None
    net_total_lower: float | None = None
    net_total_upper: float | None = None
    cost_total: float | None = None
    roi: float | None = None
    roi_lower: float | None = None
    roi_upper: float | None = None
    no_return: str | None = None


def lack_of(found: Comparison | NotEnough, width: float | None) -> str | None:
    """Why there are no numbers; empty where there are."""
    if isinstance(found, NotEnough):
        return found.lack.value
    return "too_small" if width is None else None


def money_columns(
    control: ArmStatistics, arm: ArmStatistics, width: float, *, is_final: bool
) -> dict[str, float | str | None]:
    """What was spent, and what it brought once nothing more can change it."""
    if control.sum_d is None or arm.sum_d is None:
        return {}
    found = money(control, arm, width)
    if not isinstance(found, Money):
        return {}
    if not is_final:
        return {"cost_total": found.incremental_cost_total, "no_return": NOT_FINAL}
    total, returned = found.incremental_total_interval, found.roi_interval
    return {
        "net_total": found.incremental_total,
        "net_total_lower": total.lower,
        "net_total_upper": total.upper,
        "cost_total": found.incremental_cost_total,
        "roi": found.roi,
        **_bounds("roi", returned),
        "no_return": found.no_return and found.no_return.value,
    }


def shrunk_columns(found: ShrunkEffect | None, width: float | None) -> dict[str, float]:
    """What to expect of a segment; nothing where it was not read."""
    if found is None or width is None:
        return {}
    return {"shrunk_effect": found.effect, **_bounds("shrunk_effect", found.interval(width))}


def _bounds(name: str, interval: Interval | None) -> dict[str, float]:
    return {} if interval is None else {f"{name}_lower": interval.lower, f"{name}_upper": interval.upper}


def reading_of(
    experiment: str,
    cell: Cell,
    found: Comparison | NotEnough,
    width: float | None,
    power: float | None,
    *,
    is_final: bool = False,
    **more: float | str | None,
) -> Reading:
    """One row; intervals reach ``width`` standard errors, p-values are of a single reading unless given."""
    where = {
        "experiment": experiment,
        "metric": cell.metric,
        "segment": cell.segment,
        "segment_value": cell.segment_value,
        "arm": found.arm,
        "look_no": cell.look_no,
        "members": found.members,
        "control_members": found.control_members,
        "is_final": is_final,
    }
    if isinstance(found, NotEnough) or width is None:
        return Reading(**where, **{"lack": lack_of(found, width), **more})
    numbers = {
        "arm_mean": found.mean,
        "control_mean": found.control_mean,
        "effect": found.effect,
        **_bounds("effect", found.interval(width)),
        "smallest_effect": power and found.smallest_effect(width, power),
        "relative_effect": found.relative_effect,
        **_bounds("relative_effect", found.relative_interval(width)),
        "p_value": found.p_value,
        "p_value_scale": found.p_value_scale.value,
        "is_adjusted": found.is_adjusted,
        "variance_reduction": found.variance_reduction,
        **more,
    }
    return Reading(**where, **{name: _finite(value) for name, value in numbers.items()})


def _finite(value: float | str | None) -> float | str | None:
    """A bound that overflows is none."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
