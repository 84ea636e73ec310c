"""The contract: what it takes from dbt's sources file, and the faults it names."""

from __future__ import annotations

import copy
from datetime import date, datetime
from decimal import Decimal

import pytest
import yaml

from orchestration.core.contract import ContractFault, parse_contract
from orchestration.loader.contracts import read_contracts
from orchestration.project import STAGING_DIR

GOOD = yaml.safe_load("""
sources:
  - name: shop
    tables:
      - name: orders
        config: {meta: {key: [order_id], month_of: ordered_at, required: true}}
        columns:
          - {name: order_id, data_type: bigint, description: Number., config: {meta: {required: true}}}
          - {name: ordered_at, data_type: TIMESTAMP, config: {meta: {required: true, min: 2020-01-01T00:00}}}
          - {name: paid_on, data_type: date, config: {meta: {max: 2030-12-31}}}
          - {name: amount, data_type: "Decimal(18, 2)", config: {meta: {min: 0, max: 99.5}}}
          - {name: status, data_type: varchar, config: {meta: {allowed: [done, open]}}}
          - {name: phone, data_type: varchar, config: {meta: {contact: phone}}}
""")


def changed(change):
    document = copy.deepcopy(GOOD)
    change(document["sources"][0]["tables"][0])
    return document


def column(table, name):
    return next(entry for entry in table["columns"] if entry["name"] == name)


