"""Guests are erased like members: what they told with an order leaves every place, and the order stays."""

from __future__ import annotations

import csv
from datetime import date

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.core.pseudonyms import pseudonym
from orchestration.erasing.deliveries import erase_rows
from orchestration.erasing.people import _loaded_records
from orchestration.erasing.unsearched import Unsearched
from orchestration.loader import load
from orchestration.project import SECRET_VARIABLE, Home
from orchestration.sources.delivering import deliver
from tests.erasure.conftest import CONTRACTS, SECRET

HEAD = (
    "order_id,system,member_id,channel,ordered_at,status,"
    "gross_amount,discount_amount,net_amount,email,phone,note\n"
)
ALWAYS = "store,2025-12-20,completed,10,0,10"
ORDERS = HEAD + (
    f"1,,,{ALWAYS},Gone@example.cn,13912345678,for the gone\n"
    f"2,web,,{ALWAYS},none,+86 139 1234 5678,for the gone\n"
    f"3,web,,{ALWAYS},stays@example.cn,13900000002,for another\n"
    f"4,web,m1,{ALWAYS},,,for a member\n"
    "5,web,,store,2025-12-20,lost,10,0,10,gone@example.cn,,for the gone\n"
    f"6,,,{ALWAYS},,,for nobody known\n"
)
EMAIL, PHONE = pseudonym(SECRET, "email", "gone@example.cn"), pseudonym(SECRET, "phone", "13912345678")
TOLD = ("gone@example.cn", "139 1234 5678", "13912345678", "for the gone", EMAIL, PHONE)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Orders of two guests, a member and nobody; one of them quarantined."""
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    home, day = Home(tmp_path / "home"), date(2025, 12, 28)
    members = "system,member_id,registered_at,phone\nweb,m1,2025-01-01,13900000003\n"
    for table, lines in {"members": members, "orders": ORDERS}.items():
        deliver(
            home.landing, "chain", table, day, lambda to, lines=lines: (to / "part.csv").write_text(lines)
        )
    load(home, CONTRACTS, lambda _: None)
    return home


def found(home):
    """Files that tell of the gone, in any writing."""
    places = set()
    for folder in ("landing", "loaded", "quarantine", "vault/contacts"):
        for file in (home.root / folder).rglob("*"):
            if file.suffix == ".parquet":
                text = str(duckdb.sql(f"from read_parquet('{file}', hive_partitioning = false)").fetchall())
            else:
                text = file.read_text(encoding="utf-8") if file.is_file() else ""
            if any(word and word in text.lower() for word in TOLD):
                places.add(folder)
    return places


def test_what_a_guest_told_leaves_every_place_and_the_orders_stay(home):
    assert found(home) == {"landing", "loaded", "quarantine", "vault/contacts"}
    unsearched = Unsearched(home)
    gone = [("chain", "guest", EMAIL), ("chain", "web", PHONE), ("chain", "web", EMAIL)]
    erase_rows(home, CONTRACTS, gone, [], unsearched)
    assert (found(home), unsearched.why) == (set(), {})
    with next(home.landing.glob("chain/orders/*/part.csv")).open(encoding="utf-8", newline="") as file:
        rows = {row["order_id"]: row for row in csv.DictReader(file)}
    assert [rows[number]["system"] for number in "123456"] == ["", "web", "web", "web", "web", ""]
    assert (rows["3"]["email"], rows["4"]["member_id"]) == ("stays@example.cn", "m1")
    assert {row["net_amount"] for row in rows.values()} == {"10"}
    loaded = [
        row for file in home.loaded.glob("chain/orders/chain/delivered=2*/*/*.parquet")
        for row in pq.read_table(file, partitioning=None).to_pylist()
    ]  # fmt: skip
    assert {row["order_id"]: (row["source"], row["member_id"] is None) for row in loaded} == {
        "1": ("chain", True), "2": ("chain", True), "3": ("chain", False), "4": ("chain", False),
        "6": ("chain", True),
    }  # fmt: skip
    assert load(home, CONTRACTS, lambda _: None).newly_loaded == 0


def test_a_guest_delivered_again_is_recognised(home):
    assert {("chain", "guest", EMAIL), ("chain", "web", PHONE)} <= set(_loaded_records(home, CONTRACTS))
