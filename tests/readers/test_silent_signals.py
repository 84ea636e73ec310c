"""Signals that cannot fire are named: their silence is no good news."""

import duckdb

from orchestration.readers.states import SILENT_SIGNALS, signals_that_cannot_fire
from orchestration.readers.status import told_details


def test_only_active_signals_without_their_tables_are_silent(tmp_path):
    with duckdb.connect(str(tmp_path / "built.duckdb")) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.dim_churn_signal as select * from (values "
            "('no_login', 'No login', '久未登录', 4, true, true), "
            "('refund', 'Refund', '退换货', 2, true, true), "
            "('recency', 'Overdue', '超期', 3, true, false), "
            "('cart_stopped', 'Cart', '加购', 6, false, true)) "
            "as signals (signal, label_en, label_zh, signal_order, is_active, is_silent)"
        )
    assert signals_that_cannot_fire(tmp_path / "built.duckdb") == [
        ("refund", "Refund", "退换货"),
        ("no_login", "No login", "久未登录"),
    ]


def test_a_file_without_signals_has_none(tmp_path):
    duckdb.connect(str(tmp_path / "built.duckdb")).close()
    assert signals_that_cannot_fire(tmp_path / "built.duckdb") == []


def test_status_names_them_and_says_nothing_without():
    [said] = told_details({SILENT_SIGNALS: [["no_login", "No login", "久未登录"]]})
    assert "cannot fire" in said
    assert "久未登录" in said
    assert told_details({SILENT_SIGNALS: []}) == []
    assert told_details({}) == []
