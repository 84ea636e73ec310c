"""One arm against the control: how large the difference is, and how sure.

Belongs here: effects on both scales, their standard errors, intervals and p-values, by tea-tasting.
Does not: how wide an interval must be when it is read more than once (``looks``, ``always_valid``), the test
    of rates (``rates``), what the difference means (``verdict``).
Late imports: tea-tasting brings ibis and pandas, and most builds compare no arms.

Ratio metrics by the delta method [Deng, Knoblich, Lu 2018, Applying the Delta Method in Metric Analytics],
the pre-period by CUPED [Deng, Xu, Kohavi, Walker 2013, Improving the Sensitivity of Online Controlled
Experiments by Utilizing Pre-Experiment Data]. Variances of the arms may differ. Where sums of cubes are
there, the skewness that unequal arms leave in a mean is taken out of its tails (``skewness``): it is
estimated from both arms together, for the members of a small control know too little of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from orchestration.core.experiments import skewness
from orchestration.core.experiments.arm_statistics import ArmStatistics, StatisticsImpossible
from orchestration.core.experiments.rates import Rates

if TYPE_CHECKING:
    from tea_tasting.metrics.mean import MeanResult

# At which level tea-tasting is asked for its bounds; the standard errors follow from them.
_LEVEL = 0.95
# A standard error that is nothing but rounding, as a share of the unadjusted one.
_ROUNDING = 1e-7
# A quotient whose lower bound is below this has a mean that may as well be 0.
_NO_QUOTIENT = 1e-6


class Scale(Enum):
    """What an effect is measured on."""

    ABSOLUTE = "absolute"
    RELATIVE = "relative"


class Lack(Enum):
    """Why two arms cannot be compared."""

    NO_MEMBERS = "no_members"
    ONE_MEMBER = "one_member"
    NO_VARIANCE = "no_variance"
    NO_DENOMINATOR = "no_denominator"


@dataclass(frozen=True)
class NotEnough:
    """A comparison that cannot be made, instead of numbers that are none.

    Attributes:
        arm: Arm that was to be compared with the control.
        control_arm: The control.
        members: Matured members of the arm.
        control_members: Matured members of the control.
        lack: What is missing.
        effect: Difference of the plain means where there are any (no variance); it has no standard error.
    """

    arm: str
    control_arm: str
    members: int
    control_members: int
    lack: Lack
    effect: float | None = None


@dataclass(frozen=True)
class Interval:
    """Bounds in the unit of the effect; a relative effect of 0.1 is ten per cent more than the control."""

    lower: float
    upper: float


@dataclass(frozen=True)
class Comparison:
    """The difference between an arm and the control.

    Attributes:
        arm: The arm.
        control_arm: The control.
        members: Matured members of the arm.
        control_members: Matured members of the control.
        mean: Mean per member of the arm, or ratio of sums; adjusted when ``is_adjusted``.
        control_mean: The same of the control.
        effect: ``mean - control_mean``, in the metric's unit.
        standard_error: Of the effect, in the metric's unit; of a rate, if there were no difference.
        relative_effect: ``mean / control_mean - 1``; empty unless both means are above 0 and not lost in
            their own noise.
        log_standard_error: Standard error of ``log(mean / control_mean)``; empty with the relative effect.
        is_adjusted: Whether the pre-period was used (CUPED).
        variance_reduction: Share of the effect's variance that the pre-period took away; empty without it.
        skewness: Of the effect divided by its standard error; 0 where nothing is taken out.
        rates: Counts of a rate, which has a test and an interval of its own; empty for any other metric.
    """

    arm: str
    control_arm: str
    members: int
    control_members: int
    mean: float
    control_mean: float
    effect: float
    standard_error: float
    relative_effect: float | None
    log_standard_error: float | None
    is_adjusted: bool
    variance_reduction: float | None
    skewness: float = 0.0
    rates: Rates | None = None

    @property
    def z(self) -> float:
        """How far the effect is from none, on the scale of a standard normal."""
        if self.rates is not None:
            return self.rates.z()
        return skewness.normal_of_t(self.effect / self.standard_error, self.skewness)

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference, for a single reading."""
        return float(2 * ndtr(-abs(self.z)))

    @property
    def p_value_scale(self) -> Scale:
        """The scale on which the p-value tests: always the difference, never the quotient."""
        return Scale.ABSOLUTE

    def interval(self, width: float) -> Interval:
        """Every effect that a test with bounds ``-width`` and ``width`` on z does not reject."""
        if self.rates is not None:
            return Interval(*self.rates.bounds(width))
        lower, upper = (skewness.t_of_normal(bound, self.skewness) for bound in (width, -width))
        return Interval(self.effect - lower * self.standard_error, self.effect - upper * self.standard_error)

    def smallest_effect(self, width: float, power: float) -> float:
        """The true effect that this many members show with the wanted power, at bounds of this width."""
        interval = self.interval(width)
        return (interval.upper - interval.lower) / 2 * (width + float(ndtri(power))) / width

    def relative_interval(self, width: float) -> Interval | None:
        """Interval of the relative effect, made on the logarithm; empty with the relative effect."""
        if self.relative_effect is None or self.log_standard_error is None:
            return None
        log_ratio = math.log1p(self.relative_effect)
        reach = width * self.log_standard_error
        return Interval(_expm1(log_ratio - reach), _expm1(log_ratio + reach))


