"""Values that cannot be so: quarantined with what is allowed; contact details that are none: no pseudonym."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime

import pyarrow.parquet as pq
import pytest
from small_shop import Shop, contracts_from, counts

from orchestration.core.contract import ContractFault
from orchestration.core.errors import InputFault
from orchestration.core.pseudonyms import pseudonym
from orchestration.core.source_settings import SourceSettings
from orchestration.loader import load
from orchestration.loader.plausible import RANGES_SEED, WORDS_SEED, read_plausible
from orchestration.loader.secret import read_secret
from orchestration.own_tables import read_own_table
from orchestration.project import SEEDS_DIR, Home

CONTRACT = """
sources:
  - name: shop
    tables:
      - name: members
        config: {meta: {key: [member_id], required: true}}
        columns:
          - {name: member_id, data_type: varchar, config: {meta: {required: true}}}
          - {name: phone, data_type: varchar, config: {meta: {contact: phone}}}
          - {name: email, data_type: varchar, config: {meta: {contact: email}}}
          - {name: union_id, data_type: varchar, config: {meta: {contact: union_id}}}
          - {name: card_number, data_type: varchar, config: {meta: {contact: card}}}
          - {name: full_name, data_type: varchar, config: {meta: {contact: name}}}
          - {name: level, data_type: varchar, config: {meta: {allowed: [basic, gold]}}}
      - name: orders
        config:
          meta:
            key: [order_id]
            month_of: ordered_at
            required: true
            at_most: {net_amount: [gross_amount], ordered_at: [paid_at]}
        columns:
          - {name: order_id, data_type: varchar, config: {meta: {required: true}}}
          - {name: ordered_at, data_type: timestamp, config: {meta: {required: true}}}
          - {name: paid_at, data_type: timestamp}
          - {name: due_on, data_type: date}
          - {name: gross_amount, data_type: "decimal(18,2)"}
          - {name: net_amount, data_type: "decimal(18,2)"}
          - {name: quantity, data_type: integer, config: {meta: {range: quantity}}}
      - name: consents
        config: {meta: {key: [consent_id], month_of: happened_at}}
        columns:
          - {name: consent_id, data_type: bigint, config: {meta: {required: true}}}
          - {name: member_id, data_type: varchar, config: {meta: {required: true}}}
          - {name: is_granted, data_type: boolean, config: {meta: {required: true, opt_out: true}}}
          - {name: happened_at, data_type: timestamp, config: {meta: {required: true}}}
