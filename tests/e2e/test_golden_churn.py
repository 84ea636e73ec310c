"""Member records written by hand, one per signal and limit, and what each is warned of on one Sunday.

The file of members says of each what should come out. Whoever buys repeatedly does so every 10 days, so the
mean gap of all is 10 days and a cycle is ``(20 + 10 * gaps) / (gaps + 1)``: 20 days after one purchase, 15
after two, 11 after ten.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orchestration.core.arms import draw
from orchestration.project import Home
from tests.built import load_chain, quick_build
from tests.e2e.delivered_by_hand import deliver_files
from tests.e2e.oracle import seed, setting_values
from tests.e2e.written_down import NAMED, hold_against

GOLDEN = Path(__file__).parent / "golden_churn"
TABLES = sorted(file.stem for file in (GOLDEN / "deliveries").glob("*.csv"))
SUNDAY = date(2025, 6, 15)

# What is shown of each table, without the key: the member has a name here.
SHOWN = {
    "fct_churn_signal": "signal, churn_level, step, measured_value, expected_value, compared_value, "
    "threshold, evidence_on, is_unsolved",
    "member_churn_warning": "churn_level, signals, main_signal, sentence_en, action, owner_role, due_on, "
    "missed_because, missed_product_id, is_held_out",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = Home(tmp_path_factory.mktemp("golden_churn") / "home")
    deliver_files(made, GOLDEN / "deliveries", TABLES, SUNDAY)
    load_chain(made)
    return made


@pytest.fixture(scope="module")
def warehouse(chain, home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden_churn_build")
    with quick_build(chain, folder, home, [SUNDAY], wanted=SHOWN) as connection:
        yield connection


@pytest.mark.parametrize("table", SHOWN)
def test_warnings_are_as_written_down(warehouse, table):
    query = (
        f"select named.member, {SHOWN[table]} "
        f"from marts.{table} inner join ({NAMED}) as named using (member_key)"
    )
    hold_against(GOLDEN / "states" / f"{table}.csv", warehouse, query)


def test_every_row_was_loaded(home):
    """A quarantined row would make a case disappear without a word."""
    assert list(home.quarantine.rglob("*.parquet")) == []


def test_every_limit_and_every_action_has_a_case(warehouse):
    # The probability needs a fit, for which these members are too few; tests/e2e/test_churn_levels.py has it.
    limits = (
        "select signal, churn_level, step from intermediate.int_churn_signal__thresholds "
        "where riskiest_share is null"
    )
    fired = "select signal, churn_level, step from marts.fct_churn_signal"
    assert warehouse.execute(f"{limits} except {fired}").fetchall() == []
    actions = warehouse.execute("select distinct action from marts.member_churn_warning").fetchall()
    assert {action for (action,) in actions} == {row["action"] for row in seed("churn/churn_actions.csv")}


def test_held_out_are_those_whom_the_salt_draws(warehouse):
    rules = setting_values("churn/churn_settings.csv")
    warned = warehouse.execute("select member_key, is_held_out from marts.member_churn_warning").fetchall()
    drawn = {
        key: draw(rules["held_out_salt"], str(key)) < float(rules["held_out_share"]) for key, _ in warned
    }
    assert dict(warned) == drawn
    assert set(drawn.values()) == {True, False}
