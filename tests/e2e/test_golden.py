"""Some twenty member records written by hand, and the state of each on two Sundays, small enough to read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from orchestration.project import Home
from tests.built import load_chain, quick_build
from tests.e2e.delivered_by_hand import deliver_files, deliver_lines
from tests.e2e.written_down import NAMED, hold_against

GOLDEN = Path(__file__).parent / "golden"
TABLES = sorted(file.stem for file in (GOLDEN / "deliveries").glob("*.csv"))
DELIVERED_ON = date(2025, 6, 15)
DATES = (date(2025, 6, 1), date(2025, 6, 15))

# What is shown of each state, without the key: the member has a name here.
SHOWN = {
    "member_lifecycle": "stage, is_high_intent, category_group, days_since_first_purchase, "
    "days_since_purchase, days_silent, reactivated_on, reactivated_from_stage, reactivated_from_tier, "
    "silence_tier, is_silent, touches_since_active, unanswered_touches",
    "member_rfm": "rfm_cell, margin_score, rfm_total_score, days_since_purchase, purchase_days, net_amount, "
    "margin_amount",
    "member_value_tier": "value_tier, net_amount, revenue_share_above",
    "member_cycle": "gaps, group_gap_days, cycle_days, cycle_band, next_purchase_due_on, overdue_ratio",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = Home(tmp_path_factory.mktemp("golden") / "home")
    deliver_files(made, GOLDEN / "deliveries", TABLES, DELIVERED_ON)
    load_chain(made)
    return made


@pytest.fixture(scope="module")
def warehouse(chain, home, tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden_build")
    with quick_build(chain, folder, home, DATES, wanted=SHOWN) as connection:
        yield connection


@pytest.mark.parametrize("state", SHOWN)
def test_state_is_as_written_down(warehouse, state):
    query = (
        f"select named.member, state.as_of_date, {SHOWN[state]} "
        f"from marts.{state} as state inner join ({NAMED}) as named using (member_key)"
    )
    hold_against(GOLDEN / "states" / f"{state}.csv", warehouse, query)


def test_anonymous_sale_belongs_to_nobody_and_is_still_a_sale(warehouse):
    order = warehouse.execute(
        "select member_key, is_purchase, net_amount from core.fct_order where order_id = '9901'"
    )

    assert [(key, sold, int(amount)) for key, sold, amount in order.fetchall()] == [(None, True, 5000)]


def test_every_row_was_loaded(home):
    """A quarantined row would make a case of the golden files disappear without a word."""
    assert list(home.quarantine.rglob("*.parquet")) == []


def keys(connection):
    rows = connection.execute(
        "select system, member_id, member_key from core.int_identity__members"
    ).fetchall()
    return {(system, member_id): key for system, member_id, key in rows}


def test_member_keys_outlive_new_records_and_merges(chain, home, warehouse, tmp_path):
    before = keys(warehouse)
    deliver_lines(
        home,
        "members",
        "system,member_id,registered_at,phone,full_name,card_number\n"
        # the missing link between two members known before, said to be older than both
        "crm,bridge,2020-01-01 00:00:00,14200000005,Zhang Growing,6200000014\n"
        # somebody new
        "crm,newcomer,2019-01-01 00:00:00,14200000099,Lai Newcomer,\n",
        date(2025, 6, 22),
    )
    load_chain(home)
    with quick_build(chain, tmp_path, home, DATES, wanted=["int_identity__members"]) as connection:
        after = keys(connection)

    merged = {("pos", "growing"), ("pos", "merged"), ("crm", "merged")}
    assert {record: after[record] for record in before.keys() - merged} == {
        record: before[record] for record in before.keys() - merged
    }
    # growing registered first of the two, so its key stays; the bridge changes nothing in that
    assert {after[record] for record in [*merged, ("crm", "bridge")]} == {before["pos", "growing"]}
    assert after["crm", "newcomer"] not in before.values()
