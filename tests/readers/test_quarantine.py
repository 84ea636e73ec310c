"""Rows in quarantine are shown so that they can be corrected, and a corrected one is open no more."""

from __future__ import annotations

import csv
import io
import shutil
from dataclasses import replace
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.core.errors import InputFault
from orchestration.project import HOME_VARIABLE, SECRET_VARIABLE, Home
from orchestration.readers import refused_rows
from orchestration.readers.loads import LoadedDelivery, loaded_deliveries, told_sections
from orchestration.readers.quarantine import quarantine_section, quarantine_text, write_for_correction
from orchestration.readers.refused_rows import Wanted, reasons_of, rows_of
from tests.built import load_chain
from tests.e2e.delivered_by_hand import deliver_lines

DAY = date(2025, 12, 28)
ORDERS = "order_id,system,member_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount,note\n"
MEMBERS = "system,member_id,registered_at,full_name,phone,birth_month\n"


def order(number, amount="10.00", day="2025-12-20", status="completed"):
    return f"{number},pos,a,store,{day},{status},{amount},0,10.00,\n"


def later(days):
    return DAY + timedelta(days=days)


@pytest.fixture(scope="module", autouse=True)
def own_secret():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(SECRET_VARIABLE, raising=False)
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A small chain whose one delivery has faults."""
    home = Home(tmp_path_factory.mktemp("quarantine") / "home")
    deliver_lines(
        home,
        "members",
        MEMBERS
        + "pos,a,2025-06-01,Li Wei,13911112222,5\n"
        + "pos,b,2025-06-01,13922223333,139 2222 3333,13944445555\n"
        + "pos,c,31.12.2025,Wang Fang,unknown,4\n",
        DAY,
    )
    deliver_lines(
        home,
        "orders",
        ORDERS
        + order(1)
        + order(2, amount='"12,50"')
        + order(3, amount="-1", status="gone")
        + order("")
        + order(5, status="13955556666")
        + order(6, day="20.12.2025"),
        DAY,
    )
    load_chain(home)
    return home


@pytest.fixture(scope="module")
def mended(home, tmp_path_factory):
    """The same chain after later deliveries, one of them the file for correction, corrected."""
    mended = Home(tmp_path_factory.mktemp("mended") / "home")
    shutil.copytree(home.root, mended.root)
    file = mended.root / "bad.csv"
    write_for_correction(mended, Wanted("orders", reason="timestamp"), file)
    corrected = file.read_text().replace("20.12.2025", "2025-12-20", 1)
    for days, lines in {
        -3: [order(3)],
        1: [order(3, amount="-2"), order(8), order(8, amount="11.00"), order(9), order(9, amount="11.00")],
        2: [order(2, amount="12.50"), order(9)],
        4: [order(2, amount="12.50")],
    }.items():
        deliver_lines(mended, "orders", ORDERS + "".join(lines), later(days))
    deliver_lines(mended, "orders", corrected, later(5))
    deliver_lines(mended, "members", MEMBERS + "pos,c,2025-12-31,Wang Fang,unknown,4\n", later(1))
    load_chain(mended)
    return mended


def since(home, table="orders"):
    """What became of each row, by date of delivery and row number."""
    rows = rows_of(home, Wanted(table)).get(f"chain.{table}", [])
    return {(row.delivered_on, row.row_number): row.since for row in rows}


def test_every_broken_rule_of_a_row_is_kept_and_the_first_one_counts(home):
    (row,) = [row for row in rows_of(home, Wanted("orders"))["chain.orders"] if row.row_number == 3]
    assert row.faults == (
        ("status", "not an allowed code"),
        ("gross_amount", "below the minimum 0"),
        ("net_amount, gross_amount", "net_amount must be at most gross_amount"),
        ("discount_amount, gross_amount", "discount_amount must be at most gross_amount"),
    )
    assert {(each.reason, each.column): each.rows for each in reasons_of(home, Wanted("orders"))} == {
        ("not a decimal(18,2)", "gross_amount"): 1,
        ("not a timestamp", "ordered_at"): 1,
        ("not an allowed code", "status"): 2,
        ("required but empty", "order_id"): 1,
    }


def test_a_row_is_shown_with_file_row_column_what_was_found_and_what_is_allowed(home):
    told = quarantine_text(home, Wanted("orders"))
    assert "5 rows in quarantine, 5 open" in told
    assert "chain.orders delivered=2025-12-28, part-0.csv" in told
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert any(line.startswith("2 gross_amount 12,50 a number with at most 2 decimal") for line in lines)
    assert any(line.startswith("4 order_id (empty) up to 64 characters, never empty") for line in lines)
    assert any(line.startswith("3 status gone one of ") for line in lines)
    assert any(line.endswith(" 10.00, -1 net_amount must be at most gross_amount") for line in lines)
    assert max(map(len, told.splitlines())) <= 100


def test_what_may_be_a_contact_detail_is_never_shown_nor_written(home, tmp_path):
    told = quarantine_text(home, Wanted(source="chain"))
    for table in ("members", "orders"):
        told += write_for_correction(home, Wanted(table), tmp_path / f"{table}.csv")
        told += (tmp_path / f"{table}.csv").read_text()
    for detail in ("13955556666", "13944445555", "13922223333", "2222 3333", "Wang", "Fang"):
        assert detail not in told
    assert "(may be a contact detail)" in told
    # How it was written is what whoever corrects it needs.
    assert "(withheld) 99.99.9999" in told


def test_a_row_whose_key_was_loaded_since_is_corrected_and_no_longer_open(mended):
    assert since(mended)[DAY, 2] == "corrected 2025-12-30"
    assert since(mended)[DAY, 4] == since(mended)[DAY, 5] == ""
    told = " ".join(quarantine_text(mended, Wanted("orders")).split())
    assert told.index("4 order_id (empty)") < told.index("corrected 2025-12-30")


def test_a_good_row_of_an_earlier_delivery_corrects_nothing_and_one_refused_again_is_open_once(mended):
    assert since(mended)[DAY, 3] == "delivered again 2025-12-29"
    assert since(mended)[later(1), 1] == ""


def test_a_repeated_key_is_open_until_it_is_delivered_again(mended):
    (first, second) = [state for (day, row), state in since(mended).items() if day == later(1) and row > 1]
    assert {first, second} == {"", "corrected 2025-12-30"}


def test_a_corrected_member_is_open_no_more(mended):
    assert since(mended, "members") == {(DAY, 2): "", (DAY, 3): "corrected 2025-12-29"}


def test_only_open_rows_are_counted_where_the_home_is_looked_at(mended):
    (told,) = quarantine_section(mended)
    counts = [line.split()[1:3] for line in told.splitlines() if line.lstrip().startswith("chain.orders ")]
    assert [sum(int(cell) for cell in cells) for cells in zip(*counts, strict=True)][1] == 4
    assert sum(each.open for each in reasons_of(mended, Wanted("orders"))) == 4


def test_the_file_for_correction_has_the_columns_of_the_contract_and_is_loaded_once_corrected(mended):
    (row,) = csv.DictReader((mended.root / "bad.csv").open(encoding="utf-8", newline=""))
    assert (row["order_id"], row["ordered_at"], row["from_row"]) == ("6", "20.12.2025", "6")
    assert row["what_is_wrong"] == "ordered_at: not a timestamp"
    assert since(mended)[DAY, 6] == "corrected 2026-01-02"
    with pytest.raises(InputFault, match="exists already"):
        write_for_correction(mended, Wanted("orders"), mended.root / "bad.csv")


def test_a_row_whose_key_cannot_be_read_is_closed_by_the_accepted_row_that_names_it(home, tmp_path):
    copied = Home(tmp_path / "home")
    shutil.copytree(home.root, copied.root)
    file = tmp_path / "bad.csv"
    write_for_correction(copied, Wanted("orders", reason="required"), file)
    header, *rows = csv.reader(file.open(encoding="utf-8", newline=""))
    places = {name: place for place, name in enumerate(header)}
    for days, changes in ((1, {"order_id": "44", "net_amount": "much"}), (2, {"order_id": "44"})):
        (row,) = rows
        lines = io.StringIO()
        cells = [changes.get(name, row[place]) for name, place in places.items()]
        csv.writer(lines).writerows([header, cells])
        deliver_lines(copied, "orders", lines.getvalue(), later(days))
        load_chain(copied)
        closed = f"corrected {later(days)}" if days == 2 else ""
        assert since(copied)[DAY, 4] == closed
    # No other row of the file was named.
    assert since(copied)[DAY, 5] == ""


def test_contact_columns_are_not_given_back_and_that_is_told(home, tmp_path):
    file = tmp_path / "bad.csv"
    told = write_for_correction(home, Wanted("members"), file)
    assert "Contact columns are not in it (" in told
    header, *_ = file.read_text().splitlines()
    assert not {"phone", "full_name", "email"} & set(header.split(","))
    assert {"member_id", "birth_month", "what_is_allowed"} <= set(header.split(","))


def test_a_whole_table_without_a_fault_replaces_what_was_refused_before(home, monkeypatch):
    whole = LoadedDelivery("chain", "orders", later(1), 9, True, False, (), ())
    for loads, expected in (
        ([whole], "replaced 2025-12-29"),
        ([replace(whole, is_whole=False)], ""),
        ([replace(whole, has_quarantine=True)], ""),
        ([replace(whole, delivered_on=later(-1))], ""),
    ):
        monkeypatch.setattr(refused_rows, "loaded_deliveries", lambda _, loads=loads: loads)
        assert since(home)[DAY, 4] == expected


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--table", "refunds"], "No row of refunds is in quarantine."),
        (["--table", "orders", "--reason", "nonsense"], "There are: not a decimal(18,2), not a timestamp"),
        (["--table", "chain.orders", "--limit", "1"], "1 of 5 rows are shown. More: --limit 5"),
        (["--table", "shop.orders"], "No row of shop.orders is in quarantine."),
        (["--source", "shop"], "No row of shop is in quarantine."),
        (["--reason", "REQUIRED"], "1 row in quarantine, 1 open"),
        ([], "The rows: rekindle quarantine --source chain --table"),
    ],
)
def test_the_command_line_asks_for_some_of_the_rows(home, arguments, told, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, "")
    shown = CliRunner().invoke(app, ["--home", str(home.root), "quarantine", *arguments])
    assert (shown.exit_code, told in shown.output) == (0, True), shown.output


def test_a_file_holds_the_rows_of_one_table(home, tmp_path, monkeypatch):
    monkeypatch.setenv(HOME_VARIABLE, "")
    shown = CliRunner().invoke(
        app, ["--home", str(home.root), "quarantine", "--csv", str(tmp_path / "bad.csv")]
    )
    assert shown.exit_code == 2
    assert "Name one" in shown.output
    assert not (tmp_path / "bad.csv").exists()


def test_what_was_left_out_and_what_is_no_phone_are_told_once_for_all_deliveries(mended):
    told = " ".join(" ".join(told_sections(loaded_deliveries(mended))).split())
    assert "delivered=2025-12-25 to 2026-01-01 (5 deliveries): not in the contract, left out: note" in told
    assert "delivered=2025-12-29: phone: 1 value is no phone (numbers of CN); linking nobody" in told
    assert "Many rows in quarantine: 5 of 6 rows (83.3%)" in told


def test_what_is_allowed_names_length_form_and_range(tmp_path):
    home = Home(tmp_path / "home")
    deliver_lines(home, "members", MEMBERS, DAY)
    rows = order("x" * 65) + order(2, day="2045-12-20") + order(3).replace("pos", "P O S", 1)
    deliver_lines(home, "orders", ORDERS + order(1) + rows, DAY)
    load_chain(home)
    told = quarantine_text(home, Wanted("orders"))

    assert "up to 64 characters" in told
    assert "the latest that is plausible in this delivery" in told
    assert "written as [a-z0-9_-]{1,32}" in told


def test_of_a_member_without_a_number_a_second_row_is_told_by_what_makes_it_one(tmp_path):
    home = Home(tmp_path / "home")
    rows = ["pos,,2025-06-01,Li Wei,13911112222,5\n", "pos,,2025-06-01,Li Wei,+86 139 1111 2222,5\n"]
    rows += ["pos,a,2025-06-01,Ann Lee,,5\n", "pos,a,2025-06-01,Ann Lee,,6\n"]
    deliver_lines(home, "members", MEMBERS + "".join(rows), DAY)
    deliver_lines(home, "orders", ORDERS + order(1), DAY)
    load_chain(home)
    told = [" ".join(line.split()) for line in quarantine_text(home, Wanted("members")).splitlines()]

    assert [line.partition("another")[2] for line in told if "another" in line] == [
        " row has this email or phone", " row has this key",
    ]  # fmt: skip
