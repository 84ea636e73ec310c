"""Opt-outs in rows that the contract refuses: what can still be read of them is a table for dbt."""

from __future__ import annotations

from datetime import date, datetime

import pyarrow.parquet as pq
import pytest
from small_shop import CONTRACT, MEMBERS

CONSENTS = """
      - name: consents
        config: {meta: {key: [consent_id], month_of: happened_at}}
        columns:
          - {name: consent_id, data_type: bigint, config: {meta: {required: true}}}
          - {name: system, data_type: varchar, config: {meta: {required: true, allowed: [pos, crm]}}}
          - {name: member_id, data_type: varchar, config: {meta: {required: true}}}
          - {name: channel, data_type: varchar, config: {meta: {required: true, allowed: [sms, email]}}}
          - {name: purpose, data_type: varchar, config: {meta: {required: true, allowed: [marketing]}}}
          - {name: is_granted, data_type: boolean, config: {meta: {required: true}}}
          - {name: happened_at, data_type: timestamp, config: {meta: {required: true}}}
"""
GOOD = {
    "consent_id": "1", "system": "pos", "member_id": "m1", "channel": "sms", "purpose": "marketing",
    "is_granted": "true", "happened_at": "2024-05-01T18:00:00+08:00",
}  # fmt: skip
READ = {**GOOD, "consent_id": "1", "happened_at": datetime(2024, 5, 1, 10)}


def unreadable(shop):
    table = pq.read_table(shop.home.own_tables / "unreadable_consents.parquet")
    return table.to_pylist()


def load_consents(shop, *rows, on="2024-06-01"):
    columns = {name: [row[name] for row in rows] for name in GOOD}
    if on == "2024-06-01":
        shop.deliver("members", MEMBERS)
        shop.deliver("orders", {"order_id": [1], "ordered_at": ["2024-05-01"], "status": ["completed"]})
    shop.deliver("consents", columns, on=on)
    shop.load(CONTRACT + CONSENTS)


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("consent_id", "x", "not a bigint"),
        ("system", "till", "not an allowed code"),
        ("member_id", None, "required but empty"),
        ("channel", "pigeon", "not an allowed code"),
        ("purpose", "", "required but empty"),
        ("happened_at", "01.05.2024", "not a timestamp"),
    ],
)
def test_what_is_at_fault_is_empty_and_all_else_is_read(shop, column, value, reason):
    load_consents(shop, GOOD | {column: value})
    [row] = unreadable(shop)
    assert (row["quarantine_reason"], row["quarantine_column"]) == (reason, column)
    assert (row["source"], row["delivered_on"]) == ("shop", date(2024, 6, 1))
    expected = READ | {column: None}
    assert {name: row[name] for name in expected if name != "is_granted"} == {
        name: expected[name] for name in expected if name != "is_granted"
    }


def test_an_answer_nobody_can_read_and_a_repeated_number_are_there_whole(shop):
    load_consents(
        shop,
        GOOD | {"is_granted": "perhaps"},
        GOOD | {"consent_id": "2"},
        GOOD | {"consent_id": "2", "channel": "email"},
    )
    assert [(row["consent_id"], row["quarantine_reason"]) for row in unreadable(shop)] == [
        ("1", "not a boolean"),
        ("2", "key repeated"),
    ]


def test_refused_events_of_every_delivery_stay_and_readable_ones_are_not_there(shop):
    load_consents(shop, GOOD)
    assert unreadable(shop) == []
    load_consents(shop, GOOD | {"channel": "fax"}, on="2024-06-02")
    load_consents(shop, GOOD, GOOD | {"consent_id": "7", "channel": "fax"}, on="2024-06-03")
    assert [(row["delivered_on"].day, row["consent_id"]) for row in unreadable(shop)] == [(2, "1"), (3, "7")]


def test_a_source_without_consents_has_none(shop):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", {"order_id": [1], "ordered_at": ["2024-05-01"], "status": ["completed"]})
    shop.load()
    assert unreadable(shop) == []


TOUCHES = """
      - name: touches
        config: {meta: {key: [touch_id], month_of: planned_at}}
        columns:
          - {name: touch_id, data_type: bigint, config: {meta: {required: true}}}
          - {name: member_id, data_type: varchar, config: {meta: {required: true}}}
          - {name: channel, data_type: varchar, config: {meta: {required: true, allowed: [sms, email]}}}
          - {name: planned_at, data_type: timestamp, config: {meta: {required: true}}}
          - {name: unsubscribed_at, data_type: timestamp, config: {meta: {opt_out: true}}}
          - {name: blocked_at, data_type: timestamp, config: {meta: {opt_out: true}}}
          - {name: cost_amount, data_type: "decimal(18,4)", config: {meta: {min: 0}}}
      - name: tickets
        config: {meta: {key: [ticket_id], month_of: opened_at}}
        columns:
          - {name: ticket_id, data_type: bigint, config: {meta: {required: true}}}
          - {name: member_id, data_type: varchar, config: {meta: {required: true}}}
          - name: kind
            data_type: varchar
            config: {meta: {required: true, allowed: [complaint, review], opt_out: [complaint]}}
          - {name: opened_at, data_type: timestamp, config: {meta: {required: true}}}
          - {name: order_id, data_type: bigint}
          - {name: rating, data_type: integer, config: {meta: {min: 1, max: 5}}}
"""
TOUCH = {
    "touch_id": "1", "member_id": "m1", "channel": "sms", "planned_at": "2024-05-01 10:00:00",
    "unsubscribed_at": "", "blocked_at": "", "cost_amount": "-1",
}  # fmt: skip
TICKET = {
    "ticket_id": "7", "member_id": "m1", "kind": "complaint", "opened_at": "2024-05-02 10:00:00",
    "order_id": "12", "rating": "9",
}  # fmt: skip