"""
GOOD = {"order_id": "1", "ordered_at": "2024-05-01 10:00:00"}
# Deliveries are of 2024-06-01.
TOO_EARLY = "before 1970-01-02, the earliest that is plausible"
TOO_LATE = "after 2024-06-03, the latest that is plausible in this delivery"
NO_ZONE = "an offset no time zone has; at most 14:00 from UTC is allowed"
IMPOSSIBLE = [
    ({"ordered_at": "1969-12-31 23:59:59"}, "ordered_at", TOO_EARLY),
    ({"ordered_at": "1970-01-01"}, "ordered_at", TOO_EARLY),
    ({"ordered_at": "2045-12-20 10:00:00"}, "ordered_at", TOO_LATE),
    ({"ordered_at": "2024-06-04"}, "ordered_at", TOO_LATE),
    ({"ordered_at": "2024-05-01T10:00:00+15:00"}, "ordered_at", NO_ZONE),
    ({"ordered_at": "2024-05-01T10:00:00-99:00"}, "ordered_at", NO_ZONE),
    ({"due_on": "0024-05-01"}, "due_on", "before 1800-01-01, the earliest that is plausible"),
    ({"gross_amount": "1000000000.01"}, "gross_amount", "above 1000000000, the most that is plausible"),
    ({"gross_amount": "-1000000000.01"}, "gross_amount", "below -1000000000, the least that is plausible"),
    ({"quantity": "1000001"}, "quantity", "above 1000000, the most that is plausible"),
    ({"net_amount": "10.01", "gross_amount": "10"}, "net_amount, gross_amount",
     "net_amount must be at most gross_amount"),
    ({"paid_at": "2024-04-30 23:59:59"}, "ordered_at, paid_at",
     "ordered_at must not be on a later day than paid_at"),
]  # fmt: skip
POSSIBLE = [
    {"ordered_at": "1970-01-02"},
    {"ordered_at": "2024-06-03 23:59:59"},
    {"ordered_at": "2024-05-01T10:00:00+14:00"},
    {"ordered_at": "2024-05-01T10:00:00-12:00"},
    {"due_on": "9999-12-31"},
    {"due_on": "1800-01-01"},
    {"gross_amount": "1000000000"},
    {"quantity": "1000000"},
    {"net_amount": "10", "gross_amount": "10.00"},
    {"net_amount": "10"},
    # A day without a time begins before the order of that day.
    {"paid_at": "2024-05-01"},
]


@pytest.fixture(scope="module")
def new_shop(tmp_path_factory):
    return lambda: Shop(Home(tmp_path_factory.mktemp("home")), SEEDS_DIR)


def load_orders(shop, rows):
    names = dict.fromkeys(name for row in rows for name in row)
    shop.deliver("members", {"member_id": ["m1"]})
    shop.deliver("orders", {name: [row.get(name) for row in rows] for name in names})
    return shop.load(CONTRACT)


def test_what_cannot_be_so_is_quarantined_with_what_is_allowed_and_all_else_is_loaded(new_shop):
    shop = new_shop()
    changes = [*(change for change, _, _ in IMPOSSIBLE), *POSSIBLE]
    rows = [GOOD | {"order_id": str(number)} | change for number, change in enumerate(changes)]

    summary = load_orders(shop, rows)

    assert counts(summary, "orders") == (len(rows), len(POSSIBLE), len(IMPOSSIBLE), 0)
    assert shop.reasons("orders") == [
        (number, column, reason) for number, (_, column, reason) in enumerate(IMPOSSIBLE, 1)
    ]


def test_ids_that_look_alike_are_one_and_what_nobody_sees_is_none(new_shop):
    shop = new_shop()
    ids = ["Ａ１", "A2 ", "\u200bA3", "\u3000", "a1", "A\u00a01", "A4", "Ａ４"]
    times = ["2024-05-01"] * 7 + ["2024-05-02"]

    load_orders(shop, [{"order_id": each, "ordered_at": at} for each, at in zip(ids, times, strict=True)])

    assert [row["order_id"] for row in shop.loaded("orders")] == ["A 1", "A1", "A2", "A3", "A4", "a1"]
    assert shop.reasons("orders") == [(4, "order_id", "required but empty"), (8, "order_id", "key repeated")]


NO_CONTACTS = {
    "phone": ["1.38E+10", "unknown", "9" * 40, "12345", "11111111111", "无", "-", "None"],
    "email": ["nobody", "a@b", "NoReply@shop.com", "test@Test.com", "@shop.com", "没有", "a b@c.de", "N/A"],
    "union_id": ["UnKnown", "(none)", "NULL", "0000", "--", "不详", "нет", "undefined"],
    "card_number": ["0000", "n/a", "6.22E+15", "no card", "无", "k.A.", "xxx", "Keine Angabe"],
    "full_name": ["Unknown", "匿名", "先生", "GUEST", "???", "ｎｏｎｅ", "13912345678", "walk-in"],
}
CONTACTS = {
    "phone": ["13912345678", "+91 98765 43210"],
    "email": ["na@shop.com", "Noreply.Smith@shop.com"],
    "union_id": ["oNone1", "0001"],
    "card_number": ["C-0000", "NONE1"],
    "full_name": ["Guest Smith", "李先生"],
}


def test_what_is_no_contact_detail_has_no_pseudonym_and_is_counted_and_its_row_is_loaded(new_shop):
    shop = new_shop()
    columns = {name: values + CONTACTS[name] for name, values in NO_CONTACTS.items()}
    shop.deliver("members", {"member_id": [f"m{number}" for number in range(10)], **columns})
    shop.deliver("orders", {name: [value] for name, value in GOOD.items()})

    summary = shop.load(CONTRACT)

    assert counts(summary, "members") == (10, 10, 0, 0)
    rows = {row["member_id"]: row for row in shop.loaded("members")}
    assert [
        (column, values[number])
        for column, values in columns.items()
        for number in range(10)
        if (rows[f"m{number}"][column] is None) != (number < 8)
    ] == []
    notes = [line for line in shop.said if "linking nobody" in line]
    assert len(notes) == 5
    assert notes[0].endswith("phone: 8 values are no phone (numbers of CN); linking nobody and not sent to")
    secret = read_secret(shop.home).value
    assert rows["m9"]["phone"] == pseudonym(secret, "phone", "+919876543210")
    (vault,) = (shop.home.vault / "contacts").rglob("*.parquet")
    kept = {row["member_id"]: row for row in pq.read_table(vault, partitioning=None).to_pylist()}
    assert (kept["m0"]["phone"], kept["m0"]["phone_dialled"]) == ("1.38E+10", None)
    assert kept["m9"]["phone_dialled"] == "+919876543210"


def test_a_source_dials_in_its_country_and_folds_the_letters_of_its_ids(new_shop):
    shop = new_shop()
    phones = ["+91 98765 43210", "098765 43210", "0091 98765 43210"]
    shop.deliver("members", {"member_id": ["a1", "Ｂ2", "c3 "], "phone": phones, "level": ["gold"] * 3})
    shop.deliver("orders", {name: [value] for name, value in GOOD.items()})
    contract = contracts_from(CONTRACT)["shop"]
    tables = tuple(
        replace(table, settings=SourceSettings(country="IN", id_case="upper")) for table in contract.tables
    )

    load(shop.home, {"shop": replace(contract, tables=tables)}, shop.said.append)

    found = shop.loaded("members")
    assert [(row["member_id"], row["level"]) for row in found] == [
        ("A1", "gold"),
        ("B2", "gold"),
        ("C3", "gold"),
    ]
    assert len({row["phone"] for row in found} - {None}) == 1


def test_a_refused_consent_that_cannot_be_so_silences_from_its_delivery_on(new_shop):
    shop = new_shop()
    shop.deliver_required()
    shop.deliver(
        "consents",
        {
            "consent_id": ["1", "2", "3"],
            "member_id": ["m1 ", "m2", "m3"],
            "is_granted": ["true"] * 3,
            "happened_at": ["1970-01-01", "2045-01-01", "2024-05-01T10:00:00"],
        },
    )

    shop.load(CONTRACT)

    found = read_own_table(shop.home, "unreadable_consents")
    assert [(row["member_id"], row["happened_at"]) for row in found] == [("m1", None), ("m2", None)]
    assert [row["happened_at"] for row in shop.loaded("consents")] == [datetime(2024, 5, 1, 10)]


def with_seed(tmp_path, seed, rows):
    """A folder of definitions in which one seed has other rows."""
    (tmp_path / "sources").mkdir()
    for each in (RANGES_SEED, WORDS_SEED):
        (tmp_path / each).write_bytes((SEEDS_DIR / each).read_bytes())
    with (tmp_path / seed).open(encoding="utf-8") as file:
        header = next(csv.reader(file))
    with (tmp_path / seed).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return tmp_path


def test_another_limit_or_word_makes_what_it_decides_load_anew(tmp_path):
    shipped = read_plausible(SEEDS_DIR)
    members, orders, _ = contracts_from(CONTRACT)["shop"].tables
    ranges = [("happened", "1990-01-01", "2", "", "", "x"), ("date", "1800-01-01", "", "", "", "x")]
    words = [("any", "nope", "x")]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()

    other_range = read_plausible(with_seed(tmp_path / "a", RANGES_SEED, ranges))
    other_word = read_plausible(with_seed(tmp_path / "b", WORDS_SEED, words))

    assert other_range.fingerprint(orders) != shipped.fingerprint(orders)
    assert other_range.fingerprint(members) == shipped.fingerprint(members)
    assert other_word.fingerprint(members) != shipped.fingerprint(members)
    assert other_word.fingerprint(orders) == shipped.fingerprint(orders)


def test_a_range_that_no_row_has_is_refused_with_those_there_are():
    contracts = contracts_from(CONTRACT.replace("range: quantity", "range: pieces"))
    with pytest.raises(ContractFault, match=r"shop\.orders, column quantity: range pieces") as fault:
        read_plausible(SEEDS_DIR, contracts)
    assert "It has: happened, date, amount, quantity" in str(fault.value)


def test_a_limit_that_is_no_date_is_refused(tmp_path):
    seeds = with_seed(tmp_path, RANGES_SEED, [("happened", "soon", "2", "", "", "x")])
    with pytest.raises(InputFault, match="earliest"):
        read_plausible(seeds)
