"""What an experiment's numbers mean by the rule that was written down before it started.

Belongs here: the rule, the order in which its clauses are asked, and a sentence in English and Chinese.
Does not: the numbers themselves, keeping the rule from being changed, remembering a verdict.

Clauses are asked in the order listed in ``docs/experiments.md``; the first that applies is the verdict.
A planned look may decide; a look nobody planned shows the always-valid interval and may only stop: for wrong
arm sizes or a guardrail.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from orchestration.core.errors import InputFault
from orchestration.core.experiments import always_valid, looks
from orchestration.core.experiments.comparison import Comparison, Interval, Lack, NotEnough, single_width
from orchestration.core.experiments.multiplicity import holm
from orchestration.core.experiments.sample_ratio import Ratio, SampleRatio


class Verdict(Enum):
    """What came of an arm."""

    STOPPED_SRM = "stopped_srm"
    NOT_MATURED = "not_matured"
    TOO_SMALL = "too_small"
    GUARDRAIL_BREACHED = "guardrail_breached"
    LOSS = "loss"
    WIN = "win"
    BELOW_MINIMUM = "below_minimum"
    GUARDRAIL_UNPROVEN = "guardrail_unproven"
    NO_DIFFERENCE = "no_difference"
    INCONCLUSIVE = "inconclusive"
    CONTINUE = "continue"


@dataclass(frozen=True)
class Guardrail:
    """A metric that must not get worse by more than a margin.

    Attributes:
        metric: Code of the metric, such as the unsubscribe rate.
        allowed_harm: Largest worsening still accepted, above 0, in the metric's unit.
        higher_is_better: Whether more of it is good; of complaints it is not.
    """

    metric: str
    allowed_harm: float
    higher_is_better: bool = False


@dataclass(frozen=True)
class DecisionRule:
    """What was declared before the start.

    Attributes:
        metric: Code of the primary metric.
        minimal_effect: Smallest gain worth rolling out, 0 or more, in the metric's unit.
        planned_looks: Planned looks, equally spaced in matured members.
        significance: Chance to find a difference in any arm at any look where there is none.
        least_members: Matured members below which an arm is not read.
        planned_members: Members of one arm and the control when all have matured; tunes the always-valid
            interval.
        guardrails: Metrics that must not get worse.
        higher_is_better: Whether more of the primary metric is good.
    """

    metric: str
    minimal_effect: float
    planned_looks: int
    significance: float
    least_members: int
    planned_members: int
    guardrails: tuple[Guardrail, ...] = ()
    higher_is_better: bool = True


@dataclass(frozen=True)
class Evaluation:
    """The verdict on one arm, with what it rests on.

    Attributes:
        arm: The arm.
        verdict: What came of it.
        look: Number of the planned look; empty between planned looks.
        width: Standard errors to each side of the interval; empty when there was nothing to compare.
        interval: Interval of the effect that allows for looking repeatedly, in the metric's unit.
        relative_interval: The same of the relative effect, where there is one.
        p_value: Of no difference, allowing for looking repeatedly.
        p_value_adjusted: The same, allowing for the other arms too (Holm).
        guardrails: Codes of the guardrails that were breached, or else of those not shown to be kept.
        sentence_en: Why, in English.
        sentence_zh: Why, in Chinese.
    """

    arm: str
    verdict: Verdict
    look: int | None
    width: float | None
    interval: Interval | None
    relative_interval: Interval | None
    p_value: float | None
    p_value_adjusted: float | None
    guardrails: tuple[str, ...]
    sentence_en: str
    sentence_zh: str


_SENTENCES = {
    Verdict.STOPPED_SRM: (
        "The arms do not have the sizes they were meant to have (p = {srm}); nothing of it is read.",
        "各组人数与设定比例不符（p = {srm}），结果不予解读。",
    ),
    Verdict.NOT_MATURED: (
        "The window of no member is over yet.",
        "还没有会员完成观察期。",
    ),
    Verdict.TOO_SMALL: (
        "Not enough data: {members} members against {control_members}; {least} are needed, not all alike.",
        "数据不足：实验组 {members} 人，对照组 {control_members} 人；每组至少 {least} 人，且结果不全相同。",
    ),
    Verdict.GUARDRAIL_BREACHED: (
        "Stopped: {guardrails} got worse by more than was accepted.",
        "停止：{guardrails} 的恶化超出可接受范围。",
    ),
    Verdict.LOSS: (
        "Worse than the control: {effect} ({lower} to {upper}).",
        "比对照组差，差异为 {effect}（{lower} 至 {upper}）。",
    ),
    Verdict.WIN: (
        "Better than the control: {effect} ({lower} to {upper}); {minimal} was asked for.",
        "优于对照组，差异为 {effect}（{lower} 至 {upper}），达到要求的 {minimal}。",
    ),
    Verdict.BELOW_MINIMUM: (
        "Better than the control: {effect} ({lower} to {upper}), but less than the {minimal} asked for.",
        "优于对照组，差异为 {effect}（{lower} 至 {upper}），但未达到要求的 {minimal}。",
    ),
    Verdict.GUARDRAIL_UNPROVEN: (
        "Better than the control: {effect}, but it is not shown that {guardrails} did not get worse.",
        "优于对照组，差异为 {effect}，但无法证明 {guardrails} 没有恶化。",
    ),
    Verdict.NO_DIFFERENCE: (
        "No difference found, and a gain of {minimal} is ruled out: {effect} ({lower} to {upper}).",
        "未发现差异，且可排除 {minimal} 的提升：{effect}（{lower} 至 {upper}）。",
    ),
    Verdict.INCONCLUSIVE: (
        "No difference found, but a gain of {minimal} is not ruled out: {effect} ({lower} to {upper}).",
        "未发现差异，但不能排除 {minimal} 的提升：{effect}（{lower} 至 {upper}）。",
    ),
    Verdict.CONTINUE: (
        "Nothing is decided {when}: {effect} ({lower} to {upper}).",
        "{when_zh}尚无结论：{effect}（{lower} 至 {upper}）。",
    ),
}


def evaluate(
    rule: DecisionRule,
    *,
    look: int | None,
    sample_ratio: SampleRatio,
    primary: Sequence[Comparison | NotEnough],
    guardrails: Mapping[str, Sequence[Comparison | NotEnough]],
) -> tuple[Evaluation, ...]:
    """Evaluate every arm by the rule.

    Args:
        rule: What was declared before the start.
        look: Number of the planned look, counted from 1; None between planned looks.
        sample_ratio: The check of the arms' sizes.
        primary: Comparisons of the primary metric, one per arm.
        guardrails: Comparisons of each guardrail's metric, one per arm; every guardrail of the rule is there.

    Raises:
        InputFault: The rule lacks a margin or a number, or a guardrail has no numbers for an arm.
        InputFault: The plan has no such look.
    """
    _check(rule, primary, guardrails)
    readings = {found.arm: _Reading(rule, look, found) for found in primary}
    p_values = {arm: reading.p_value for arm, reading in readings.items() if reading.p_value is not None}
    adjusted = holm(p_values)
    return tuple(
        _evaluation(
            reading,
            adjusted.get(arm),
            sample_ratio,
            {rail: _of_arm(guardrails[rail.metric], arm) for rail in rule.guardrails},
        )
        for arm, reading in readings.items()
    )


class _Reading:
    """One arm's comparison, with the interval that its kind of look allows."""

    def __init__(self, rule: DecisionRule, look: int | None, found: Comparison | NotEnough) -> None:
        self.rule, self.look, self.found = rule, look, found
        self.is_large_enough = min(found.members, found.control_members) >= rule.least_members
        self.width = self.p_value = None
        if isinstance(found, Comparison) and self.is_large_enough:
            self.width, self.p_value = _width_and_p(rule, look, found)

    @property
    def is_last(self) -> bool:
        return self.look == self.rule.planned_looks


