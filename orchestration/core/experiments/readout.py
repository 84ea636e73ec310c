"""From sums per arm to what is said of an experiment: every metric, segment and look, and what was decided.

Belongs here: which sums are read how, in which order looks decide, the rows that are shown.
Does not: any formula (the modules beside this one), where sums come from and where rows go.

A planned look reads the weeks declared for it and may decide once; what was decided stays. Look 0 is
everybody matured so far: it informs, and may only stop. A reading that is not the last word has an interval
that holds however often it is read, and says nothing of profit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.core.experiments import always_valid, sample_ratio
from orchestration.core.experiments.arm_statistics import ArmStatistics
from orchestration.core.experiments.comparison import Comparison, NotEnough, compare, single_width
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
from orchestration.core.experiments.multiplicity import benjamini_hochberg
from orchestration.core.experiments.reading_rows import (
    Reading,
    lack_of,
    money_columns,
    reading_of,
    shrunk_columns,
)
from orchestration.core.experiments.sample_ratio import SampleRatio
from orchestration.core.experiments.shrinkage import ShrunkEffect, shrink, with_pooled_variance
from orchestration.core.experiments.verdict import DecisionRule, Evaluation, Guardrail, Verdict, evaluate

PROGRAM, HELD_OUT = "program", "held_out"
UNDECIDED = {Verdict.CONTINUE, Verdict.NOT_MATURED, Verdict.TOO_SMALL}
"""What a look may say without deciding anything."""


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
    reached = sorted(reached_looks)
    reader = _Reader(experiment, metrics, settings, sums, planned_members)
    ratio = sample_ratio.check(
        assigned, experiment.shares, stop_below=settings.srm_stop_below, warn_below=settings.srm_warn_below
    )
    readings: list[Reading] = []
    decisions: dict[str, Decision] = {}
    for look_no in (*reached, UNPLANNED):
        for reading, evaluation in reader.look(look_no, ratio):
            readings.append(reading)
            arm = reading.arm
            if evaluation.verdict not in UNDECIDED and arm not in decisions and arm not in set(decided):
                decisions[arm] = _decision(reading)
    readings += reader.other_metrics(reached) + reader.segments()
    return readings, list(decisions.values())


def read_program(
    holdout: str, metric: Metric, settings: Settings, sums: Sums, share_over: float = 1.0
) -> list[Reading]:
    """What the whole program brought, by those who were never contacted.

    Args:
        holdout: The global holdout.
        metric: The metric by which the program is valued.
        settings: Settings of all experiments.
        sums: Sums of those held out and of everybody else.
        share_over: Share of the holdout's days that is over. Members are all there from the first day and
            their sums grow, so that is how much is known. The reading of 1 decides; earlier ones may be read
            as often as anybody likes.
    """
    cell, significance = Cell(metric.metric), settings.program_significance
    control, program = arm_of(sums, cell, HELD_OUT), arm_of(sums, cell, PROGRAM)
    found = _compare(metric, control, program)
    is_final = share_over >= 1
    width = single_width(significance) if is_final else always_valid.width(share_over, 1.0, significance)
    more = money_columns(control, program, width, is_final=is_final)
    if isinstance(found, Comparison) and not is_final:
        more["p_value"] = always_valid.p_value(found.z, share_over, 1.0, significance)
    return [reading_of(holdout, cell, found, width, settings.program_power, is_final=is_final, **more)]


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
            is_final = look_no != UNPLANNED and (
                evaluation.verdict not in UNDECIDED or look_no == self.rule.planned_looks
            )
            more = {} if width is None else self._money_of(found.arm, look_no, width, is_final)
            reading = reading_of(
                self.experiment.experiment,
                cell,
                found,
                width,
                self.experiment.power,
                is_final=is_final,
                lack="wrong_arm_sizes"
                if evaluation.verdict is Verdict.STOPPED_SRM
                else lack_of(found, width),
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

    def other_metrics(self, reached: Sequence[int]) -> list[Reading]:
        """Every other metric: of the last look once it is there, until then of everybody matured so far."""
        is_over = self.rule.planned_looks in reached
        look_no = self.rule.planned_looks if is_over else UNPLANNED
        return [
            self._explaining(
                Cell(code, look_no), found, is_final=is_over, is_rail=code in self.experiment.guardrails
            )
            for code in sorted(self.metrics.keys() - {self.experiment.primary_metric})
            for found in self._compare(Cell(code, look_no))
        ]

    def _explaining(
        self, cell: Cell, found: Comparison | NotEnough, *, is_final: bool, is_rail: bool
    ) -> Reading:
        """A guardrail is shown as the verdict reads it; the others may be read at will until the end."""
        width, p_value = single_width(self.experiment.significance), {}
        if not (is_final or is_rail) and isinstance(found, Comparison):
            width, p_value["p_value"] = self._at_will(found)
        return reading_of(
            self.experiment.experiment,
            cell,
            found,
            width,
            self.experiment.power,
            is_final=is_final,
            **p_value,
        )

    def _at_will(self, found: Comparison) -> tuple[float, float]:
        """Width and p-value that hold however often somebody looks."""
        known, planned = found.members + found.control_members, self.rule.planned_members
        significance = self.experiment.significance
        return (
            always_valid.width(known, planned, significance),
            always_valid.p_value(found.z, known, planned, significance),
        )

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
        at_will = {cell: self._at_will(each) for cell, each in large.items()}
        adjusted = benjamini_hochberg({cell: p_value for cell, (_, p_value) in at_will.items()})
        shrunken: dict[Cell, ShrunkEffect] = {}
        for segment in {cell.segment for cell in large}:
            effects = with_pooled_variance(
                {cell.segment_value: each for cell, each in large.items() if cell.segment == segment}
            )
            for value, effect in shrink(effects).segments.items() if effects else ():
                shrunken[Cell(self.experiment.primary_metric, UNPLANNED, segment, value)] = effect
        rows = []
        for cell, each in found.items():
            width, p_value = at_will.get(cell, (None, None))
            rows.append(
                reading_of(
                    self.experiment.experiment,
                    cell,
                    each,
                    width,
                    self.experiment.power,
                    lack=lack_of(each, width),
                    p_value=p_value,
                    p_value_adjusted=adjusted.get(cell),
                    **shrunk_columns(shrunken.get(cell), width),
                )
            )
        return rows

    def _compare(self, cell: Cell) -> list[Comparison | NotEnough]:
        return [self._compare_arm(cell, arm) for arm in self.experiment.treatments]

    def _compare_arm(self, cell: Cell, arm: str) -> Comparison | NotEnough:
        return _compare(
            self.metrics[cell.metric],
            arm_of(self.sums, cell, self.experiment.control_arm),
            arm_of(self.sums, cell, arm),
        )

    def _money_of(
        self, arm: str, look_no: int, width: float, is_final: bool
    ) -> dict[str, float | str | None]:
        cell = Cell(self.experiment.primary_metric, look_no)
        if self.metrics[cell.metric].is_ratio:
            return {}
        control = arm_of(self.sums, cell, self.experiment.control_arm)
        return money_columns(control, arm_of(self.sums, cell, arm), width, is_final=is_final)


def _compare(metric: Metric, control: ArmStatistics, arm: ArmStatistics) -> Comparison | NotEnough:
    return compare(comparable(metric, control), comparable(metric, arm), is_rate=metric.is_rate)


def _decision(reading: Reading) -> Decision:
    names: Sequence[str] = tuple(Decision.__dataclass_fields__)
    return Decision(**{name: getattr(reading, name) for name in names})
