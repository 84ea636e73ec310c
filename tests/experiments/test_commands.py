"""What `rekindle experiments` prints: dates, shares and empty cells as people read them."""

from datetime import date
from decimal import Decimal

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.readers import experiments as experiment_reading


@pytest.mark.parametrize("command", ["list", "plan", "results"])
def test_every_kind_of_value_is_printed(monkeypatch, command):
    columns = ["experiment", "first_week", "share", "members", "effect"]
    row = ("second_order_test", date(2025, 11, 17), Decimal("0.500000"), 12_000, None)
    monkeypatch.setattr(experiment_reading, "read_experiments", lambda home, question: (columns, [row]))

    result = CliRunner().invoke(app, ["experiments", command])

    assert result.exit_code == 0
    assert "second_order_test  2025-11-17    0.5   12,000       -" in result.output


def test_without_a_published_version_it_says_what_to_do(tmp_path):
    result = CliRunner().invoke(app, ["--home", str(tmp_path), "experiments", "list"])

    assert result.exit_code != 0
    assert "build and publish first" in result.output
