"""What was declared of an experiment before its start, and how its sums are named.

Belongs here: experiments, metrics and settings as values, checks on them, which sums are which.
Does not: reading sums (``readout``), planning (``planned``), where definitions come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.core.errors import InputFault
from orchestration.core.experiments.arm_statistics import ArmStatistics

EVERYBODY = "all"
UNPLANNED = 0
FACTS = (
    "margin", "net_amount", "orders", "returned", "repurchased", "repurchased_full_price", "redeemed",
    "unsubscribed", "complained", "refunded",
)  # fmt: skip
"""What exp_outcomes__facts counts of members, by the name it gives each."""


@dataclass(frozen=True)
class Metric:
    """A row of ``experiment_metrics``.

    Attributes:
        metric: Code.
        is_ratio: Whether it is a quotient of two sums; else a mean, less what is summed beside it.
        higher_is_better: Whether more of it is good.
        allowed_harm: As a guardrail, the worsening still accepted.
        is_rate: Whether a member counts as 0 or 1.
    """

    metric: str
    is_ratio: bool
    higher_is_better: bool
    allowed_harm: float
    is_rate: bool = False


@dataclass(frozen=True)
class Experiment:
    """What was declared before the start.

    Attributes:
        experiment: Code.
        primary_metric: Metric that decides.
        minimal_effect: Smallest gain worth rolling out.
        looks: Weeks of entries that each planned look reads, in order.
        significance: Over all looks and arms.
        power: Wanted for the minimal effect.
        guardrails: Metrics that must not get worse.
        shares: Declared share by arm.
        control_arm: The arm that is not contacted.
    """

    experiment: str
    primary_metric: str
    minimal_effect: float
    looks: tuple[int, ...]
    significance: float
    power: float
    guardrails: tuple[str, ...]
    shares: Mapping[str, float]
    control_arm: str

    @property
    def treatments(self) -> tuple[str, ...]:
        """Arms compared with the control, in the order of their codes."""
        return tuple(sorted(self.shares.keys() - {self.control_arm}))

    def check(self) -> None:
        """Whether it can be read.

        Raises:
            InputFault: The control is no arm, there is no other arm, or looks are unequal steps.
        """
        if self.control_arm not in self.shares or not self.treatments:
            raise InputFault(
                f"{self.experiment} has arms {', '.join(sorted(self.shares)) or 'none'} with control "
                f"{self.control_arm or 'none'}; one control and at least one treatment are needed "
                "(seeds/campaigns/campaign_arms.csv)"
            )
        step = self.looks[0] if self.looks else 0
        if step < 1 or list(self.looks) != [step * number for number in range(1, len(self.looks) + 1)]:
            raise InputFault(
                f"{self.experiment} has looks after {list(self.looks)} weeks; equal steps from the first are "
                "needed, as many as planned_looks (seeds/campaigns/experiment_looks.csv)"
            )


@dataclass(frozen=True)
class Settings:
    """The settings of experiments as far as readings need them; without a power no smallest effect."""

    least_members: int
    srm_stop_below: float
    srm_warn_below: float
    program_significance: float
    program_power: float | None = None


@dataclass(frozen=True, order=True)
class Cell:
    """Which sums: of a metric, at a look, within a segment."""

    metric: str
    look_no: int = UNPLANNED
    segment: str = EVERYBODY
    segment_value: str = EVERYBODY


Sums = Mapping[Cell, Mapping[str, ArmStatistics]]


def arm_of(sums: Sums, cell: Cell, arm: str) -> ArmStatistics:
    """Sums of one arm; of an arm without matured members, none."""
    return sums.get(cell, {}).get(arm, ArmStatistics(arm, 0))


def comparable(metric: Metric, arm: ArmStatistics) -> ArmStatistics:
    """A mean is read after what is taken off it."""
    return arm if metric.is_ratio or arm.sum_d is None else arm.net()
