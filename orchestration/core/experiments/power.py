"""What an experiment can find, before anybody is contacted.

Belongs here: power, smallest detectable effect and members needed, from last period's members.
Does not: evaluating a started experiment (``verdict``).

Normal approximation with the same looks the experiment will have. An effect of the smallest detectable size
is found with the declared power, not surely; a smaller one may be found by luck and is then overstated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from orchestration.core.errors import InputFault
from orchestration.core.experiments import looks
from orchestration.core.experiments.arm_statistics import ArmStatistics


class PlanImpossible(InputFault):
    """A plan that cannot be carried out."""


@dataclass(frozen=True)
class Baseline:
    """The primary metric of the audience in an earlier window of the same length.

    Attributes:
        mean: Mean per member, or ratio of sums, in the metric's unit.
        standard_deviation: Of one member, in the same unit; of a ratio by the delta method.
        correlation: With the same metric in the weeks before that window; 0 without a pre-period.
    """

    mean: float
    standard_deviation: float
    correlation: float

    @classmethod
    def of(cls, audience: ArmStatistics) -> Baseline:
        """From the sums of the whole audience, taken as one arm."""
        found = audience.aggregates({"y", *audience.quantities})
        denominator = "d" if "d" in audience.quantities else None
        before = ("x", "w" if "w" in audience.quantities else None)
        variance = found.ratio_var("y", denominator)
        correlation = 0.0
        if "x" in audience.quantities:
            both = variance * found.ratio_var(*before)
            correlation = found.ratio_cov("y", denominator, *before) / math.sqrt(both) if both > 0 else 0.0
        return cls(float(found.mean("y") / found.mean(denominator)), math.sqrt(variance), float(correlation))


@dataclass(frozen=True)
class Plan:
    """What was written down before the start.

    Attributes:
        members: Members expected in the arm, all weeks together.
        control_members: Members expected in the control.
        minimal_effect: Smallest difference worth having, above 0, in the metric's unit.
        arms: Arms compared with the control on the primary metric; the level is divided by it, which is what
            Holm asks of the first one.
        planned_looks: Looks over which the significance is spread.
        significance: Chance to find something where nothing is.
        power: Chance wanted to find the minimal effect.
    """

    members: int
    control_members: int
    minimal_effect: float
    arms: int
    planned_looks: int
    significance: float
    power: float


@dataclass(frozen=True)
class PowerAnalysis:
    """What the plan can find.

    Attributes:
        smallest_effect: Difference found with the wanted power, in the metric's unit.
        relative_smallest_effect: The same as a share of the mean; empty unless the mean is above 0.
        power: Chance to find the minimal effect.
        members_needed: Members of arm and control together, in the planned proportion, that find the minimal
            effect with the wanted power.
        is_too_small: Whether the smallest effect is larger than the minimal one: a warning.
    """

    smallest_effect: float
    relative_smallest_effect: float | None
    power: float
    members_needed: int
    is_too_small: bool


def analyse_power(baseline: Baseline, plan: Plan) -> PowerAnalysis:
    """Hold the audience against the plan.

    Raises:
        PlanImpossible: An arm without members, a minimal effect of 0, or a metric on which all members agree.
    """
    if min(plan.members, plan.control_members, plan.arms) < 1:
        raise PlanImpossible(
            f"the plan has {plan.arms} arms with {plan.members} members against {plan.control_members}; "
            "each needs at least 1"
        )
    if not plan.minimal_effect > 0:
        raise PlanImpossible(f"the minimal effect is {plan.minimal_effect}; declare one above 0")
    deviation = baseline.standard_deviation * math.sqrt(max(1 - baseline.correlation**2, 0.0))
    if not deviation > 0:
        raise PlanImpossible(
            "the metric had no variance in the earlier window; choose another window or metric"
        )
    standard_error = deviation * math.sqrt(1 / plan.members + 1 / plan.control_members)
    level = plan.significance / plan.arms
    drift = looks.drift(plan.power, plan.planned_looks, level)
    smallest = drift * standard_error
    planned = plan.members + plan.control_members
    return PowerAnalysis(
        smallest_effect=smallest,
        relative_smallest_effect=smallest / baseline.mean if baseline.mean > 0 else None,
        power=looks.power(plan.minimal_effect / standard_error, plan.planned_looks, level),
        members_needed=math.ceil(planned * (smallest / plan.minimal_effect) ** 2),
        is_too_small=smallest > plan.minimal_effect,
    )