def test_a_contract_holds_what_the_file_says():
    (table,) = parse_contract(GOOD, "shop.yml").tables

    assert (table.source, table.name, table.key, table.month_of, table.required) == (
        "shop",
        "orders",
        ("order_id",),
        "ordered_at",
        True,
    )
    assert [c.data_type for c in table.columns] == [
        "bigint",
        "timestamp",
        "date",
        "decimal(18,2)",
        "varchar",
        "varchar",
    ]
    assert table.column("ordered_at").minimum == datetime(2020, 1, 1)
    assert table.column("paid_on").maximum == date(2030, 12, 31)
    assert (table.column("amount").minimum, table.column("amount").maximum) == (Decimal(0), Decimal("99.5"))
    assert table.column("status").allowed == ("done", "open")
    assert [c.name for c in table.contacts] == ["phone"]
    assert table.column("order_id").required
    assert not table.column("amount").required


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: column(t, "amount").update(data_type="money"), "column amount: unknown data_type 'money'"),
        (lambda t: column(t, "amount").update(data_type="decimal(39,2)"), "unknown data_type"),
        (lambda t: column(t, "amount").update(data_type="decimal(5,6)"), "unknown data_type"),
        (lambda t: column(t, "amount").pop("data_type"), "unknown data_type"),
        (lambda t: t["config"]["meta"].update(key=["order_id", "line"]), "key column line is not among"),
        (lambda t: t["config"]["meta"].update(key=["order_id", "order_id"]), "appears more than once"),
        (lambda t: t["config"]["meta"].pop("key"), "meta.key must list"),
        (lambda t: t["config"]["meta"].update(key="order_id"), "meta.key must list"),
        (lambda t: t["config"]["meta"].update(key=["status"]), "at least one column needs meta.required"),
        (lambda t: t["config"]["meta"].update(key=["phone"]), "key column phone is a contact detail"),
        (lambda t: t["config"]["meta"].update(month_of="status"), "month_of status is varchar"),
        (lambda t: t["config"]["meta"].update(month_of="sent_at"), "month_of 'sent_at' is not among"),
        (lambda t: t["config"]["meta"].update(month_of="paid_on"), "month_of paid_on needs meta.required"),
        (lambda t: t["config"]["meta"].update(required="yes"), "required must be true or false"),
        (lambda t: t["config"]["meta"].update(keys=["order_id"]), "unknown meta keys"),
        (lambda t: column(t, "amount")["config"]["meta"].update(minimum=1), "unknown meta minimum"),
        (lambda t: column(t, "amount")["config"]["meta"].update(allowed=["1"]), "allowed is for varchar"),
        (lambda t: column(t, "status")["config"]["meta"].update(allowed=[]), "allowed must list texts"),
        (lambda t: column(t, "status")["config"]["meta"].update(allowed=[True]), "allowed must list texts"),
        (
            lambda t: column(t, "status")["config"]["meta"].update(allowed=["a", "a"]),
            "appears more than once",
        ),
        (lambda t: column(t, "status")["config"]["meta"].update(min=1), "min is for numbers"),
        (lambda t: column(t, "amount")["config"]["meta"].update(min="much"), "min 'much' is not a decimal"),
        (lambda t: column(t, "status")["config"]["meta"].update(range="happened"), "range is for numbers"),
        (lambda t: column(t, "amount")["config"]["meta"].update(range=3), "range must name a row"),
        (lambda t: t["config"]["meta"].update(at_most=["amount"]), "at_most must list for a column"),
        (lambda t: t["config"]["meta"].update(at_most={"amount": "x"}), "at_most must list for a column"),
        (
            lambda t: t["config"]["meta"].update(at_most={"amount": ["gross"]}),
            "at_most names gross, not among",
        ),
        (
            lambda t: t["config"]["meta"].update(at_most={"amount": ["paid_on"]}),
            "at_most compares two numbers",
        ),
        (lambda t: t["config"]["meta"].update(at_most={"status": ["phone"]}), "at_most compares two numbers"),
        (lambda t: column(t, "amount")["config"]["meta"].update(min=True), "min True is not a decimal"),
        (lambda t: column(t, "amount")["config"]["meta"].update(min=100), "min 100 is above max 99.5"),
        (lambda t: column(t, "paid_on")["config"]["meta"].update(max="2030-13-01"), "is not a date"),
        (lambda t: column(t, "phone")["config"]["meta"].update(contact="fax"), "unknown contact kind 'fax'"),
        (lambda t: column(t, "phone").update(data_type="bigint"), "a contact detail must be varchar"),
        (
            lambda t: column(t, "status")["config"]["meta"].update(opt_out=["lost"]),
            "list some of meta.allowed",
        ),
        (lambda t: column(t, "paid_on")["config"]["meta"].update(opt_out=False), "opt_out must be true"),
        (lambda t: t["columns"].append({"name": "amount", "data_type": "date"}), "appears more than once"),
        (lambda t: t["columns"].append({"name": "Amount 2", "data_type": "date"}), "must be lower-case"),
        (lambda t: t["columns"].append({"name": "delivered_on", "data_type": "date"}), "the loader adds"),
        (
            lambda t: t["columns"].append({"name": "quarantine_reason", "data_type": "date"}),
            "the loader adds",
        ),
        (lambda t: t["columns"].append({"name": "source", "data_type": "varchar"}), "the loader adds"),
        (
            lambda t: column(t, "status")["config"]["meta"].update(max_length=0),
            "max_length is a whole",
        ),
        (lambda t: column(t, "status")["config"]["meta"].update(max_length=True), "max_length is a whole"),
        (
            lambda t: column(t, "amount")["config"]["meta"].update(max_length=9),
            "max_length is a whole",
        ),
        (lambda t: column(t, "phone")["config"]["meta"].update(max_length=9), "of a plain varchar"),
        (lambda t: column(t, "status")["config"]["meta"].update(pattern="[a-z]+"), "without meta.allowed"),
        (lambda t: column(t, "status").update(config={"meta": {"pattern": "("}}), "a regular expression"),
        (lambda t: column(t, "order_id")["config"]["meta"].update(pattern="[a-z]"), "of a plain varchar"),
        (
            lambda t: column(t, "status").update(config={"meta": {"or_pseudonym_of": ["amount"]}}),
            "list contact details of the table; found amount",
        ),
        (
            lambda t: column(t, "status").update(config={"meta": {"or_pseudonym_of": "phone"}}),
            "or_pseudonym_of lists contact details",
        ),
        (
            lambda t: column(t, "order_id")["config"]["meta"].update(or_pseudonym_of=["phone"]),
            "of a plain varchar",
        ),
        (lambda t: t.update(columns=[]), "needs a list of tables or columns"),
        (lambda t: t.update(name="../orders"), "table name '../orders' must be"),
    ],
)
def test_a_fault_is_named_with_its_place(change, words):
    with pytest.raises(ContractFault, match=r"shop\.yml") as fault:
        parse_contract(changed(change), "shop.yml")
    assert words in str(fault.value)
    assert fault.value.exit_code == 2


