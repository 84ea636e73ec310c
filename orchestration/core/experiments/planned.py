"""What the arms of an experiment could find, before anybody is contacted.

Belongs here: comparing the audience that would enter next with the declared rule, arm by arm.
Does not: the formulas (``power``), started experiments (``readout``).
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.core.experiments.arm_statistics import ArmStatistics, StatisticsImpossible
from orchestration.core.experiments.declared import Experiment, Metric, comparable
from orchestration.core.experiments.power import Baseline, Plan, PlanImpossible, analyse_power


@dataclass(frozen=True)
class PlanRow:
    """One row of ``stg_rekindle__experiment_plans``: what an arm can find, or why nobody can say."""

    experiment: str
    arm: str
    weekly_members: int
    planned_members: int
    planned_control_members: int
    minimal_effect: float
    smallest_effect: float | None = None
    relative_smallest_effect: float | None = None
    power: float | None = None
    members_needed: int | None = None
    is_too_small: bool | None = None
    warning: str = ""


def plan(
    experiment: Experiment, metric: Metric, audience: ArmStatistics | None, weekly_members: int
) -> list[PlanRow]:
    """What each arm could find if as many entered every week as would enter next.

    Args:
        experiment: What was declared.
        metric: The primary metric.
        audience: Sums of those who matched the campaign a window ago, over the window since; None where
            nobody did, or the build has no states so old.
        weekly_members: How many would enter next.
    """
    experiment.check()
    weeks, rows = experiment.looks[-1], []
    for arm in experiment.treatments:
        members, control = (
            round(weekly_members * weeks * experiment.shares[each]) for each in (arm, experiment.control_arm)
        )
        row = (experiment.experiment, arm, weekly_members, members, control, experiment.minimal_effect)
        try:
            if not weekly_members:
                raise PlanImpossible("nobody would enter next week")
            if audience is None:
                raise PlanImpossible(
                    "nobody matched a window ago, or the build has no states so old, so there is no baseline"
                )
            found = analyse_power(
                Baseline.of(comparable(metric, audience)),
                Plan(
                    members=members,
                    control_members=control,
                    minimal_effect=experiment.minimal_effect,
                    arms=len(experiment.treatments),
                    planned_looks=len(experiment.looks),
                    significance=experiment.significance,
                    power=experiment.power,
                ),
            )
        except (PlanImpossible, StatisticsImpossible) as error:
            rows.append(PlanRow(*row, warning=str(error)))
            continue
        warning = (
            f"too small: {found.members_needed} members are needed to find {experiment.minimal_effect:g}"
            if found.is_too_small
            else ""
        )
        rows.append(
            PlanRow(
                *row,
                smallest_effect=found.smallest_effect,
                relative_smallest_effect=found.relative_smallest_effect,
                power=found.power,
                members_needed=found.members_needed,
                is_too_small=found.is_too_small,
                warning=warning,
            )
        )
    return rows
