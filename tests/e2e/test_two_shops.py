"""Two shops in one home with the same numbers of members, orders, stores and products are not mixed up."""

from __future__ import annotations

from datetime import date

import pytest

from orchestration.project import Home
from tests.built import load_chain, quick_build
from tests.e2e.delivered_by_hand import deliver_lines

DAY = date(2025, 12, 28)
# Member 1 of the shops are two people, member 2 one: phone and name are the same.
MEMBERS = """system,member_id,registered_at,phone,full_name,home_store_id,region
pos,1,2025-06-01,{phone},{name},S1,{region}
pos,2,2025-06-01,13800000002,Wang Fang,,{region}
"""
ORDERS = """order_id,system,member_id,store_id,channel,ordered_at,status,\
gross_amount,discount_amount,net_amount
1,pos,1,S1,store,2025-12-27T{hour}:30:00,completed,{amount},0,{amount}
2,pos,2,S1,store,2025-12-20,completed,{amount},0,{amount}
"""
ITEMS = "order_id,line_number,ordered_at,product_id,quantity,net_amount\n1,1,2025-12-27,P1,1,{amount}\n"
PRODUCTS = "product_id,product_name,category\nP1,{name},{category}\n"
STORES = "store_id,store_name,region\nS1,{name},{region}\n"
STOCK = "store_id,product_id,counted_on,units\nS1,P1,2025-12-27,{units}\n"
REFUNDS = "refund_id,order_id,refunded_at,kind,amount\n1,1,2025-12-28,refund,{amount}\n"


@pytest.fixture(scope="module")
def shops(chain, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shops")
    home = Home(folder / "home")
    (home.sources / "mine").mkdir(parents=True)
    (home.sources / "mine" / "source.yml").write_text("contract: chain\ntime_zone: America/New_York\n")
    for source, tables in {
        "chain": {
            "members": MEMBERS.format(phone="13800000001", name="Li Wei", region="North"),
            "orders": ORDERS.format(hour="08", amount="10.00"),
            "order_items": ITEMS.format(amount="10.00"),
            "products": PRODUCTS.format(name="Tea", category="Food"),
            "stores": STORES.format(name="Old Town", region="North"),
            "stock": STOCK.format(units=5),
            "refunds": REFUNDS.format(amount="3.00"),
        },
        "mine": {
            "members": MEMBERS.format(phone="13900000001", name="Ann", region="East"),
            "orders": ORDERS.format(hour="23", amount="20.00"),
            "order_items": ITEMS.format(amount="20.00"),
            "products": PRODUCTS.format(name="Lamp", category="Home"),
            "stores": STORES.format(name="Broadway", region="East"),
            "stock": STOCK.format(units=0),
        },
    }.items():
        for table, lines in tables.items():
            deliver_lines(home, table, lines, DAY, source)
    load_chain(home)
    with quick_build(chain, folder / "build", home, [DAY]) as connection:
        yield connection


def test_the_same_number_is_two_people_unless_their_contacts_are_the_same(shops):
    rows = shops.execute("select source, member_id, member_key from core.int_identity__members").fetchall()
    keys = {(source, member_id): key for source, member_id, key in rows}

    assert keys["chain", "1"] != keys["mine", "1"]
    assert keys["chain", "2"] == keys["mine", "2"]


def test_orders_of_one_number_keep_member_day_and_money(shops):
    rows = shops.execute(
        "select orders.source, order_id, records.member_id, ordered_on, ordered_hour, net_amount "
        "from core.fct_order as orders inner join core.int_identity__members as records "
        "on orders.member_key = records.member_key and orders.source = records.source order by all"
    ).fetchall()

    assert [(*row[:5], float(row[5])) for row in rows] == [
        ("chain", "1", "1", date(2025, 12, 27), 16, 10),
        ("chain", "2", "2", date(2025, 12, 20), None, 10),
        ("mine", "1", "1", date(2025, 12, 27), 23, 20),
        ("mine", "2", "2", date(2025, 12, 20), None, 20),
    ]
    assert shops.execute("select source, refunded_amount > 0 from core.fct_refund").fetchall() == [
        ("chain", True)
    ]


def test_stores_and_products_of_one_number_are_two(shops):
    assert shops.execute(
        "select source, store_name from core.dim_store where store_id = 'S1' order by all"
    ).fetchall() == [("chain", "Old Town"), ("mine", "Broadway")]
    assert shops.execute(
        "select items.source, products.category from core.fct_order_item as items "
        "inner join core.dim_product as products using (source, product_id) order by all"
    ).fetchall() == [("chain", "Food"), ("mine", "Home")]


def test_an_empty_shelf_is_missed_in_its_own_shop_alone(shops):
    missed = shops.execute("select distinct source, member_key from marts.fct_missed_product").fetchall()
    [[ann]] = shops.execute(
        "select member_key from core.int_identity__members where source = 'mine' and member_id = '1'"
    ).fetchall()

    assert missed == [("mine", ann)]


def test_no_check_fails(chain, shops):
    failed = [
        name
        for name, test in chain.data_tests.items()
        if test["config"]["severity"].lower() == "error"
        and shops.execute(f"select count(*) from ({test['compiled_code']})").fetchone()[0]
    ]

    assert failed == []
