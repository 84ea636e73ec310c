"""What is said of an experiment: the same as its parts, in the order in which looks may decide."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from scipy.stats import binom, norm

from orchestration.core.errors import InputFault
from orchestration.core.experiments import always_valid, looks
from orchestration.core.experiments.arm_statistics import ArmStatistics
from orchestration.core.experiments.comparison import compare, single_width
from orchestration.core.experiments.declared import Cell, Experiment, Metric, Settings
from orchestration.core.experiments.money import money
from orchestration.core.experiments.multiplicity import benjamini_hochberg, holm
from orchestration.core.experiments.planned import plan
from orchestration.core.experiments.readout import read_experiment, read_program

MARGIN = Metric("margin", False, True, 0.0)
METRICS = {
    "margin": MARGIN,
    "unsubscribed": Metric("unsubscribed", False, False, 0.01, is_rate=True),
    "net_amount": Metric("net_amount", False, True, 0.0),
}
SETTINGS = Settings(50, 0.001, 0.01, 0.05, 0.8)
TEST = Experiment(
    "test", "margin", 1.0, (2, 4), 0.05, 0.8, ("unsubscribed",), {"control": 0.5, "treated": 0.5}, "control"
)
ASSIGNED = {"control": 1000, "treated": 1000}


def arm(name, members=1000, mean=20.0, cost=0.0):
    """Margin with a standard deviation of 10, correlated .6 with before; the same cost for all."""
    y, x, d = Decimal(str(mean)), Decimal("40"), Decimal(str(cost))
    return ArmStatistics(
        name, members,
        sum_y=y * members, sum_yy=(y * y + 100) * members,
        sum_x=x * members, sum_xx=(x * x + 400) * members, sum_xy=(x * y + 120) * members,
        sum_d=d * members, sum_dd=d * d * members, sum_dy=d * y * members, sum_dx=d * x * members,
    )  # fmt: skip


def rate(name, members=1000, share=0.0):
    count = round(members * share)
    return ArmStatistics(name, members, sum_y=count, sum_yy=count)


def sums_of(treated_mean=20.0, *, members=1000, cost=0.5, unsubscribed=0.0, look_no=0):
    return {
        Cell("margin", look_no): {
            "control": arm("control", members),
            "treated": arm("treated", members, treated_mean, cost),
        },
        Cell("unsubscribed", look_no): {
            "control": rate("control", members),
            "treated": rate("treated", members, unsubscribed),
        },
    }


def read(sums, reached=(), *, experiment=TEST, assigned=ASSIGNED, decided=()):
    return read_experiment(
        experiment, METRICS, SETTINGS,
        assigned=assigned, sums=sums, reached_looks=reached, planned_members=2000, decided=decided,
    )  # fmt: skip


def of_look(readings, look_no):
    [row] = [row for row in readings if row.verdict and row.look_no == look_no]
    return row


def test_a_look_says_what_its_parts_say():
    sums = sums_of(23.0) | sums_of(23.0, look_no=1)
    readings, _ = read(sums, [1])
    row, arms = of_look(readings, 1), sums[Cell("margin", 1)]
    found = compare(arms["control"].net(), arms["treated"].net())
    width = looks.width(1, 2, 0.05)
    spent = money(arms["control"], arms["treated"], width)
    assert (row.effect, row.is_adjusted, row.srm) == (found.effect, True, "fine")
    assert row.effect == pytest.approx(2.5)
    assert (row.effect_lower, row.effect_upper) == (found.interval(width).lower, found.interval(width).upper)
    assert row.p_value == looks.p_value(found.z, 1, 2)
    assert row.p_value_scale == "absolute"
    assert (row.net_total, row.roi, row.roi_lower) == (
        spent.incremental_total, spent.roi, spent.roi_interval.lower,
    )  # fmt: skip


def test_what_is_not_the_last_word_says_what_was_spent_and_nothing_of_profit():
    profit = ("net_total", "net_total_lower", "net_total_upper", "roi", "roi_lower", "roi_upper")
    sums = sums_of(20.6) | sums_of(20.6, look_no=1) | sums_of(20.6, look_no=2)
    readings, _ = read(sums, [1, 2])
    for look_no, is_final in ((0, False), (1, False), (2, True)):
        row = of_look(readings, look_no)
        assert row.is_final is is_final
        assert row.cost_total == pytest.approx(500)
        told = {name for name in profit if getattr(row, name) is not None}
        assert told == (set(profit) if is_final else set())
        assert (row.no_return == "not_final") is not is_final


def test_a_look_that_decides_is_the_last_word_though_others_were_planned():
    row = of_look(read(sums_of(30.0) | sums_of(30.0, look_no=1), [1])[0], 1)
    assert (row.verdict, row.is_final) == ("win", True)
    assert row.net_total > 0


def test_every_reading_says_how_small_an_effect_it_would_have_shown():
    readings, _ = read(sums_of(23.0) | sums_of(23.0, look_no=1), [1])
    for row in (row for row in readings if row.lack is None):
        half = (row.effect_upper - row.effect_lower) / 2
        assert half < row.smallest_effect < 2 * half
    row, found = of_look(readings, 1), compare(*(
        sums_of(23.0)[Cell("margin")][name].net() for name in ("control", "treated")
    ))  # fmt: skip
    width = looks.width(1, 2, 0.05)
    assert row.smallest_effect == pytest.approx((width + norm.ppf(0.8)) * found.standard_error)


def spent(mean=20.0):
    return {"control": arm("control"), "treated": arm("treated", mean=mean)}


def test_a_metric_that_explains_may_be_read_at_will_until_the_last_look_is_there():
    cells = {Cell("net_amount", look_no): spent(20 + look_no) for look_no in (0, 1, 2)}
    sums = cells | sums_of() | sums_of(look_no=1) | sums_of(look_no=2)
    for reached, look_no, width in (
        ([], 0, always_valid.width(2000, 2000, 0.05)),
        ([1], 0, always_valid.width(2000, 2000, 0.05)),
        ([1, 2], 2, single_width(0.05)),
    ):
        [row] = [row for row in read(sums, reached)[0] if row.metric == "net_amount"]
        found = compare(*(cells[Cell("net_amount", look_no)][name].net() for name in ("control", "treated")))
        assert (row.look_no, row.is_final) == (look_no, look_no == 2)
        assert row.effect_lower == found.interval(width).lower


def test_a_guardrail_is_shown_as_the_verdict_reads_it():
    [row] = [row for row in read(sums_of(unsubscribed=0.006))[0] if row.metric == "unsubscribed"]
    counts = compare(rate("control"), rate("treated", share=0.006), is_rate=True)
    assert (row.effect_lower, row.effect_upper) == (
        counts.interval(single_width(0.05)).lower, counts.interval(single_width(0.05)).upper,
    )  # fmt: skip


def test_a_rate_nobody_showed_is_read_and_proves_what_so_many_can():
    for members, verdict in ((1000, "win"), (60, "continue")):
        readings, _ = read(sums_of(40.0, members=members) | sums_of(40.0, members=members, look_no=1), [1])
        assert of_look(readings, 1).verdict == verdict
        [row] = [row for row in readings if row.metric == "unsubscribed"]
        assert (row.lack, row.effect) == (None, 0)
        assert (row.effect_upper < 0.01) == (verdict == "win")


def test_the_first_look_that_decides_is_kept_and_none_after_it():
    sums = sums_of(30.0) | sums_of(30.0, look_no=1) | sums_of(10.0, look_no=2)
    readings, [decision] = read(sums, [2, 1])
    assert (decision.look_no, decision.verdict) == (1, "win")
    assert of_look(readings, 2).verdict == "loss"
    assert read(sums, [1, 2], decided=["treated"])[1] == []


def test_what_nobody_planned_shows_and_does_not_decide():
    readings, decisions = read(sums_of(30.0))
    row = of_look(readings, 0)
    assert (row.verdict, decisions) == ("continue", [])
    assert row.effect_lower > 0


def test_harm_and_wrong_arm_sizes_stop_at_any_look():
    _, [harmed] = read(sums_of(30.0, unsubscribed=0.05))
    assert (harmed.look_no, harmed.verdict) == (0, "guardrail_breached")
    readings, [stopped] = read(sums_of(30.0), assigned={"control": 900, "treated": 1100})
    assert stopped.verdict == "stopped_srm"
    assert of_look(readings, 0).effect is None
    assert of_look(readings, 0).lack == "wrong_arm_sizes"


def test_nobody_matured_yet_and_too_few_decide_nothing():
    readings, decisions = read({}, assigned={"control": 0, "treated": 0})
    assert (of_look(readings, 0).verdict, decisions) == ("not_matured", [])
    for members, verdict in ((49, "too_small"), (50, "continue")):
        readings, decisions = read(sums_of(members=members))
        assert (of_look(readings, 0).verdict, decisions) == (verdict, [])


def test_several_arms_share_the_significance_by_holm():
    three = replace(TEST, shares={"control": 0.4, "a": 0.3, "b": 0.3}, guardrails=())
    sums = {Cell("margin", 1): {"control": arm("control"), "a": arm("a", mean=21), "b": arm("b", mean=22)}}
    readings, _ = read(sums, [1], experiment=three, assigned={"control": 400, "a": 300, "b": 300})
    rows = {row.arm: row for row in readings if row.look_no == 1}
    assert {name: row.p_value_adjusted for name, row in rows.items()} == holm(
        {name: row.p_value for name, row in rows.items()}
    )


def test_segments_are_adjusted_together_and_shrunken_among_their_values():
    sums = sums_of()
    for segment, value, mean, members in (
        ("stage", "silent", 26, 400), ("stage", "churned", 18, 400), ("stage", "new", 90, 49),
        ("region", "north", 24, 500),
    ):  # fmt: skip
        arms = {"control": arm("control", members), "treated": arm("treated", members, mean)}
        sums[Cell("margin", 0, segment, value)] = arms
    rows = {row.segment_value: row for row in read(sums)[0] if row.segment != "all"}
    assert (rows["new"].lack, rows["new"].shrunk_effect) == ("too_small", None)
    large = {value: row for value, row in rows.items() if value != "new"}
    assert {value: row.p_value_adjusted for value, row in large.items()} == benjamini_hochberg(
        {value: row.p_value for value, row in large.items()}
    )
    assert -2 < rows["churned"].shrunk_effect < rows["silent"].shrunk_effect < 6
    assert rows["north"].shrunk_effect == pytest.approx(rows["north"].effect)
    found = compare(arm("control", 500).net(), arm("treated", 500, 24).net())
    assert rows["north"].effect_lower == found.interval(always_valid.width(1000, 2000, 0.05)).lower


def test_the_program_is_margin_after_cost_against_those_held_out():
    arms = {"held_out": arm("held_out", 100), "program": arm("program", 900, 24.0, 1.0)}
    [row] = read_program("holdout", MARGIN, SETTINGS, {Cell("margin"): arms})
    found = compare(arms["held_out"].net(), arms["program"].net())
    assert row.effect == found.effect == pytest.approx(3.0)
    assert row.effect_lower == found.interval(single_width(0.05)).lower
    assert row.net_total == pytest.approx(2700)
    assert row.is_final


@pytest.mark.parametrize("share_over", [0.02, 0.5, 0.999])
def test_the_program_on_the_way_may_be_read_at_will_and_says_nothing_of_profit(share_over):
    arms = {"held_out": arm("held_out", 100), "program": arm("program", 900, 24.0, 1.0)}
    [row] = read_program("holdout", MARGIN, SETTINGS, {Cell("margin"): arms}, share_over)
    found = compare(arms["held_out"].net(), arms["program"].net())
    width = always_valid.width(share_over, 1.0, 0.05)
    assert (row.effect_lower, row.effect_upper) == (found.interval(width).lower, found.interval(width).upper)
    assert row.p_value == always_valid.p_value(found.z, share_over, 1.0, 0.05) > found.p_value
    assert (row.net_total, row.roi, row.roi_lower, row.no_return) == (None, None, None, "not_final")
    assert row.cost_total == pytest.approx(900)
    assert not row.is_final


def test_a_plan_warns_where_the_audience_is_too_small():
    [small] = plan(TEST, MARGIN, arm("audience"), 100)
    [large] = plan(TEST, MARGIN, arm("audience"), 10_000)
    assert (small.planned_members, small.is_too_small, large.is_too_small) == (200, True, False)
    assert "members are needed" in small.warning
    assert large.warning == ""
    [nobody] = plan(TEST, MARGIN, arm("audience"), 0)
    [unknown] = plan(TEST, MARGIN, None, 100)
    assert nobody.is_too_small is unknown.is_too_small is None
    assert nobody.warning == "nobody would enter next week"
    assert "no states so old" in unknown.warning


@pytest.mark.parametrize(
    "changes", [{"looks": (2, 3)}, {"looks": ()}, {"control_arm": ""}, {"shares": {"control": 1.0}}]
)
def test_an_experiment_that_cannot_be_read_is_refused(changes):
    with pytest.raises(InputFault, match="test has"):
        read({}, experiment=replace(TEST, **changes))


def test_a_planted_effect_is_in_the_interval_in_about_95_of_100_experiments():
    """Sealed arms, skewed margins that go with those before, a planted effect of 3 less a cost of 1."""
    draw, runs, members, planted = np.random.default_rng(5), 300, 500, 2.0
    inside = 0
    for _ in range(runs):
        before = draw.gamma(2.0, 20.0, (2, members))
        after = 0.4 * before + draw.gamma(1.0, 15.0, (2, members)) + np.array([[0.0], [3.0]])
        cost = np.array([np.zeros(members), 2.0 * (draw.random(members) < 0.5)])
        arms = {
            name: ArmStatistics(
                name, members,
                sum_y=float(y.sum()), sum_yy=float(y @ y), sum_x=float(x.sum()), sum_xx=float(x @ x),
                sum_xy=float(x @ y), sum_d=float(d.sum()), sum_dd=float(d @ d), sum_dy=float(d @ y),
                sum_dx=float(d @ x),
            )
            for name, y, x, d in zip(("held_out", "program"), after, before, cost, strict=True)
        }  # fmt: skip
        [row] = read_program("planted", MARGIN, SETTINGS, {Cell("margin"): arms})
        inside += row.effect_lower <= planted <= row.effect_upper
    assert binom.ppf(0.001, runs, 0.95) <= inside <= binom.ppf(0.999, runs, 0.95)