def load_refused(shop, table, *rows):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", {"order_id": [1], "ordered_at": ["2024-05-01"], "status": ["completed"]})
    shop.deliver(table, {name: [row[name] for row in rows] for name in rows[0]})
    shop.load(CONTRACT + TOUCHES)
    return unreadable(shop)


@pytest.mark.parametrize(
    ("cells", "happened_at"),
    [
        ({"unsubscribed_at": "2024-05-03 10:00:00"}, datetime(2024, 5, 3, 10)),
        ({"unsubscribed_at": "2024-05-03", "blocked_at": "2024-05-04"}, datetime(2024, 5, 4)),
        # Something stands there: it was one, whenever that was.
        ({"unsubscribed_at": "soon"}, None),
        ({"unsubscribed_at": "2024-05-03", "blocked_at": "soon"}, None),
    ],
)
def test_a_refused_touch_is_an_opt_out_where_any_of_its_times_is_filled(shop, cells, happened_at):
    [row] = load_refused(shop, "touches", TOUCH | cells)
    assert (row["table_name"], row["touch_id"], row["member_id"]) == ("touches", "1", "m1")
    assert (row["channel"], row["happened_at"]) == ("sms", happened_at)


@pytest.mark.parametrize(
    ("cells", "found"),
    [
        ({}, [("7", "12", datetime(2024, 5, 2, 10))]),
        # What nobody can read may have been a complaint.
        ({"kind": "rant"}, [("7", "12", datetime(2024, 5, 2, 10))]),
        ({"kind": ""}, [("7", "12", datetime(2024, 5, 2, 10))]),
        ({"kind": "review"}, []),
    ],
)
def test_a_refused_ticket_is_an_opt_out_unless_it_is_readably_no_complaint(shop, cells, found):
    rows = load_refused(shop, "tickets", TICKET | cells)
    assert [(row["ticket_id"], row["order_id"], row["happened_at"]) for row in rows] == found


def test_refused_touches_that_opt_nobody_out_are_not_there(shop):
    assert load_refused(shop, "touches", TOUCH, TOUCH | {"touch_id": "2", "channel": "fax"}) == []


def load_text(shop, table, *lines, contract=CONTRACT + TOUCHES):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", {"order_id": [1], "ordered_at": ["2024-05-01"], "status": ["completed"]})
    shop.folder(table).mkdir(parents=True)
    (shop.folder(table) / "part-0.csv").write_text("\n".join(lines) + "\n")
    shop.seal(table)
    shop.load(contract)
    return unreadable(shop)


@pytest.mark.parametrize(
    ("row", "member"),
    [
        ("7,pos,m1,sms,marketing,false", "m1"),
        ("7,pos,m1,sms,marketing,true,2024-05-01,", "m1"),
        ("7,pos,m1", "m1"),
        ("7,till,m1,sms", "m1"),
        ("7", None),
        ("7,pos,,m1,sms,marketing,false,2024-05-01", None),
    ],
)
def test_a_consent_whose_cells_do_not_fit_silences_whom_it_names_on_every_channel(shop, row, member):
    [read] = load_text(shop, "consents", ",".join(GOOD), row, contract=CONTRACT + CONSENTS)
    assert (read["consent_id"], read["member_id"]) == ("7", member)
    assert (read["channel"], read["purpose"], read["happened_at"]) == (None, None, None)
    assert read["quarantine_column"] == ""
    nameless = 0 if member else 1
    assert any(f"rows that name nobody and silence nobody: {nameless} of 1" in line for line in shop.said)


def test_a_touch_or_ticket_whose_cells_do_not_fit_may_be_an_opt_out_whatever_it_says(shop):
    full = ",".join([*TICKET, "extra"])
    rows = load_text(shop, "tickets", ",".join(TICKET), "7,m1,review,2024-05-02,12,5,", "8,m2", full)
    assert [(row["ticket_id"], row["member_id"], row["happened_at"]) for row in rows[:2]] == [
        ("7", "m1", None),
        ("8", "m2", None),
    ]


def test_a_header_in_the_middle_of_a_file_opts_nobody_out(shop):
    assert load_text(shop, "tickets", ",".join(TICKET), ",".join(TICKET)) == []
    assert not any("silence" in line for line in shop.said)


def test_a_header_among_consents_opts_nobody_out(shop):
    names = ",".join(GOOD)
    assert load_text(shop, "consents", names, names, contract=CONTRACT + CONSENTS) == []
