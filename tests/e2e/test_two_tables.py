"""Members and orders are enough: everything else may be missing, and is named."""

from __future__ import annotations

import shutil
from datetime import date

import duckdb
import pytest

from orchestration.project import Home
from orchestration.warehouse.builds import audit
from tests.built import dbt_build, load_chain, set_sources
from tests.e2e.delivered_by_hand import deliver_lines
from tests.e2e.test_golden import GOLDEN

DELIVERED_ON = date(2025, 6, 15)
OPTIONAL = {
    "order_items", "refunds", "products", "stores", "stock", "events", "touches", "coupons", "points",
    "tickets", "consents",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A whole dbt build with all its checks over the two tables that are required, in an oddly named home."""
    home = Home(tmp_path_factory.mktemp("two_tables") / "my [home] * x's")
    for table in ("members", "orders"):
        lines = (GOLDEN / "deliveries" / f"{table}.csv").read_text(encoding="utf-8")
        deliver_lines(home, table, lines, DELIVERED_ON)
    said = load_chain(home)
    build = dbt_build(home, [date(2025, 6, 1), date(2025, 6, 15)])
    whole = shutil.copyfile(build.file, build.folder / "whole.duckdb")
    audit(build)
    with duckdb.connect(str(whole), read_only=True) as connection:
        set_sources(connection, home, build.folder)
        yield connection, said


def test_loads_say_which_tables_were_missing(built):
    connection, said = built
    rows = connection.execute(
        "select table_name, status, rows_loaded from staging.stg_rekindle__loads where source = 'chain'"
    ).fetchall()

    assert {name for name, status, _ in rows if status == "missing"} == OPTIONAL
    assert {(name, loaded) for name, status, loaded in rows if status == "loaded"} == {
        ("members", 19),
        ("orders", 28),
    }
    (line,) = [line for line in said if line.startswith("chain: not delivered")]
    assert all(table in line for table in OPTIONAL)


def test_states_follow_from_purchases_alone(built):
    connection, _ = built
    stages = connection.execute(
        "select member_id, stage, category_group from marts.member_lifecycle as lifecycle "
        "inner join core.int_identity__members as records using (member_key) "
        "where as_of_date = date '2025-06-01' and system = 'pos'"
    ).fetchall()
    stage = {member: found for member, found, _ in stages}

    assert {group for _, _, group in stages} == {"general"}
    assert stage["prospect"] == "prospect"
    assert stage["new"] == "new"
    assert stage["growing"] == "growing"
    assert stage["light"] == "silent"
    # without touches nobody is churned before the hard limit; without logins the occasional member is silent
    assert stage["churned"] == "silent"
    assert stage["long_gone"] == "churned"
    assert stage["occasional"] == "silent"


def test_orders_may_name_stores_that_nobody_delivered(built):
    connection, _ = built
    counts = connection.execute(
        "select count(store_id), (select count(*) from core.dim_store) from core.fct_order"
    )

    assert counts.fetchone() == (28, 0)


def test_what_needs_the_missing_tables_is_empty_and_nothing_else(built):
    connection, _ = built
    rows = {
        table: connection.execute(f"select count(*) from {schema}.{table}").fetchone()[0]
        for schema, tables in {
            "core": ("fct_event", "fct_touch", "fct_ticket", "fct_refund", "dim_member"),
            "marts": ("member_rfm", "member_cycle"),
        }.items()
        for table in tables
    }

    assert {table for table, count in rows.items() if not count} == {
        "fct_event", "fct_touch", "fct_ticket", "fct_refund",
    }  # fmt: skip


def test_churn_signals_of_missing_tables_are_silent_and_say_so(built):
    connection, _ = built
    silent = connection.execute("select signal, is_silent from marts.dim_churn_signal").fetchall()
    fired = connection.execute("select distinct signal from marts.fct_churn_signal").fetchall()

    assert {signal for signal, is_silent in silent if not is_silent} == {
        "recency",
        "frequency_drop",
        "probability",
    }
    assert {signal for (signal,) in fired} == {"recency", "frequency_drop"}


def test_causes_of_silence_without_their_sources_are_never_named_and_say_so(built):
    connection, _ = built
    causes = connection.execute("select silence_cause, is_silent from marts.dim_silence_cause").fetchall()
    named = connection.execute("select distinct silence_cause from marts.fct_silence_evidence").fetchall()

    assert {cause for cause, is_silent in causes if not is_silent} == {"not_due", "unknown"}
    assert {cause for (cause,) in named} == {"not_due", "unknown"}


def test_signals_without_their_tables_are_silent_and_say_so(built):
    connection, _ = built
    heard = connection.execute("select signal from marts.dim_churn_signal where not is_silent").fetchall()

    assert {signal for (signal,) in heard} == {"recency", "frequency_drop", "probability"}
