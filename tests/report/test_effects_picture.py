"""The picture of effects: a line per arm with an interval, a panel per metric, nothing for nothing."""

from __future__ import annotations

import pytest

from orchestration.core.experiments.verdict import Verdict
from orchestration.report.effects_picture import COLOURS, effects_svg


def row(experiment, effect, metric="Margin 毛利", verdict="continue", arm="treated"):
    interval = (None, None) if effect is None else (effect - 1, effect + 1)
    return {
        "experiment": experiment, "arm": arm, "metric_label": metric, "effect": effect,
        "lower": interval[0], "upper": interval[1], "verdict": verdict,
    }  # fmt: skip


def test_every_arm_with_an_interval_stands_in_the_panel_of_its_metric():
    svg = effects_svg(
        [row("one", 2.0), row("two", -0.5, "Purchased 复购率", "loss"), row("three", None)], "所有"
    )

    for said in ("one: treated", "two: treated", "Margin 毛利", "Purchased 复购率", "loss", "所有"):
        assert said in svg
    assert "three" not in svg


def test_the_same_rows_give_the_same_picture():
    rows = [row("one", 2.0), row("two", 0.0, verdict="win")]
    assert effects_svg(rows, "a") == effects_svg(rows, "a")


def test_without_an_interval_there_is_no_picture():
    assert effects_svg([row("one", None)], "a") is None


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_has_a_colour(verdict):
    assert verdict.value in COLOURS