def _width_and_p(rule: DecisionRule, look: int | None, found: Comparison) -> tuple[float, float]:
    if look is not None:
        return looks.width(look, rule.planned_looks, rule.significance), looks.p_value(
            found.z, look, rule.planned_looks
        )
    members = found.members + found.control_members
    return (
        always_valid.width(members, rule.planned_members, rule.significance),
        always_valid.p_value(found.z, members, rule.planned_members, rule.significance),
    )


def _evaluation(
    reading: _Reading,
    p_value_adjusted: float | None,
    sample_ratio: SampleRatio,
    rails: Mapping[Guardrail, Comparison | NotEnough],
) -> Evaluation:
    verdict, named = _verdict(reading, p_value_adjusted, sample_ratio, rails)
    found, width = reading.found, reading.width
    is_read = isinstance(found, Comparison) and width is not None and verdict is not Verdict.STOPPED_SRM
    interval = found.interval(width) if is_read else None
    sentence_en, sentence_zh = _sentences(reading, verdict, interval, named, sample_ratio)
    return Evaluation(
        arm=found.arm,
        verdict=verdict,
        look=reading.look,
        width=width if is_read else None,
        interval=interval,
        relative_interval=found.relative_interval(width) if is_read else None,
        p_value=reading.p_value if is_read else None,
        p_value_adjusted=p_value_adjusted if is_read else None,
        guardrails=named,
        sentence_en=sentence_en,
        sentence_zh=sentence_zh,
    )


