"""Verdicts by the rule declared before the start: each code, its border, its sentence."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.core.errors import InputFault
from orchestration.core.experiments import always_valid, looks
from orchestration.core.experiments.arm_statistics import ArmStatistics
from orchestration.core.experiments.comparison import Comparison, Lack, NotEnough, compare
from orchestration.core.experiments.sample_ratio import Ratio, SampleRatio
from orchestration.core.experiments.verdict import DecisionRule, Guardrail, Verdict, evaluate

RULE = DecisionRule(
    metric="margin",
    minimal_effect=3.0,
    planned_looks=4,
    significance=0.05,
    least_members=100,
    planned_members=8000,
    guardrails=(Guardrail("complained", 0.005),),
)
FINE = SampleRatio(Ratio.FINE, 0.4, {}, {})
STOP = SampleRatio(Ratio.STOP, 0.00002, {}, {})


def effect(value, error=1.0, arm="coupon", members=4000, control_members=1000):
    return Comparison(
        arm,
        "control",
        members,
        control_members,
        20 + value,
        20.0,
        value,
        error,
        value / 20,
        error / 20,
        True,
        0.5,
    )


def harm(value=0.0, error=0.001, arm="coupon"):
    return Comparison(arm, "control", 4000, 1000, 0.01 + value, 0.01, value, error, None, None, False, None)


def lacking(lack, effect=None, arm="coupon", members=0):
    return NotEnough(arm, "control", members, 1000, lack, effect)


def evaluated(*primary, look=4, ratio=FINE, complained=None, rule=RULE):
    seen = complained or [harm(arm=found.arm) for found in primary]
    found = evaluate(rule, look=look, sample_ratio=ratio, primary=primary, guardrails={"complained": seen})
    return found if len(found) > 1 else found[0]


LAST, FIRST = (looks.width(look, 4, 0.05) for look in (4, 1))


@pytest.mark.parametrize(
    ("primary", "look", "verdict"),
    [
        (effect(4.0), 4, Verdict.WIN),
        (effect(4.0), 1, Verdict.CONTINUE),
        (effect(FIRST + 0.01), 1, Verdict.WIN),
        (effect(FIRST - 0.01), 1, Verdict.CONTINUE),
        (effect(-FIRST - 0.01), 1, Verdict.LOSS),
        (effect(-LAST - 0.01), 4, Verdict.LOSS),
        (effect(-LAST + 0.01), 4, Verdict.NO_DIFFERENCE),
        (effect(LAST + 0.01), 4, Verdict.BELOW_MINIMUM),
        (effect(2.99, 0.3), 1, Verdict.CONTINUE),
        (effect(2.99, 0.3), 4, Verdict.BELOW_MINIMUM),
        (effect(3.0, 0.3), 4, Verdict.WIN),
        (effect(3.0 - LAST - 0.01), 4, Verdict.NO_DIFFERENCE),
        (effect(3.0 - LAST + 0.01), 4, Verdict.INCONCLUSIVE),
        (effect(9.0), None, Verdict.CONTINUE),
        (effect(9.0, members=99), 4, Verdict.TOO_SMALL),
        (effect(9.0, members=100), 4, Verdict.WIN),
        (effect(9.0, control_members=99), 4, Verdict.TOO_SMALL),
        (lacking(Lack.NO_MEMBERS), 4, Verdict.NOT_MATURED),
        (lacking(Lack.ONE_MEMBER), 4, Verdict.TOO_SMALL),
        (lacking(Lack.NO_VARIANCE, 0.0), 4, Verdict.TOO_SMALL),
        (lacking(Lack.NO_DENOMINATOR), None, Verdict.TOO_SMALL),
    ],
)
def test_each_verdict_on_both_sides_of_its_border(primary, look, verdict):
    found = evaluated(primary, look=look)
    assert found.verdict is verdict
    assert all("{" not in sentence and sentence for sentence in (found.sentence_en, found.sentence_zh))


@pytest.mark.parametrize(
    "primary", [effect(9.0), effect(-9.0), lacking(Lack.NO_MEMBERS), effect(9.0, members=5)]
)
@pytest.mark.parametrize("look", [1, 4, None])
def test_wrong_sizes_come_before_everything_and_show_no_number(primary, look):
    found = evaluated(primary, look=look, ratio=STOP, complained=[harm(1.0)])
    assert (found.verdict, found.interval, found.p_value, found.p_value_adjusted) == (
        Verdict.STOPPED_SRM,
        None,
        None,
        None,
    )
    assert "2e-05" in found.sentence_en


def test_a_warning_about_sizes_stops_nothing():
    warned = SampleRatio(Ratio.WARN, 0.005, {}, {})
    assert evaluated(effect(9.0), ratio=warned).verdict is Verdict.WIN


def test_between_looks_the_interval_is_the_always_valid_one():
    found = evaluated(effect(9.0), look=None)
    assert found.width == always_valid.width(5000, 8000, 0.05)
    assert found.interval.lower == pytest.approx(9.0 - found.width)
    assert "between planned looks" in found.sentence_en


def test_at_a_look_the_interval_is_that_of_the_look():
    found = evaluated(effect(1.0), look=2)
    assert found.width == looks.width(2, 4, 0.05)
    assert (found.interval.lower, found.interval.upper) == (1.0 - found.width, 1.0 + found.width)
    assert found.relative_interval.lower < 0.05 < found.relative_interval.upper
    assert found.p_value == found.p_value_adjusted == looks.p_value(1.0, 2, 4)


# 1.96 standard errors of 0.001 to each side of the harm.
@pytest.mark.parametrize(
    ("worse", "verdict", "named"),
    [
        (0.005 - 0.00197, Verdict.WIN, ()),
        (0.005 - 0.00195, Verdict.GUARDRAIL_UNPROVEN, ("complained",)),
        (0.005 + 0.00195, Verdict.GUARDRAIL_UNPROVEN, ("complained",)),
        (0.005 + 0.00197, Verdict.GUARDRAIL_BREACHED, ("complained",)),
        (-0.02, Verdict.WIN, ()),
    ],
)
def test_a_win_needs_guardrails_shown_to_be_kept(worse, verdict, named):
    found = evaluated(effect(5.0), complained=[harm(worse)])
    assert (found.verdict, found.guardrails) == (verdict, named)
    assert all(name in found.sentence_en and name in found.sentence_zh for name in named)


@pytest.mark.parametrize("look", [1, None])
def test_a_breach_stops_at_any_look_and_a_doubt_waits(look):
    assert evaluated(effect(0.0), look=look, complained=[harm(0.05)]).verdict is Verdict.GUARDRAIL_BREACHED
    early = evaluated(effect(FIRST + 1), look=1, complained=[harm(0.005)])
    assert early.verdict is Verdict.CONTINUE


@pytest.mark.parametrize(
    ("complaints", "members", "control_complaints", "control_members", "verdict"),
    [
        # Nobody of fifty says little about one in two hundred; of four thousand it says enough.
        (0, 50, 0, 50, Verdict.GUARDRAIL_UNPROVEN),
        (0, 4000, 0, 1000, Verdict.WIN),
        # An arm that is better is never less proven than one that is not.
        (0, 4000, 1, 1000, Verdict.WIN),
        (0, 4000, 8, 1000, Verdict.WIN),
        (24, 4000, 0, 1000, Verdict.GUARDRAIL_UNPROVEN),
        (90, 4000, 0, 1000, Verdict.GUARDRAIL_BREACHED),
    ],
)
def test_a_guardrail_that_is_a_rate_is_read_by_its_counts(
    complaints, members, control_complaints, control_members, verdict
):
    counts = compare(
        ArmStatistics("control", control_members, control_complaints, control_complaints),
        ArmStatistics("coupon", members, complaints, complaints),
        is_rate=True,
    )
    assert evaluated(effect(5.0), complained=[counts]).verdict is verdict


def test_a_guardrail_of_which_more_is_good_is_breached_by_less():
    rule = dataclasses.replace(RULE, guardrails=(Guardrail("complained", 0.005, higher_is_better=True),))
    assert evaluated(effect(5.0), complained=[harm(-0.02)], rule=rule).verdict is Verdict.GUARDRAIL_BREACHED
    assert evaluated(effect(5.0), complained=[harm(0.02)], rule=rule).verdict is Verdict.WIN


def test_members_who_are_all_alike_prove_nothing_but_a_harm_that_is_there():
    nobody = lacking(Lack.NO_VARIANCE, 0.0)
    assert evaluated(effect(5.0), complained=[nobody]).verdict is Verdict.GUARDRAIL_UNPROVEN
    everybody = lacking(Lack.NO_VARIANCE, 1.0)
    assert evaluated(effect(5.0), complained=[everybody]).verdict is Verdict.GUARDRAIL_BREACHED
    unknown = lacking(Lack.NO_DENOMINATOR)
    assert evaluated(effect(5.0), complained=[unknown]).verdict is Verdict.GUARDRAIL_UNPROVEN


def test_where_less_is_better_a_fall_wins():
    rule = dataclasses.replace(RULE, higher_is_better=False)
    assert evaluated(effect(-5.0), rule=rule).verdict is Verdict.WIN
    assert evaluated(effect(5.0), rule=rule).verdict is Verdict.LOSS
    assert evaluated(effect(-3.0 + LAST + 0.01), rule=rule).verdict is Verdict.NO_DIFFERENCE


def test_two_arms_must_each_be_clearer():
    barely = LAST + 0.05
    rule = dataclasses.replace(RULE, minimal_effect=0.0)
    assert evaluated(effect(barely), rule=rule).verdict is Verdict.WIN
    gift, coupon = evaluated(effect(barely, arm="gift"), effect(0.1), rule=rule)
    assert (gift.verdict, coupon.verdict) == (Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE)
    assert gift.p_value_adjusted == pytest.approx(2 * gift.p_value)
    gift, coupon = evaluated(effect(barely, arm="gift"), effect(4.0), rule=rule)
    assert (gift.verdict, coupon.verdict) == (Verdict.WIN, Verdict.WIN)


def test_an_arm_that_cannot_be_read_is_no_question_for_the_others():
    gift, coupon = evaluated(effect(4.0, arm="gift"), lacking(Lack.NO_MEMBERS))
    assert (gift.verdict, coupon.verdict) == (Verdict.WIN, Verdict.NOT_MATURED)
    assert gift.p_value_adjusted == gift.p_value


@given(
    st.lists(st.floats(-8, 8), min_size=1, max_size=4),
    st.sampled_from([1, 2, 4, None]),
    st.randoms(use_true_random=False),
)
@settings(max_examples=40)
def test_the_order_of_arms_does_not_matter(effects, look, random):
    arms = [effect(value, arm=f"arm {number}") for number, value in enumerate(effects)]
    rails = [harm(arm=found.arm) for found in arms]
    first = evaluate(RULE, look=look, sample_ratio=FINE, primary=arms, guardrails={"complained": rails})
    again = evaluate(
        RULE,
        look=look,
        sample_ratio=FINE,
        primary=random.sample(arms, len(arms)),
        guardrails={"complained": rails[::-1]},
    )
    assert {found.arm: found for found in first} == {found.arm: found for found in again}


@given(st.floats(-8, 8), st.sampled_from([1, 2, 4]))
@settings(max_examples=40)
def test_the_p_value_and_the_interval_never_contradict_each_other(value, look):
    found = evaluated(effect(value), look=look)
    assert (found.p_value < 0.05) == (found.interval.lower > 0 or found.interval.upper < 0)


def test_without_any_difference_an_arm_wins_or_loses_as_rarely_as_declared():
    rng = np.random.default_rng(8)
    rule = dataclasses.replace(RULE, minimal_effect=0.0, guardrails=())
    decided = 0
    for _ in range(400):
        walk = np.cumsum(rng.normal(size=(4, 2)), axis=0) / np.sqrt(np.arange(1, 5))[:, None]
        verdicts = {
            found.verdict
            for look, z in enumerate(walk, start=1)
            for found in evaluate(
                rule,
                look=look,
                sample_ratio=FINE,
                primary=[effect(float(z[0]), arm="gift"), effect(float(z[1]))],
                guardrails={},
            )
        }
        decided += bool(verdicts & {Verdict.WIN, Verdict.LOSS})
    # Of 400 at 5 %: between 7 and 36 in 999 of 1000 series.
    assert 7 <= decided <= 36


def test_sentences_say_the_numbers_in_both_languages():
    found = evaluated(effect(4.256, 1.0))
    assert found.sentence_en == "Better than the control: +4.26 (+2.23 to +6.28); 3.00 was asked for."
    assert found.sentence_zh == "优于对照组，差异为 +4.26（+2.23 至 +6.28），达到要求的 3.00。"
    assert evaluated(effect(0.0), look=1).sentence_zh.startswith("第 1/4 次计划查看尚无结论")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"minimal_effect": -1.0}, "minimal effect -1"),
        ({"least_members": 1}, "least members 1"),
        ({"planned_members": 0}, "planned members 0"),
        ({"guardrails": (Guardrail("complained", 0.0),)}, "allowed harm 0"),
        ({"guardrails": (Guardrail("unsubscribed", 0.1),)}, "no numbers for coupon"),
    ],
)
def test_rules_that_cannot_decide_are_refused(change, said):
    with pytest.raises(InputFault, match=said):
        evaluated(effect(1.0), rule=dataclasses.replace(RULE, **change))


def test_a_look_outside_the_plan_is_refused():
    with pytest.raises(InputFault, match="look 5 of 4"):
        evaluated(effect(1.0), look=5)
