"""Odd but honest facts break no check: what a shop may well deliver must not keep it from publishing."""

from __future__ import annotations

from datetime import date

import pyarrow.parquet as pq
import pytest

from orchestration.project import Home
from tests.built import load_chain, quick_build
from tests.e2e.delivered_by_hand import deliver_lines

DELIVERED_ON = date(2025, 6, 15)
MEMBERS = """system,member_id,registered_at
pos,one,2025-01-01 04:00:00
pos,two,2025-06-01 04:00:00
"""
ORDERS = (
    "order_id,system,member_id,channel,ordered_at,status,"
    "gross_amount,discount_amount,net_amount,cost_amount\n"
)
NOBODY_BOUGHT = {
    "members": MEMBERS,
    # given away, cancelled, anonymous, of a member nobody registered
    "orders": ORDERS
    + """1,pos,one,store,2025-02-01 04:00:00,completed,10,10,0,5
2,pos,one,store,2025-02-01 04:00:00,cancelled,10,0,10,5
3,,,store,2025-02-01 04:00:00,completed,10,0,10,5
4,pos,three,store,2025-02-01 04:00:00,completed,10,0,10,5
""",
}
ODD_LIVES = {
    "members": MEMBERS,
    # bought and was written to long before registering; cost unknown; one cent; nobody bought twice;
    # on the first day there is, on one to come
    "orders": ORDERS
    + """1,pos,two,store,2024-01-01 04:00:00,completed,10,0,10,
2,pos,one,store,2025-02-01 04:00:00,completed,0.01,0,0.01,0.02
3,,,store,0001-01-01 00:00:00,completed,10,0,10,5
4,pos,one,store,2045-12-20 04:00:00,completed,10,0,10,5
""",
    # returned more than was paid, on the same day, and for an order that was never delivered
    "refunds": """refund_id,order_id,refunded_at,kind,amount
1,2,2025-02-01 04:00:00,refund,500
2,999,2025-02-01 04:00:00,refund,500
""",
    # lines of products and of orders that nobody delivered
    "order_items": """order_id,line_number,ordered_at,product_id,quantity,net_amount
1,1,2024-01-01 04:00:00,unknown,0,0
888,1,2024-01-01 04:00:00,unknown,1,5
""",
    # never sent; opened before it was sent; sent to somebody unknown; two in the same second
    "touches": """touch_id,system,member_id,channel,planned_at,sent_at,opened_at,clicked_at
1,pos,one,sms,2025-03-01 04:00:00,,,
2,pos,one,sms,2025-03-01 04:00:00,2025-03-02 04:00:00,2025-03-01 04:00:00,
3,pos,nobody,sms,2025-03-01 04:00:00,2025-03-02 04:00:00,,
4,pos,two,sms,2024-01-01 04:00:00,2024-01-01 04:00:00,,2024-01-05 04:00:00
5,pos,two,sms,2024-01-01 04:00:00,2024-01-01 04:00:00,,
""",
    "events": """event_id,system,member_id,event_type,happened_at,product_id
1,pos,two,browse,2023-12-31 15:59:59,unknown
2,pos,nobody,login,2025-01-01 04:00:00,
""",
    "tickets": """ticket_id,system,member_id,kind,opened_at,rating
1,pos,one,review,2020-01-01 04:00:00,
""",
}


# What happened in the year 9999 at all, on the last days of it, and what may last for ever.
END_OF_TIME = {
    "members": MEMBERS + "pos,three,9999-12-31 23:59:59\n",
    "orders": ORDERS
    + """1,pos,one,store,2025-02-01 04:00:00,completed,10,0,10,5
2,pos,one,store,9999-12-29 23:59:59,completed,10,0,10,5
3,pos,one,store,9999-12-30 00:00:00,completed,10,0,10,5
4,pos,one,store,9999-12-31 23:59:59,completed,10,0,10,5
""",
    "refunds": """refund_id,order_id,refunded_at,kind,amount
1,1,9999-12-31 23:59:59,refund,5
""",
    "touches": """touch_id,system,member_id,channel,planned_at,sent_at,opened_at,clicked_at
1,pos,one,sms,2025-03-01 04:00:00,9999-12-31 23:59:59,9999-12-31 23:59:59,9999-12-31 23:59:59
2,pos,one,sms,9999-12-31 23:59:59,,,
""",
    "coupons": """coupon_id,system,member_id,benefit_code,face_amount,issued_at,expires_at,redeemed_at
1,pos,one,X,5,2025-03-01 04:00:00,9999-12-31 23:59:59,9999-12-31 23:59:59
2,pos,one,X,5,9999-12-31 23:59:59,9999-12-31 23:59:59,
""",
    "events": """event_id,system,member_id,event_type,happened_at,product_id
1,pos,two,browse,9999-12-31 23:59:59,unknown
""",
    "tickets": """ticket_id,system,member_id,kind,opened_at,rating
1,pos,one,review,9999-12-31 23:59:59,
""",
}


@pytest.fixture(
    scope="module",
    params=[NOBODY_BOUGHT, ODD_LIVES, END_OF_TIME],
    ids=["nobody bought", "odd lives", "end of time"],
)
def shop(request, chain, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    home = Home(folder / "home")
    for table, lines in request.param.items():
        deliver_lines(home, table, lines, DELIVERED_ON)
    load_chain(home)
    dates = [date(2025, 2, 1), date(2025, 6, 1), DELIVERED_ON]
    with quick_build(chain, folder / "build", home, dates) as connection:
        yield home, connection


def test_no_row_is_quarantined_but_what_cannot_have_happened_by_the_delivery(shop):
    home, _ = shop
    held = {file.parts[-3]: pq.read_table(file) for file in home.quarantine.rglob("*.parquet")}
    if (home.landing / "chain" / "coupons").exists():
        few = dict.fromkeys(("members", "events", "refunds", "tickets"), 1)
        wanted = few | {"coupons": 2, "orders": 3, "touches": 2}
    elif (home.landing / "chain" / "touches").exists():
        wanted = {"orders": 2, "touches": 1}
    else:
        wanted = {}
    assert {table: len(rows) for table, rows in held.items()} == wanted


def test_no_check_fails(chain, shop):
    """Warnings may speak up: a handful of members is not spread as a chain's."""
    _, connection = shop
    failed = [
        name
        for name, test in chain.data_tests.items()
        if test["config"]["severity"].lower() == "error"
        and connection.execute(f"select count(*) from ({test['compiled_code']})").fetchone()[0]
    ]

    assert failed == []


def test_both_members_have_a_stage_on_the_last_date(shop):
    _, connection = shop
    (members,) = connection.execute(
        "select count(distinct member_key) from marts.member_lifecycle where as_of_date = $day",
        {"day": DELIVERED_ON},
    ).fetchone()

    assert members == 2


@pytest.mark.parametrize("shop", [ODD_LIVES], indirect=True, ids=["odd lives"])
def test_margin_is_empty_where_the_cost_of_a_purchase_is_unknown(shop):
    """As the columns' descriptions say; zero would be the worst margin of all, and be scored as that."""
    _, connection = shop
    states, margins = connection.execute(
        "select count(*), count(member_activity.margin_amount) "
        "from marts.member_activity inner join core.fct_order "
        "using (member_key) where is_purchase and cost_amount is null and ordered_on <= as_of_date"
    ).fetchone()

    assert states > 0
    assert margins == 0