def _verdict(
    reading: _Reading,
    p_value_adjusted: float | None,
    sample_ratio: SampleRatio,
    rails: Mapping[Guardrail, Comparison | NotEnough],
) -> tuple[Verdict, tuple[str, ...]]:
    """The first clause that applies, and the guardrails it names."""
    rule, found = reading.rule, reading.found
    if sample_ratio.ratio is Ratio.STOP:
        return Verdict.STOPPED_SRM, ()
    if isinstance(found, NotEnough) and found.lack is Lack.NO_MEMBERS:
        return Verdict.NOT_MATURED, ()
    if isinstance(found, NotEnough) or not reading.is_large_enough:
        return Verdict.TOO_SMALL, ()
    worst = {rail: _worsening(rail, seen, rule.significance) for rail, seen in rails.items()}
    breached = tuple(
        rail.metric for rail, bounds in worst.items() if bounds and bounds.lower > rail.allowed_harm
    )
    if breached:
        return Verdict.GUARDRAIL_BREACHED, breached
    if reading.look is None:
        return Verdict.CONTINUE, ()
    gain = found.effect if rule.higher_is_better else -found.effect
    if p_value_adjusted <= rule.significance and gain < 0:
        return Verdict.LOSS, ()
    if p_value_adjusted <= rule.significance:
        unproven = tuple(
            rail.metric for rail, bounds in worst.items() if not (bounds and bounds.upper < rail.allowed_harm)
        )
        if gain >= rule.minimal_effect and not unproven:
            return Verdict.WIN, ()
        if not reading.is_last:
            return Verdict.CONTINUE, ()
        return (
            (Verdict.BELOW_MINIMUM, ())
            if gain < rule.minimal_effect
            else (Verdict.GUARDRAIL_UNPROVEN, unproven)
        )
    if not reading.is_last:
        return Verdict.CONTINUE, ()
    interval = found.interval(reading.width)
    most = interval.upper if rule.higher_is_better else -interval.lower
    return (Verdict.NO_DIFFERENCE if most < rule.minimal_effect else Verdict.INCONCLUSIVE), ()


def _worsening(rail: Guardrail, seen: Comparison | NotEnough, significance: float) -> Interval | None:
    """Bounds of how much worse a guardrail got; none when nothing can be said.

    Not widened for repeated looks: stopping a harmless campaign costs less than continuing a harmful one, and
    a win needs the primary metric's bound besides.
    """
    sign = -1 if rail.higher_is_better else 1
    if isinstance(seen, NotEnough):
        # All members alike in each arm: a harm that is there is seen, that there is none is not shown.
        return None if seen.effect is None else Interval(sign * seen.effect, math.inf)
    bounds = seen.interval(single_width(significance))
    return Interval(*sorted((sign * bounds.lower, sign * bounds.upper)))


def _sentences(
    reading: _Reading,
    verdict: Verdict,
    interval: Interval | None,
    named: tuple[str, ...],
    sample_ratio: SampleRatio,
) -> tuple[str, str]:
    found, planned = reading.found, reading.look is not None
    words = {
        "srm": "" if sample_ratio.p_value is None else f"{sample_ratio.p_value:.2g}",
        "members": found.members,
        "control_members": found.control_members,
        "least": reading.rule.least_members,
        "minimal": _signed(reading.rule.minimal_effect).lstrip("+"),
        "effect": "" if interval is None else _signed(found.effect),
        "lower": "" if interval is None else _signed(interval.lower),
        "upper": "" if interval is None else _signed(interval.upper),
        "when": f"at look {reading.look} of {reading.rule.planned_looks}"
        if planned
        else "between planned looks",
        "when_zh": f"第 {reading.look}/{reading.rule.planned_looks} 次计划查看" if planned else "计划外查看",
    }
    english, chinese = _SENTENCES[verdict]
    return (
        english.format(guardrails=", ".join(named), **words),
        chinese.format(guardrails="、".join(named), **words),
    )


def _signed(value: float) -> str:
    """Three digits that count, with sign and without exponent."""
    digits = 2 - math.floor(math.log10(abs(value))) if value and math.isfinite(value) else 0
    return f"{value:+,.{max(digits, 0)}f}"


def _of_arm(comparisons: Sequence[Comparison | NotEnough], arm: str) -> Comparison | NotEnough:
    return next(found for found in comparisons if found.arm == arm)


def _check(
    rule: DecisionRule,
    primary: Sequence[Comparison | NotEnough],
    guardrails: Mapping[str, Sequence[Comparison | NotEnough]],
) -> None:
    if rule.minimal_effect < 0 or rule.least_members < 2 or rule.planned_members < 1:
        raise InputFault(
            f"rule of {rule.metric}: minimal effect {rule.minimal_effect}, least members "
            f"{rule.least_members}, planned members {rule.planned_members}; at least 0, 2 and 1 are needed"
        )
    arms = {found.arm for found in primary}
    for rail in rule.guardrails:
        if not rail.allowed_harm > 0:
            raise InputFault(
                f"guardrail {rail.metric}: allowed harm {rail.allowed_harm}; declare one above 0"
            )
        missing = arms - {found.arm for found in guardrails.get(rail.metric, ())}
        if missing:
            raise InputFault(
                f"guardrail {rail.metric} has no numbers for {', '.join(sorted(missing))}; "
                "sum it for every arm"
            )
