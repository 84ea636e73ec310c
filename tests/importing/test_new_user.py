"""A new user: from a shop's file to a published version, without SQL, Python or a renamed column."""

from __future__ import annotations

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.project import Home
from tests.importing.imported import in_encoding

pytestmark = pytest.mark.slow


def rekindle(*arguments):
    answer = CliRunner().invoke(app, list(arguments))
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_from_a_list_of_orders_to_a_published_version(tmp_path, monkeypatch):
    home = Home(tmp_path / "home")
    monkeypatch.setenv("REKINDLE_HOME", str(home.root))
    monkeypatch.delenv("REKINDLE_SECRET", raising=False)
    file = in_encoding(tmp_path, "bestellungen.csv", "cp1252")
    rekindle("import", str(file), "--name", "mine", "--zone", "Europe/Berlin", "--country", "DE", "--yes")
    rekindle("run", "--as-of", "2025-02-12", "--weeks", "0")
    rekindle("status")
    with duckdb.connect(str(home.published_file), read_only=True) as published:
        orders = published.execute(
            "select order_id, ordered_on, net_amount from core.fct_order order by order_id"
        ).fetchall()
        (members,) = published.execute("select count(*) from core.dim_member").fetchone()
    assert [(order, str(day), float(amount)) for order, day, amount in orders] == [
        ("2001", "2024-12-31", 1234.5),
        ("2002", "2025-01-02", 12.0),
        ("2003", "2025-01-15", 49.9),
        ("2004", "2025-02-03", 5.0),
        ("2005", "2025-02-04", 99.95),
        ("2008", "2025-02-12", 1000.0),
    ]
    assert members == 4
