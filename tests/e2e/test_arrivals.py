"""What arrives, and what it counts for: numbers by system, refunds, whole tables, guests, lost partners."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal

import pytest

from orchestration.project import Home
from tests.built import load_chain, quick_build
from tests.e2e.delivered_by_hand import deliver_lines

FIRST, SECOND, THIRD = date(2025, 6, 15), date(2025, 6, 22), date(2025, 6, 29)
WANTED = (
    "dim_member",
    "fct_order_item",
    "fct_unmatched_row",
    "fct_contact_permission",
    "int_contact_channels",
)
MEMBERS = """system,member_id,registered_at,full_name,phone,email
pos,one,2025-01-01 04:00:00,Li Wei,13911112222,
crm,two,2025-01-01 04:00:00,Wang Fang,,two@shop.cn
web,,2025-01-01 04:00:00,,,three@shop.cn
"""
HEAD = (
    "system,order_id,member_id,channel,ordered_at,status,"
    "gross_amount,discount_amount,net_amount,phone,email\n"
)


def order(system, number, member="", status="completed", net="100", phone="", email="", day="2025-02-01"):
    at = f"{day} 04:00:00"
    return f"{system},{number},{member},store,{at},{status},{net},0,{net},{phone},{email}\n"


ORDERS = HEAD + "".join(
    [
        order("pos", "7", "one", net="15"),
        order("web", "7", "two", net="33"),
        order("pos", "#2001", "one"),
        order("pos", "#2002", "one", status="cancelled"),
        order("", "8", "one", net="50"),
        order("pos", "9", "nobody", net="70"),
        # Guests: by the phone of a member, an e-mail, that of one without a name, their own, none.
        order("web", "20", net="11", phone="+86 13911112222"),
        order("", "21", net="12", email="TWO@shop.cn"),
        order("pos", "22", net="13", email="three@shop.cn"),
        order("web", "23", net="14", email="four@shop.cn"),
        order("pos", "24", net="15", email="four@shop.cn"),
        order("pos", "25", net="16", phone="13800000000"),
    ]
)
REFUNDS = """refund_id,system,order_id,refunded_at,kind,amount
r1,,#2001,2025-02-03 04:00:00,refund,60
r2,pos,#2001,2025-02-02 04:00:00,refund,30
r3,,#2001,2025-02-04 04:00:00,refund,30
r4,,#2001,2025-02-05 04:00:00,refund,20
r5,,#2002,2025-02-03 04:00:00,refund,50
r6,,404,2025-02-03 04:00:00,refund,500
r7,,7,2025-02-03 04:00:00,refund,5
r8,web,7,2025-02-03 04:00:00,refund,3
r9,,8,2025-01-31 04:00:00,refund,9
"""
ITEMS = """order_id,system,line_number,ordered_at,product_id,quantity,net_amount
#2001,,1,2025-02-01 04:00:00,tea,1,100
7,web,1,2025-02-01 04:00:00,tea,1,33
7,,1,2025-02-01 04:00:00,tea,1,15
404,,1,2025-02-01 04:00:00,tea,1,4
"""


def of_members(head, rest):
    """A row of a member that was delivered, one of none, and one of a number of another system."""
    members = [("pos", "one"), ("pos", "nobody"), ("crm", "one")]
    rows = [f"{place},{system},{member},{rest}\n" for place, (system, member) in enumerate(members)]
    return f"{head}\n" + "".join(rows)


NAMING_MEMBERS = {
    "events": of_members("event_id,system,member_id,event_type,happened_at", "browse,2025-03-01"),
    "touches": of_members("touch_id,system,member_id,channel,planned_at", "sms,2025-03-01"),
    "coupons": of_members(
        "coupon_id,system,member_id,benefit_code,issued_at,face_amount", "ten_off,2025-03-01,10"
    ),
    "tickets": of_members("ticket_id,system,member_id,kind,opened_at", "enquiry,2025-03-01"),
    # A withdrawal under a system that nobody is registered in is of whoever has the number.
    "consents": of_members(
        "consent_id,system,member_id,channel,purpose,is_granted,happened_at", "sms,service,true,2025-03-01"
    )
    + "3,app,one,sms,service,false,2025-03-01\n",
}


def key(system, member):
    return int(hashlib.md5(f"chain:{system}:{member}".encode()).hexdigest()[:15], 16)


@pytest.fixture(scope="module")
def shop(chain, tmp_path_factory):
    """One shop, and a connection to what is made of it."""
    home = Home(tmp_path_factory.mktemp("arrivals") / "home")
    tables = {"members": MEMBERS, "orders": ORDERS, "refunds": REFUNDS, "order_items": ITEMS}
    for table, lines in {**tables, **NAMING_MEMBERS}.items():
        deliver_lines(home, table, lines, FIRST)
    load_chain(home)
    with quick_build(chain, home.root / "build", home, [FIRST], wanted=WANTED) as connection:
        yield connection


def rows(connection, query):
    return connection.execute(query).fetchall()


def test_the_same_number_of_two_systems_is_two_orders(shop):
    query = "select system, member_key, net_amount from core.fct_order where order_id = '7' order by 1"
    assert rows(shop, query) == [
        ("pos", key("pos", "one"), Decimal(15)),
        ("web", None, Decimal(33)),
    ]
    assert rows(shop, "select order_number_key from core.fct_order where order_id = '7'") == [
        (None,),
        (None,),
    ]


def test_a_refund_counts_once_against_an_order_that_counts_up_to_what_was_paid(shop):
    """By their days 30, 60, 10 of 30 and nothing of 20; what has no such order waits."""
    query = "select refund_id, refunded_amount, surplus_amount from core.fct_refund order by 1"
    assert rows(shop, query) == [
        ("r1", Decimal(60), Decimal(0)),
        ("r2", Decimal(30), Decimal(0)),
        ("r3", Decimal(10), Decimal(20)),
        ("r8", Decimal(3), Decimal(0)),
    ]


def test_what_found_no_partner_is_counted_with_its_money(shop):
    query = "select table_name, reason, unmatched_rows, amount from core.fct_unmatched_row order by all"
    assert rows(shop, query) == [
        ("consents", "member unknown", 2, Decimal(0)),
        ("coupons", "member unknown", 2, Decimal(20)),
        ("events", "member unknown", 2, Decimal(0)),
        ("order_items", "order number of several systems", 1, Decimal(15)),
        ("order_items", "order unknown", 1, Decimal(4)),
        # web has no member two, and without a system nobody knows whose member one is.
        ("orders", "member unknown", 3, Decimal(33 + 50 + 70)),
        ("refunds", "before the order", 1, Decimal(9)),
        ("refunds", "more than was paid", 2, Decimal(40)),
        ("refunds", "order never counted", 1, Decimal(50)),
        ("refunds", "order number of several systems", 1, Decimal(5)),
        ("refunds", "order unknown", 1, Decimal(500)),
        ("tickets", "member unknown", 2, Decimal(0)),
        ("touches", "member unknown", 2, Decimal(0)),
    ]


def test_lines_find_the_order_of_their_system_and_none_of_two(shop):
    assert rows(shop, "select net_amount from core.fct_order_item order by 1") == [
        (Decimal(33),),
        (Decimal(100),),
    ]


def test_a_guest_is_the_member_with_that_contact_detail(shop):
    query = "select order_id, member_key from core.fct_order where order_id between '20' and '25'"
    members = dict(rows(shop, query))
    web = "select member_key from core.int_identity__members where system = 'web'"
    [(three,)] = rows(shop, f"{web} and registered_on < '2025-02-01'")
    assert members["20"] == key("pos", "one")
    assert members["21"] == key("crm", "two")
    assert members["22"] == three
    assert members["23"] == members["24"]
    assert members["23"] not in (None, three)
    assert members["25"] is None


def test_a_guest_is_registered_with_the_first_order_and_is_written_to_by_nobody(shop):
    [(guest,)] = rows(shop, "select member_key from core.fct_order where order_id = '23'")
    query = f"select registered_on, records from core.dim_member where member_key = {guest}"
    assert rows(shop, query) == [(date(2025, 2, 1), 2)]
    assert rows(shop, f"from core.int_contact_channels where member_key = {guest}") == []


CONSENTS = """consent_id,system,member_id,channel,purpose,is_granted,happened_at
c1,pos,one,sms,marketing,true,2025-01-01 04:00:00
c2,pos,one,sms,marketing,false,2025-01-02 04:00:00
c3,crm,six,sms,marketing,true,2025-01-01 04:00:00
c4,pos,five,sms,marketing,false,2025-01-02 04:00:00
c5,crm,eight,sms,marketing,true,2025-01-01 04:00:00
"""
TOUCHES = """touch_id,system,member_id,channel,planned_at,unsubscribed_at
t1,pos,seven,sms,2025-01-02 04:00:00,2025-01-03 04:00:00
t2,crm,six,sms,2025-01-02 04:00:00,
"""
PEOPLE = """system,member_id,registered_at,full_name,phone
pos,one,2025-01-01 04:00:00,Li Wei,13911112222
pos,five,2025-01-01 04:00:00,Qi Ba,13922223333
crm,six,2025-01-02 04:00:00,Liu San,13922223333
pos,seven,2025-01-01 04:00:00,Zhu Si,13933334444
crm,eight,2025-01-02 04:00:00,Wu Jiu,13933334444
"""


def test_what_a_whole_table_lacks_is_gone_and_no_opt_out_is(chain, tmp_path):
    """Members five and seven, who opted out, left; six and eight have their phones now."""
    home = Home(tmp_path / "home")
    orders = [order("pos", number, "one", net=number) for number in ("1", "2", "4")]
    given = {"members": PEOPLE, "orders": HEAD + "".join(orders), "consents": CONSENTS, "touches": TOUCHES}
    for table, lines in given.items():
        deliver_lines(home, table, lines, FIRST)
    for table, lines in given.items():
        kept = [
            line for line in lines.splitlines(keepends=True)
            if line.startswith(("system", "consent_id", "touch_id", "pos,1", "pos,one", "c1", "c3", "c5"))
            or line.startswith("crm")
        ]  # fmt: skip
        deliver_lines(home, table, "".join(kept), SECOND, is_whole=True)
    deliver_lines(home, "orders", HEAD + order("pos", "4", "one", net="5"), THIRD)
    load_chain(home)

    with quick_build(chain, tmp_path / "build", home, [THIRD], wanted=WANTED) as connection:
        query = "select order_id, net_amount from core.fct_order order by 1"
        assert rows(connection, query) == [("1", Decimal(1)), ("4", Decimal(5))]
        members = {key(*record) for record in (("pos", "one"), ("crm", "six"), ("crm", "eight"))}
        assert {each for (each,) in rows(connection, "select member_key from core.dim_member")} == members
        query = (
            "select member_key from core.fct_contact_permission where is_allowed and next_on = '9999-12-31'"
        )
        assert rows(connection, query) == []
