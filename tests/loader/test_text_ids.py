"""Ids as shops have them: any text, within the numbering of its system; or a contact detail in its place."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_shop import counts

CONTRACT = """
sources:
  - name: shop
    tables:
      - name: members
        config: {meta: {key: [system, member_id], required: true}}
        columns:
          - {name: system, data_type: varchar, config: {meta: {required: true, pattern: "[a-z0-9_-]{1,8}"}}}
          - name: member_id
            data_type: varchar
            config: {meta: {required: true, max_length: 64, or_pseudonym_of: [email, phone]}}
          - {name: phone, data_type: varchar, config: {meta: {contact: phone}}}
          - {name: email, data_type: varchar, config: {meta: {contact: email}}}
      - name: orders
        config: {meta: {key: [system, order_id], month_of: ordered_at, required: true}}
        columns:
          - {name: order_id, data_type: varchar, config: {meta: {required: true, max_length: 64}}}
          - {name: system, data_type: varchar, config: {meta: {pattern: "[a-z0-9_-]{1,8}"}}}
          - name: member_id
            data_type: varchar
            config: {meta: {max_length: 64, or_pseudonym_of: [email, phone]}}
          - {name: ordered_at, data_type: timestamp, config: {meta: {required: true}}}
          - {name: status, data_type: varchar, config: {meta: {required: true}}}
          - {name: phone, data_type: varchar, config: {meta: {contact: phone}}}
          - {name: email, data_type: varchar, config: {meta: {contact: email}}}
"""
MEMBERS = {"system": ["pos"], "member_id": ["m1"]}


def orders(**columns):
    """Orders with what every order needs, and these columns."""
    rows = len(next(iter(columns.values())))
    always = {"ordered_at": ["2024-05-01 10:00:00"] * rows, "status": ["completed"] * rows}
    return {**always, "order_id": [f"o{number}" for number in range(rows)], **columns}


def load(shop, delivered, form="csv", members=MEMBERS):
    shop.deliver("members", members)
    shop.deliver("orders", delivered, form=form)
    return shop.load(CONTRACT)


@pytest.mark.parametrize(
    ("delivered", "loaded"),
    [
        (["#2001", "a" * 64, "007", " 7"], ["#2001", "a" * 64, "007", "7"]),
        (pa.array([1, 20, 300], pa.int64()), ["1", "20", "300"]),
        (pa.array([1.0, 20.0, None], pa.float64()), ["1", "20"]),
        (pa.array([1.5, 1e17, float("nan"), float("inf"), 2.0], pa.float64()), ["2"]),
    ],
)
def test_any_text_is_an_id_and_a_number_is_the_text_of_its_digits(shop, delivered, loaded):
    load(shop, orders(order_id=delivered), form="csv" if isinstance(delivered, list) else "parquet")

    assert sorted(row["order_id"] for row in shop.loaded("orders")) == sorted(loaded)


def test_an_id_too_long_and_a_system_that_is_no_short_code_are_quarantined(shop):
    load(shop, orders(order_id=["x" * 65, "1", "2", "3"], system=["pos", "Pos 1", "web-2", ""]))

    assert shop.reasons("orders") == [
        (1, "order_id", "longer than 64 characters"),
        (2, "system", "not written as [a-z0-9_-]{1,8}"),
    ]


@pytest.mark.parametrize("ids", [["1", "2"], ["a", "b"], ["1", "1.0"]])
def test_a_number_is_of_its_system_and_no_system_is_one_too(shop, ids):
    first, second = ids
    systems = ["pos", "crm", "", "", "pos", "", "pos"]
    amounts = ["done", "done", "done", "open", "done", "sent", "new"]
    numbers = [first, first, first, first, first, second, second]
    summary = load(shop, orders(order_id=numbers, system=systems, status=amounts))

    # Of the two without a system that differ one is held; the second one of pos repeats it in every column.
    assert counts(summary, "orders") == (7, 5, 1, 1)
    assert [reason for *_, reason in shop.reasons("orders")] == ["key repeated"]


def test_who_gave_a_contact_detail_alone_is_known_by_it(shop):
    """By the e-mail address, else by the phone; a placeholder is nobody's."""
    summary = load(
        shop,
        orders(
            system=["pos", "", "pos", "pos", "pos"],
            member_id=["", "", "m1", "", ""],
            email=["A@b.cn", "a@b.cn ", "a@b.cn", "", ""],
            phone=["13911112222", "", "", "+86 13911112222", "13800000000"],
        ),
        members={
            "system": ["pos", "pos", "pos"],
            "member_id": ["", "", "m1"],
            "phone": ["13911112222", "unknown", ""],
        },
    )

    rows = {row["order_id"]: row for row in shop.loaded("orders")}
    assert rows["o0"]["member_id"] == rows["o1"]["member_id"] == rows["o0"]["email"]
    assert rows["o2"]["member_id"] == "m1"
    assert rows["o3"]["member_id"] == rows["o0"]["phone"]
    assert rows["o4"]["member_id"] is None
    assert sorted(row["member_id"] for row in shop.loaded("members")) == sorted(["m1", rows["o0"]["phone"]])
    assert counts(summary, "members") == (3, 2, 1, 0)
    assert shop.reasons("members") == [(2, "member_id", "required but empty")]
    (vault,) = shop.home.vault.glob("contacts/shop/orders/*.parquet")
    assert {"system", "order_id", "member_id"} <= set(pq.read_schema(vault).names)


def test_orders_without_contact_columns_leave_no_file_in_the_vault_and_hide_nothing(shop):
    load(shop, orders(order_id=["1", "2"], status=["done", ""]))

    assert not list(shop.home.vault.glob("contacts/shop/orders/*"))
    assert shop.quarantined("orders")[0]["ordered_at"] == "2024-05-01 10:00:00"
    assert shop.loaded("orders")[0]["source"] == "shop"


@pytest.mark.parametrize(
    ("bad", "note"), [(False, "has it not is deleted"), (True, "quarantined rows: nothing")]
)
def test_a_whole_table_is_told_unless_rows_of_it_are_held(shop, bad, note):
    shop.deliver("members", MEMBERS)
    delivered = orders(status=["done", "" if bad else "done"])
    shop.deliver("orders", delivered, manifest=lambda manifest: manifest.update(covers="whole"))
    summary = shop.load(CONTRACT)

    assert {table.table: table.covers for table in summary.tables} == {
        "members": "changes",
        "orders": "whole",
    }
    assert any(note.removeprefix("has it not ") in line and "orders" in line for line in shop.said)


def test_a_manifest_that_covers_something_else_is_refused(shop):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", orders(status=["done"]), manifest=lambda manifest: manifest.update(covers="all"))

    with pytest.raises(Exception, match=r"covers 'all'; allowed: whole .* and changes"):
        shop.load(CONTRACT)