def single_width(significance: float) -> float:
    """Standard errors to each side of a two-sided interval that is read once."""
    return float(-ndtri(significance / 2))


def compare(
    control: ArmStatistics,
    treatment: ArmStatistics,
    *,
    with_pre_period: bool = True,
    is_rate: bool = False,
) -> Comparison | NotEnough:
    """Compare an arm with the control, using whatever both of them have summed.

    Args:
        control: Sums of the control.
        treatment: Sums of the arm.
        with_pre_period: Whether to use the pre-period where both arms have one.
        is_rate: Whether ``y`` of a member is 0 or 1, and to be read as a rate.

    Raises:
        StatisticsImpossible: One arm has a denominator and the other none, sums contradict themselves, or
            those of a rate are not of zeros and ones.
    """
    lack = _lack(control, treatment)
    if lack is None:
        shared = _shared_quantities(control, treatment)
        plain = _read(control, treatment, shared - {"x", "w"})
        adjusted = None
        if plain is not None and with_pre_period and "x" in shared:
            adjusted = _read(control, treatment, shared)
        found = plain if adjusted is None else _with_reduction(adjusted, plain)
        if is_rate:
            return _as_rate(found, control, treatment)
        if found is not None:
            return found
        lack = Lack.NO_VARIANCE
    effect = _plain_effect(control, treatment) if lack is Lack.NO_VARIANCE else None
    return NotEnough(treatment.arm, control.arm, treatment.members, control.members, lack, effect)


def compare_all(
    control: ArmStatistics, treatments: Iterable[ArmStatistics], *, with_pre_period: bool = True
) -> tuple[Comparison | NotEnough, ...]:
    """Compare every arm with the control, in the order given."""
    return tuple(compare(control, arm, with_pre_period=with_pre_period) for arm in treatments)


def _lack(*arms: ArmStatistics) -> Lack | None:
    if any(arm.members == 0 for arm in arms):
        return Lack.NO_MEMBERS
    if any(arm.members == 1 for arm in arms):
        return Lack.ONE_MEMBER
    if any(arm.sum_d is not None and arm.sum_d == 0 for arm in arms):
        return Lack.NO_DENOMINATOR
    return None


def _shared_quantities(control: ArmStatistics, treatment: ArmStatistics) -> set[str]:
    if ("d" in control.quantities) != ("d" in treatment.quantities):
        raise StatisticsImpossible(
            f"of arms {control.arm} and {treatment.arm} only one has a denominator (sum_d); "
            "sum it for both or for none"
        )
    shared = {"y", *control.quantities} & {"y", *treatment.quantities}
    # A pre-period ratio needs its denominator in both arms, and one that is not 0.
    if "w" in shared and ("x" not in shared or control.sum_w == 0 or treatment.sum_w == 0):
        shared -= {"w", "x"}
    return shared


def _plain_effect(control: ArmStatistics, treatment: ArmStatistics) -> float:
    letters = {"y", "d"} & {"y", *control.quantities}
    denominator = "d" if "d" in letters else None
    means = [arm.aggregates(letters) for arm in (control, treatment)]
    return float(
        means[1].mean("y") / means[1].mean(denominator) - means[0].mean("y") / means[0].mean(denominator)
    )


