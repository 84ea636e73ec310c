"""What `rekindle experiments` prints: dates, shares and empty cells as people read them."""

from datetime import date
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.readers import experiments as experiment_reading


@pytest.mark.parametrize("command", ["list", "plan"])
def test_every_kind_of_value_is_printed(monkeypatch, command):
    columns = ["experiment", "first_week", "share", "members", "effect"]
    row = ("second_order_test", date(2025, 11, 17), Decimal("0.500000"), 12_000, None)
    monkeypatch.setattr(experiment_reading, "read_experiments", lambda home, question: (columns, [row]))

    result = CliRunner().invoke(app, ["experiments", command])

    assert result.exit_code == 0
    assert "second_order_test  2025-11-17    0.5   12,000       -" in result.output


def test_a_result_is_read_without_a_legend(monkeypatch):
    sentence = (
        "After one look it goes on; the interval holds both a gain worth having and none at all, so wait."
    )
    rows = [
        (
            "a_test",
            "treated",
            "margin",
            look,
            196,
            56,
            effect,
            lower,
            upper,
            None,
            None,
            verdict,
            sentence,
            out,
        )
        for look, effect, lower, upper, verdict, out in [
            (0, Decimal("7.526"), Decimal("-69.371"), Decimal("84.422"), "continue", 0),
            (1, None, None, None, "too_small", 2),
        ]
    ]
    columns = ["experiment", "arm", "metric", "look", "members", "controls", "effect", "lower", "upper"]
    columns += ["p", "roi", "verdict", "sentence_en", "left_out"]
    held_out = {
        "holdout": "holdout_2025", "control_members": 413, "control_members_contacted": 411,
        "control_touches_of_others": 1303, "control_touches_planned": 0, "left_out": 1,
    }  # fmt: skip
    answers = {"results": (columns, rows), "holdouts": (list(held_out), [tuple(held_out.values())])}
    monkeypatch.setattr(experiment_reading, "read_experiments", lambda home, question: answers[question])

    lines = CliRunner().invoke(app, ["experiments", "results"]).output.splitlines()

    assert lines[0] == "  a_test, treated, everybody matured so far: continue"
    assert lines[1] == "      196 members against 56 · margin 7.526 per member · between -69.37 and 84.42"
    assert "  a_test, treated, look 1: too small" in lines
    assert "      196 members against 56 · 2 drawn into two arms before a merge, left out" in lines
    assert lines[-3] == "  holdout_2025, everybody against the global holdout"
    assert lines[-2] == (
        "      411 of 413 held out were contacted · touches of other senders 1,303 · planned by campaigns 0"
    )
    assert lines[-1] == "      1 on both sides before a merge, left out"
    assert max(map(len, lines)) <= 100


def test_without_a_published_version_it_says_what_to_do(tmp_path):
    result = CliRunner().invoke(app, ["--home", str(tmp_path), "experiments", "list"])

    assert result.exit_code != 0
    assert "build and publish first" in result.output