def test_all_faults_of_a_file_come_at_once():
    def spoil(table):
        column(table, "amount")["data_type"] = "money"
        table["config"]["meta"]["key"] = ["nothing"]
        column(table, "phone")["config"]["meta"]["contact"] = "fax"

    with pytest.raises(ContractFault) as fault:
        parse_contract(changed(spoil), "shop.yml")
    assert str(fault.value).count("\n  - ") == 3


@pytest.mark.parametrize("document", [None, [], {}, {"sources": []}, {"sources": ["shop"]}])
def test_a_file_that_is_no_sources_file_is_refused(document):
    with pytest.raises(ContractFault, match="exactly one source"):
        parse_contract(document, "shop.yml")


def test_the_fingerprint_follows_rules_and_not_wording():
    fingerprint = parse_contract(GOOD, "shop.yml").tables[0].fingerprint

    def same(change):
        return parse_contract(changed(change), "shop.yml").tables[0].fingerprint == fingerprint

    assert same(lambda t: column(t, "order_id").update(description="Another wording."))
    assert same(lambda t: t["config"]["meta"].update(required=False))
    assert same(lambda t: column(t, "paid_on")["config"]["meta"].update(opt_out=True))
    assert not same(lambda t: column(t, "status")["config"]["meta"].update(allowed=["done"]))
    assert not same(lambda t: column(t, "amount")["config"]["meta"].update(min=1))
    assert not same(lambda t: column(t, "amount").update(data_type="decimal(18,3)"))
    assert not same(lambda t: t["columns"].reverse())


def test_the_projects_own_contracts_are_sound():
    contracts = read_contracts(STAGING_DIR)

    assert {"chain", "complete_journey"} <= set(contracts)
    assert "rekindle" not in contracts
    assert [table.name for table in contracts["chain"].tables if table.required] == ["members", "orders"]


def test_reading_names_every_faulty_file(tmp_path):
    for source, text in (("one", "sources: ["), ("two", "sources: []"), ("rekindle", "not looked at: [")):
        (tmp_path / source).mkdir()
        (tmp_path / source / f"{source}__sources.yml").write_text(text)
    with pytest.raises(ContractFault) as fault:
        read_contracts(tmp_path)
    assert "one/one__sources.yml" in str(fault.value)
    assert "two/two__sources.yml" in str(fault.value)
    assert "rekindle" not in str(fault.value)


def test_a_source_is_called_like_its_folder(tmp_path):
    (tmp_path / "stall").mkdir()
    (tmp_path / "stall" / "stall__sources.yml").write_text(yaml.safe_dump(GOOD))
    with pytest.raises(ContractFault, match="called like its folder"):
        read_contracts(tmp_path)


@pytest.mark.parametrize(("meta", "codes"), [(True, ()), (["open"], ("open",)), (None, None)])
def test_a_column_tells_an_opt_out_whatever_stands_there_or_by_its_codes(meta, codes):
    table = parse_contract(
        changed(lambda t: column(t, "status")["config"]["meta"].update(opt_out=meta)), "shop.yml"
    ).tables[0]
    assert table.column("status").opt_out == codes


def test_a_part_of_a_key_may_be_empty_where_another_never_is():
    def by_system(table):
        table["config"]["meta"]["key"] = ["status", "order_id"]

    (table,) = parse_contract(changed(by_system), "shop.yml").tables

    assert table.key == ("status", "order_id")


def test_a_column_is_what_its_contract_its_type_or_its_place_says():
    def change(table):
        column(table, "amount")["config"]["meta"]["range"] = "quantity"
        table["config"]["meta"]["at_most"] = {"ordered_at": ["paid_on"]}
        table["columns"] += [
            {"name": "store_id", "data_type": "varchar"},
            {"name": "note", "data_type": "varchar"},
            {"name": "tax", "data_type": "decimal(18,2)"},
        ]

    (table,) = parse_contract(changed(change), "shop.yml").tables

    assert {each.name: each.range for each in table.columns if each.range} == {
        "ordered_at": "happened",
        "paid_on": "date",
        "amount": "quantity",
        "tax": "amount",
    }
    assert [each.name for each in table.columns if each.is_id] == ["status", "store_id"]
    assert table.at_most == (("ordered_at", "paid_on"),)
