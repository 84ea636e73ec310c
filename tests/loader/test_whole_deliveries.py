"""What a load does with a delivery that is not as usual: told and loaded, or refused as a whole."""

from __future__ import annotations

import json
from datetime import date

import pytest
from small_shop import MEMBERS, ORDER, load_of

from orchestration.core.errors import InputFault

DAYS = ["2024-06-01", "2024-06-02", "2024-06-03"]


def orders(*numbers, **columns):
    rows = {name: [value] * len(numbers) for name, value in ORDER.items()}
    return rows | {"order_id": list(numbers)} | columns


def refuse(shop, check):
    """Let a check refuse instead of warn."""
    file = shop.seeds / "sources" / "delivery_checks.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    told = [line.replace(",warn,", ",refuse,") if line.startswith(check) else line for line in lines]
    file.write_text("".join(told), encoding="utf-8")


def found(summary):
    return {(load.table, str(load.delivered_on)): load.findings for load in summary.tables if load.findings}


@pytest.fixture
def usual(shop):
    """Two usual deliveries of orders, and then a third that comes short and without members."""
    shop.deliver("members", MEMBERS)
    for number, day in enumerate(DAYS[:2]):
        shop.deliver("orders", orders(*range(20 * number, 20 * number + 20), member_id=["m1"] * 20), on=day)
    shop.deliver("orders", orders(90, 91, 92, member_id=[None] * 3), on=DAYS[2])
    return shop


def test_what_is_not_as_usual_is_loaded_and_told_in_one_sentence_each(usual):
    summary = usual.load()
    assert found(summary) == {
        ("orders", DAYS[2]): (
            "Column emptied: member_id is empty in all 3 rows; the last 2 deliveries filled it in 100.0% of "
            "theirs",
            "Smaller than usual: 3 rows; the last 2 deliveries had 20 in the median",
        )
    }
    assert len(usual.loaded("orders", DAYS[2])) == 3
    assert any("delivered=2024-06-03: Smaller than usual" in line for line in usual.said)


def test_the_record_of_a_load_counts_the_rows_in_which_a_column_is_filled(usual):
    usual.load()
    record = json.loads((usual.home.loaded / f"shop/orders/shop/delivered={DAYS[2]}/load.json").read_text())
    assert {name: record["filled"][name] for name in ("order_id", "member_id", "weight")} == {
        "order_id": 3,
        "member_id": 0,
        "weight": 0,
    }


def test_a_delivery_refused_as_a_whole_is_not_loaded_and_everything_else_is(usual):
    refuse(usual, "smaller_than_usual")
    with pytest.raises(InputFault) as refused:
        usual.load()
    told = str(refused.value)
    assert "Refused as a whole, nothing of it was loaded; everything else was:" in told
    assert "shop.orders delivered=2024-06-03: Smaller than usual: 3 rows" in told
    assert "Remove its folder from landing" in told
    assert [len(usual.loaded("orders", day)) for day in DAYS] == [20, 20, 0]
    assert len(usual.loaded("members")) == 2
    # It is asked again by every load until it is gone, and then all is well.
    with pytest.raises(InputFault):
        usual.load()
    for file in usual.folder("orders", DAYS[2]).iterdir():
        file.unlink()
    usual.folder("orders", DAYS[2]).rmdir()
    assert found(usual.load()) == {}


def test_a_check_without_a_row_is_not_made(usual):
    file = usual.seeds / "sources" / "delivery_checks.csv"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(("smaller_than_usual", "column_emptied"))]
    file.write_text("".join(kept), encoding="utf-8")
    assert found(usual.load()) == {}


def test_a_delivery_of_bad_rows_only_and_one_of_the_future_are_told(shop):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", orders(1, 2, status=["gone", "gone"]), on="2024-07-01")
    summary = shop.load(today=date(2024, 6, 1))
    assert [text.split(":")[0] for text in load_of(summary, "orders").findings] == [
        "All rows in quarantine",
        "Dated in the future",
    ]
    assert load_of(summary, "members").findings == ()


def test_an_empty_file_is_told(shop):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", orders())
    assert load_of(shop.load(), "orders").findings == ("Empty delivery: its files hold no row",)