def _read(control: ArmStatistics, treatment: ArmStatistics, quantities: set[str]) -> Comparison | None:
    """What tea-tasting makes of these quantities; None where the members of both arms do not differ."""
    # Here, for start-up, as in arm_statistics.
    from tea_tasting.metrics.mean import RatioOfMeans

    arms = control.aggregates(quantities), treatment.aggregates(quantities)
    denominator = "d" if "d" in quantities else None
    metric = RatioOfMeans(
        "y",
        denominator,
        "x" if "x" in quantities else None,
        "w" if "w" in quantities else None,
        # One-sided: the upper bound of a quotient overflows where a mean is close to 0, the lower one cannot.
        alternative="greater",
        confidence_level=_LEVEL,
        equal_var=False,
        use_t=False,
    )
    # As if numerator and denominator had nothing to do with each other, and the past neither.
    scattered = sum(arm.var("y") / arm.mean(denominator) ** 2 / arm.count() for arm in arms)
    if scattered == 0 and denominator is None:
        return None
    try:
        # A mean of 0 makes the quotient's distribution infinitely wide; nothing of it is used then.
        with np.errstate(divide="ignore", invalid="ignore"):
            found = metric.analyze_aggregates(*arms)
    except ValueError:  # the root of a variance that is 0 but for rounding, and below it
        return None
    standard_error = (found.effect_size - found.effect_size_ci_lower) / float(ndtri(_LEVEL))
    if not standard_error > _ROUNDING * math.sqrt(scattered):
        return None
    relative, log_standard_error = _relative(found)
    skewed = 0.0 if denominator else _skewness(control, treatment, "x" in quantities)
    return Comparison(
        arm=treatment.arm,
        control_arm=control.arm,
        members=treatment.members,
        control_members=control.members,
        mean=float(found.treatment),
        control_mean=float(found.control),
        effect=float(found.effect_size),
        standard_error=float(standard_error),
        relative_effect=relative,
        log_standard_error=log_standard_error,
        is_adjusted="x" in quantities,
        variance_reduction=None,
        skewness=skewed,
    )


def _skewness(control: ArmStatistics, treatment: ArmStatistics, is_adjusted: bool) -> float:
    """Of the difference of means, with the members of both arms taken to be as skewed as all of them are."""
    letters = {"y", "x"} if is_adjusted else {"y"}
    aggregates = control.aggregates(letters), treatment.aggregates(letters)
    slope = 0.0
    if is_adjusted:
        together = aggregates[0] + aggregates[1]
        slope = together.cov("y", "x") / together.var("x") if together.var("x") else 0.0
    third, squares = 0.0, 0.0
    for arm, found in zip((control, treatment), aggregates, strict=True):
        moment = arm.third_moment(slope)
        if moment is None:
            return 0.0
        third += moment * arm.members
        squares += found.var("y") * (arm.members - 1)
        if slope:
            squares += (slope**2 * found.var("x") - 2 * slope * found.cov("y", "x")) * (arm.members - 1)
    variance = squares / (control.members + treatment.members - 2)
    if not variance > 0:
        return 0.0
    of_members = third / (control.members + treatment.members) / variance**1.5
    return skewness.of_difference(of_members, treatment.members, control.members)


def _as_rate(found: Comparison | None, control: ArmStatistics, treatment: ArmStatistics) -> Comparison:
    """The same effect, tested by the counts; where nobody differs from anybody, there is one as well."""
    events, control_events = (_events(arm) for arm in (treatment, control))
    rate, control_rate = events / treatment.members, control_events / control.members
    if found is None:
        found = Comparison(
            treatment.arm, control.arm, treatment.members, control.members, rate, control_rate,
            rate - control_rate, 0.0, None, None, False, None,
        )  # fmt: skip
    unexplained = 1 - min(max(found.variance_reduction or 0.0, 0.0), 1.0)
    rates = Rates(
        events, treatment.members, control_events, control.members, found.effect, max(unexplained, _ROUNDING)
    )
    return replace(found, standard_error=rates.standard_error, skewness=0.0, rates=rates)


def _events(arm: ArmStatistics) -> int:
    if arm.sum_y is None or arm.sum_y != arm.sum_yy or arm.sum_y % 1 or not 0 <= arm.sum_y <= arm.members:
        raise StatisticsImpossible(
            f"arm {arm.arm}: {arm.sum_y} of {arm.members} members, squares {arm.sum_yy}; of a rate each "
            "member is 0 or 1"
        )
    return int(arm.sum_y)


def _relative(found: MeanResult) -> tuple[float | None, float | None]:
    """The relative effect and the standard error of its logarithm, where a quotient says anything."""
    if not (found.control > 0 and found.treatment > 0):
        return None, None
    ratio, lower = found.rel_effect_size + 1, found.rel_effect_size_ci_lower + 1
    if not lower > _NO_QUOTIENT:
        return None, None
    return float(found.rel_effect_size), float(math.log(ratio / lower) / ndtri(_LEVEL))


def _with_reduction(adjusted: Comparison, plain: Comparison) -> Comparison:
    reduction = 1 - (adjusted.standard_error / plain.standard_error) ** 2
    return replace(adjusted, variance_reduction=reduction)


def _expm1(value: float) -> float:
    """``exp(value) - 1`` that is infinite, not an error, where it is too large for a number."""
    try:
        return math.expm1(value)
    except OverflowError:
        return math.inf
