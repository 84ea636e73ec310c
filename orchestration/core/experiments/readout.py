"""From sums per arm to what is said of an experiment: every metric, segment and look, and what was decided.

Belongs here: which sums are read how, in which order looks decide, the rows that are shown.
Does not: any formula (the modules beside this one), where sums come from and where rows go.

A planned look reads the weeks declared for it and may decide once; what was decided stays. Look 0 is
everybody matured so far: it informs, and may only stop.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.core.experiments import sample_ratio
from orchestration.core.experiments.arm_statistics import ArmStatistics
from orchestration.core.experiments.comparison import (
    Comparison,
    Interval,
    NotEnough,
    compare,
    single_width,
)
from orchestration.core.experiments.declared import (
    EVERYBODY,
    UNPLANNED,
    Cell,
    Experiment,
    Metric,
    Settings,
    Sums,
    arm_of,
    comparable,
)
from orchestration.core.experiments.money import Money, money
from orchestration.core.experiments.multiplicity import benjamini_hochberg
from orchestration.core.experiments.sample_ratio import SampleRatio
from orchestration.core.experiments.shrinkage import SegmentEffect, ShrunkEffect, shrink
from orchestration.core.experiments.verdict import DecisionRule, Evaluation, Guardrail, Verdict, evaluate

PROGRAM, HELD_OUT = "program", "held_out"
UNDECIDED = {Verdict.CONTINUE, Verdict.NOT_MATURED, Verdict.TOO_SMALL}
"""What a look may say without deciding anything."""


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
    arm_mean: float | None = None
    control_mean: float | None = None
    effect: float | None = None
    effect_lower: float | None = None
    effect_upper: float | None = None
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


@dataclass(frozen=True)
class Decision:
    """What the first look that decided said of an arm; it stays whatever is read later."""

    experiment: str
    arm: str
    look_no: int
    verdict: str
    effect: float | None
    effect_lower: float | None
    effect_upper: float | None
    p_value_adjusted: float | None
    sentence_en: str
    sentence_zh: str


def read_experiment(
    experiment: Experiment,
    metrics: Mapping[str, Metric],
    settings: Settings,
    *,
    assigned: Mapping[str, int],
    sums: Sums,
    reached_looks: Iterable[int],
    planned_members: int,
    decided: Iterable[str] = (),
) -> tuple[list[Reading], list[Decision]]:
    """Everything that is said of a started experiment, and what is decided now.

    Args:
        experiment: What was declared.
        metrics: Every metric by code.
        settings: Settings of all experiments.
        assigned: Members by arm, matured or not.
        sums: Sums by cell and arm; a cell or arm without matured members may be missing.
        reached_looks: Planned looks whose weeks are over.
        planned_members: Members of an arm and the control when all have matured; fixed at the start.
        decided: Arms that were decided before.
    """
    experiment.check()
    reader = _Reader(experiment, metrics, settings, sums, planned_members)
    ratio = sample_ratio.check(
        assigned, experiment.shares, stop_below=settings.srm_stop_below, warn_below=settings.srm_warn_below
    )
    readings: list[Reading] = []
    decisions: dict[str, Decision] = {}
    for look_no in (*sorted(reached_looks), UNPLANNED):
        for reading, evaluation in reader.look(look_no, ratio):
            readings.append(reading)
            arm = reading.arm
            if evaluation.verdict not in UNDECIDED and arm not in decisions and arm not in set(decided):
                decisions[arm] = _decision(reading)
    readings += reader.other_metrics() + reader.segments()
    return readings, list(decisions.values())


def read_program(holdout: str, metric: Metric, settings: Settings, sums: Sums) -> list[Reading]:
    """What the whole program brought, by those who were never contacted."""
    cell = Cell(metric.metric)
    control, program = arm_of(sums, cell, HELD_OUT), arm_of(sums, cell, PROGRAM)
    width = single_width(settings.program_significance)
    found = compare(comparable(metric, control), comparable(metric, program))
    return [_reading(holdout, cell, found, width, **_money(control, program, width))]


class _Reader:
    """Reads the sums of one experiment."""

    def __init__(
        self,
        experiment: Experiment,
        metrics: Mapping[str, Metric],
        settings: Settings,
        sums: Sums,
        planned_members: int,
    ) -> None:
        self.experiment, self.metrics, self.settings, self.sums = experiment, metrics, settings, sums
        self.rule = DecisionRule(
            metric=experiment.primary_metric,
            minimal_effect=experiment.minimal_effect,
            planned_looks=len(experiment.looks),
            significance=experiment.significance,
            least_members=settings.least_members,
            planned_members=planned_members,
            guardrails=tuple(
                Guardrail(code, metrics[code].allowed_harm, metrics[code].higher_is_better)
                for code in experiment.guardrails
            ),
            higher_is_better=metrics[experiment.primary_metric].higher_is_better,
        )

    def look(self, look_no: int, ratio: SampleRatio) -> list[tuple[Reading, Evaluation]]:
        """The primary metric of every arm, with the verdict."""
        cell = Cell(self.experiment.primary_metric, look_no)
        primary = self._compare(cell)
        evaluations = evaluate(
            self.rule,
            look=None if look_no == UNPLANNED else look_no,
            sample_ratio=ratio,
            primary=primary,
            guardrails={code: self._compare(Cell(code, look_no)) for code in self.experiment.guardrails},
        )
        rows = []
        for found, evaluation in zip(primary, evaluations, strict=True):
            width = evaluation.width
            more = {} if width is None else self._money_of(found.arm, look_no, width)
            reading = _reading(
                self.experiment.experiment,
                cell,
                found,
                width,
                lack="wrong_arm_sizes" if evaluation.verdict is Verdict.STOPPED_SRM else _lack(found, width),
                p_value=evaluation.p_value,
                p_value_adjusted=evaluation.p_value_adjusted,
                srm=ratio.ratio.value,
                srm_p_value=ratio.p_value,
                verdict=evaluation.verdict.value,
                guardrails=", ".join(evaluation.guardrails),
                sentence_en=evaluation.sentence_en,
                sentence_zh=evaluation.sentence_zh,
                **more,
            )
            rows.append((reading, evaluation))
        return rows

    def other_metrics(self) -> list[Reading]:
        """Every other metric of everybody matured, each read once: they explain and decide nothing."""
        width = single_width(self.experiment.significance)
        return [
            _reading(self.experiment.experiment, Cell(code), found, width)
            for code in sorted(self.metrics.keys() - {self.experiment.primary_metric})
            for found in self._compare(Cell(code))
        ]

    def segments(self) -> list[Reading]:
        """The primary metric within every declared segment, shrunken among the values of each."""
        return [row for arm in self.experiment.treatments for row in self._segments_of(arm)]

    def _segments_of(self, arm: str) -> list[Reading]:
        cells = [
            cell
            for cell in sorted(self.sums)
            if cell.metric == self.experiment.primary_metric and cell.segment != EVERYBODY
        ]
        found = {cell: self._compare_arm(cell, arm) for cell in cells}
        large = {
            cell: each
            for cell, each in found.items()
            if isinstance(each, Comparison)
            and min(each.members, each.control_members) >= self.settings.least_members
        }
        adjusted = benjamini_hochberg({cell: each.p_value for cell, each in large.items()})
        shrunken: dict[Cell, ShrunkEffect] = {}
        for segment in {cell.segment for cell in large}:
            effects = {
                cell.segment_value: SegmentEffect(each.effect, each.standard_error)
                for cell, each in large.items()
                if cell.segment == segment
            }
            for value, effect in shrink(effects).segments.items():
                shrunken[Cell(self.experiment.primary_metric, UNPLANNED, segment, value)] = effect
        width = single_width(self.experiment.significance)
        return [
            _reading(
                self.experiment.experiment,
                cell,
                each,
                width if cell in large else None,
                lack=_lack(each, width if cell in large else None),
                p_value_adjusted=adjusted.get(cell),
                **_shrunk(shrunken.get(cell), width),
            )
            for cell, each in found.items()
        ]

    def _compare(self, cell: Cell) -> list[Comparison | NotEnough]:
        return [self._compare_arm(cell, arm) for arm in self.experiment.treatments]

    def _compare_arm(self, cell: Cell, arm: str) -> Comparison | NotEnough:
        metric = self.metrics[cell.metric]
        return compare(
            comparable(metric, arm_of(self.sums, cell, self.experiment.control_arm)),
            comparable(metric, arm_of(self.sums, cell, arm)),
        )

    def _money_of(self, arm: str, look_no: int, width: float) -> dict[str, float | str | None]:
        cell = Cell(self.experiment.primary_metric, look_no)
        if self.metrics[cell.metric].is_ratio:
            return {}
        return _money(
            arm_of(self.sums, cell, self.experiment.control_arm), arm_of(self.sums, cell, arm), width
        )


def _lack(found: Comparison | NotEnough, width: float | None) -> str | None:
    """Why there are no numbers; empty where there are."""
    if isinstance(found, NotEnough):
        return found.lack.value
    return "too_small" if width is None else None


def _money(control: ArmStatistics, arm: ArmStatistics, width: float) -> dict[str, float | str | None]:
    if control.sum_d is None or arm.sum_d is None:
        return {}
    found = money(control, arm, width)
    if not isinstance(found, Money):
        return {}
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


def _shrunk(found: ShrunkEffect | None, width: float) -> dict[str, float]:
    if found is None:
        return {}
    return {"shrunk_effect": found.effect, **_bounds("shrunk_effect", found.interval(width))}


def _bounds(name: str, interval: Interval | None) -> dict[str, float]:
    return {} if interval is None else {f"{name}_lower": interval.lower, f"{name}_upper": interval.upper}


def _reading(
    experiment: str,
    cell: Cell,
    found: Comparison | NotEnough,
    width: float | None,
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
    }
    if isinstance(found, NotEnough) or width is None:
        return Reading(**where, **{"lack": _lack(found, width), **more})
    numbers = {
        "arm_mean": found.mean,
        "control_mean": found.control_mean,
        "effect": found.effect,
        **_bounds("effect", found.interval(width)),
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


def _decision(reading: Reading) -> Decision:
    names: Sequence[str] = tuple(Decision.__dataclass_fields__)
    return Decision(**{name: getattr(reading, name) for name in names})
