"""Files as shops have them, loaded: rows that do not fit, near names, odd paths, files that change, times."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_shop import CONTRACT, MEMBERS, ORDER, Shop, counts

from orchestration.core.errors import InputFault
from orchestration.loader import deliveries, loading
from orchestration.project import Home

PHONE = "13987650001"
GOOD_ORDERS = {name: [value] for name, value in ORDER.items()}


def deliver_text(shop, table, text, name="part-0.csv", rows=None):
    folder = shop.folder(table)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8", newline="")
    shop.seal(table, change=None if rows is None else lambda manifest: manifest["files"][0].update(rows=rows))


def refused(shop):
    with pytest.raises(InputFault) as error:
        shop.load()
    assert not list(shop.home.loaded.glob("shop/*/delivered=2*/**/*.parquet"))
    return str(error.value)


def test_a_row_with_another_number_of_cells_is_quarantined_alone(shop):
    shop.deliver("members", MEMBERS)
    deliver_text(
        shop, "orders",
        "order_id,ordered_at,status\n1,2024-05-01,completed\n2,2024-05-01\n3,2024-05-01,completed,x\n"
        "1,2024-05-01,completed\n4,2024-05-01,lost\n5,2024-05-01,completed\n",
    )  # fmt: skip
    assert counts(shop.load(), "orders") == (6, 2, 3, 1)
    assert shop.reasons("orders") == [
        (2, "", "has 2 cells, the header names 3"),
        (3, "", "has 4 cells, the header names 3"),
        (5, "status", "not an allowed code"),
    ]
    assert [row["order_id"] for row in shop.loaded("orders")] == [1, 5]
    assert any(
        "2 rows do not fit the header and go to quarantine; look at lines 3, 4" in s for s in shop.said
    )


def test_a_header_in_the_middle_of_a_file_is_quarantined_even_where_every_text_is_allowed(shop):
    shop.deliver("orders", GOOD_ORDERS)
    deliver_text(shop, "members", "member_id,full_name\nm1,Li\nmember_id,full_name\nm2,Wu\n")
    assert counts(shop.load(), "members") == (3, 2, 1, 0)
    assert shop.reasons("members") == [(2, "", "repeats the header")]


def test_a_row_that_does_not_fit_shows_no_contact_detail_whatever_column_it_slipped_into(shop):
    shop.deliver("orders", GOOD_ORDERS)
    deliver_text(
        shop, "members", f"member_id,birth_month,phone\nm1,,{PHONE},\n,m2,{PHONE}\nm3,{PHONE}\n", rows=3
    )
    assert counts(shop.load(), "members") == (3, 0, 3, 0)
    stored = b"".join(path.read_bytes() for path in shop.home.quarantine.rglob("*.parquet"))
    assert PHONE.encode() not in stored
    assert PHONE not in str(shop.quarantined("members"))
    assert PHONE not in str(shop.said)
    slipped = [row for row in shop.quarantined("members") if row["quarantine_column"] == ""]
    shown = [row[name] for row in slipped for name in ("member_id", "phone", "birth_month")]
    assert len(slipped) == 2
    assert all(text.startswith("(withheld)") for text in shown)


def swap(shop, monkeypatch, how):
    """Load while somebody changes the file of orders between the check and the reading of it."""
    write_delivery = loading.write_delivery

    def write_after_the_swap(connection, checked, *folders):
        if checked.delivery.table.name == "orders":
            [file] = [path for path in checked.delivery.folder.iterdir() if path.name != "manifest.json"]
            how(file)
        return write_delivery(connection, checked, *folders)

    monkeypatch.setattr(loading, "write_delivery", write_after_the_swap)
    with pytest.raises(InputFault) as error:
        shop.load()
    assert "was changed while it was read" in str(error.value)
    assert not list(shop.home.loaded.glob("shop/orders/delivered=2*"))
    assert not list(shop.home.quarantine.glob("shop/orders/*"))


def other_order(file):
    table = {**GOOD_ORDERS, "order_id": [2], "ordered_at": [datetime(2024, 5, 1)]}
    if file.suffix == ".parquet":
        pq.write_table(pa.table(table), file)
    else:
        file.write_text(file.read_text().replace("\n1,", "\n2,"))


def more_orders(file):
    if file.suffix == ".parquet":
        table = pq.read_table(file)
        pq.write_table(pa.concat_tables([table, table, table]), file)
    else:
        file.write_text(file.read_text() + "2,2024-05-01,completed\n")


def replaced(file):
    beside = file.with_name(".beside")
    beside.write_bytes(file.read_bytes())
    other_order(beside.rename(beside.with_suffix(file.suffix)))
    beside.with_suffix(file.suffix).replace(file)


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("how", [other_order, more_orders, replaced, Path.unlink])
def test_a_file_that_changes_between_check_and_reading_is_not_loaded(shop, monkeypatch, form, how):
    shop.deliver("members", MEMBERS)
    moment = [datetime(2024, 5, 1)] if form == "parquet" else ["2024-05-01 00:00:00"]
    shop.deliver("orders", GOOD_ORDERS | {"ordered_at": moment}, form=form)
    swap(shop, monkeypatch, how)


def test_a_csv_file_that_changes_between_its_hash_and_its_reading_is_not_loaded(shop, monkeypatch):
    copy_csv = deliveries.copy_csv

    def copy_after_the_swap(path, *arguments):
        if path.parent.parent.name == "orders":
            other_order(path)
        return copy_csv(path, *arguments)

    shop.deliver_required()
    monkeypatch.setattr(deliveries, "copy_csv", copy_after_the_swap)
    with pytest.raises(InputFault, match="was changed while it was read"):
        shop.load()
    assert shop.loaded("orders", on="2024*") == []


NAMES = [
    "x[1].parquet",
    "y*.parquet",
    "z?.parquet",
    "it's {a,b} mine.parquet",
    "[!a].parquet",
    "ü 中.parquet",
]


def deliver_odd_names(shop, first):
    """Orders under names that are patterns, and beside them files that those would match."""
    folder = shop.folder("orders")
    folder.mkdir(parents=True)
    for number, name in enumerate([*NAMES, "x1.parquet", "yy.parquet", "zz.parquet", "b.parquet"]):
        moment = [datetime(2024, 5, 1)]
        status = ["lost" if number == 0 else "completed"]
        table = pa.table(GOOD_ORDERS | {"order_id": [first + number], "ordered_at": moment, "status": status})
        pq.write_table(table, folder / name)
    (folder / "a[1].csv").write_text(
        f"order_id,ordered_at,status\n{first + 10},2024-05-01,completed\n{first + 11},2024-05-01\n"
    )
    shop.seal("orders")


@pytest.mark.parametrize("name", ["home", "my [home] * x's {1}"])
def test_a_name_is_no_pattern_in_files_and_homes(tmp_path, shop, name):
    odd = Shop(Home(tmp_path / name), shop.seeds)
    deliver_odd_names(Shop(Home(tmp_path / "my h * x's {1}"), shop.seeds), 101)
    odd.deliver("members", MEMBERS)
    deliver_odd_names(odd, 1)
    assert counts(odd.load(), "orders") == (12, 10, 2, 0)
    assert [row["order_id"] for row in odd.loaded("orders")] == [10, 11, *range(2, 10)]
    assert [(row["quarantine_file"], row["order_id"]) for row in odd.quarantined("orders")] == [
        ("a[1].csv", "12"),
        ("x[1].parquet", "1"),
    ]


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize(
    "name", ["Order_ID", "order_id ", "orderid", "order id", "ｏｒｄｅｒ＿ｉｄ", "\u200border_id"]
)
def test_a_required_column_that_is_nearly_named_is_said(shop, form, name):
    shop.deliver("members", MEMBERS)
    moment = pa.array([datetime(2024, 5, 1)]) if form == "parquet" else ["2024-05-01"]
    shop.deliver("orders", {name: [1], "ordered_at": moment, "status": ["completed"]}, form=form)
    assert f"found {name!r}: rename it to order_id" in refused(shop)


def test_an_optional_column_that_is_nearly_named_is_a_note(shop):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", GOOD_ORDERS | {"Amount": ["5"], "mood": ["fine"]})
    shop.load()
    assert any("found 'Amount': rename it to amount; until then it is left out" in line for line in shop.said)
    assert any(line.endswith("not in the contract, left out: mood") for line in shop.said)


def test_a_nearly_named_column_that_tells_opt_outs_is_refused(shop):
    contract = CONTRACT.replace("{name: is_gift, data_type: boolean}",
        "{name: is_gift, data_type: boolean, config: {meta: {opt_out: true}}}")  # fmt: skip
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", GOOD_ORDERS | {"Is_Gift": ["true"]})
    with pytest.raises(InputFault, match="found 'Is_Gift': rename it to is_gift"):
        shop.load(contract)


@pytest.mark.parametrize("names", [("units", "Units"), ("units", "units_"), ("UNITS", "Units")])
def test_two_columns_that_both_look_like_one_are_refused(shop, names):
    shop.deliver("members", MEMBERS)
    moment = pa.array([datetime(2024, 5, 1)])
    shop.deliver(
        "orders", GOOD_ORDERS | {"ordered_at": moment} | {name: [1] for name in names}, form="parquet"
    )
    assert f"{names[0]!r} and {names[1]!r} both look like column units" in refused(shop)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("orders.csv.gz", "`rekindle deliver` unpacks .csv.gz"),
        ("orders.xlsx", "`rekindle import` reads other kinds"),
    ],
)
def test_a_file_of_another_kind_names_the_way_out(shop, name, words):
    shop.deliver_required()
    shop.folder("prices").mkdir(parents=True)
    (shop.folder("prices") / name).write_bytes(b"x")
    shop.seal("prices")
    assert words in refused(shop)


AT = datetime(2025, 12, 28, 12, 10)
TIMES = {
    "2025-12-28 20:10:00 +08:00": AT,
    "2025-12-28 20:10:00 +0800": AT,
    "2025-12-28 20:10 +08": AT,
    "2025-12-28T20:10:00.000000+08:00": AT,
    "2025-12-28 12:10:00 Z": AT,
    "2025-12-28T12:10Z": AT,
    "2025-12-28 12:10:00 UTC": AT,
    "2025-12-28 09:40:00 -02:30": AT,
    "2025-12-28 9:05": datetime(2025, 12, 28, 9, 5),
    "2025-12-28 9:05:07 +00:00": datetime(2025, 12, 28, 9, 5, 7),
    "2025-1-5": datetime(2025, 1, 5),
    "2025-1-5 9:05": datetime(2025, 1, 5, 9, 5),
    "2025-12-28 20:10:00.125": datetime(2025, 12, 28, 20, 10, 0, 125_000),
    "2025-12-28 20:10:00 +99:00": None,
    "2025-12-28 20:10:00+15:00": None,
    "2025-12-28 20:10:00+08:60": None,
    "2025-12-28 20:10:00+8": None,
    "2025-12-28T24:00": None,
    "2025-12-28 23:59:60": None,
    "2025-12-28 20:10:00.1234567": None,
    "2025-12-28 20:10:00  +08:00": None,
    "2025-12-28 8:10 PM": None,
    "2025-2-30": None,
    "2025-13-1": None,
    "5-1-2025": None,
    "05/01/2025": None,
    "2025-12-28 20:10:00 Europe/Berlin": None,
}  # fmt: skip


def test_a_time_is_read_as_that_moment_or_quarantined(shop):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", {
        "order_id": range(len(TIMES)), "ordered_at": TIMES, "status": ["completed"] * len(TIMES),
    })  # fmt: skip
    shop.load()
    read = {row["order_id"]: row["ordered_at"] for row in shop.loaded("orders")}
    assert {text: read.get(number) for number, text in enumerate(TIMES)} == TIMES
    assert {reason for _, _, reason in shop.reasons("orders")} == {
        "not a timestamp",
        "an offset no time zone has; at most 14:00 from UTC is allowed",
    }


SECOND, NANO = 1_766_923_800 * 10**9, 1
PARQUET_TIMES = [
    (pa.array([SECOND], pa.timestamp("ns")), AT),
    (pa.array([SECOND], pa.timestamp("ns", "UTC")), AT),
    (pa.array([SECOND], pa.timestamp("ns", "Asia/Shanghai")), AT),
    (pa.array([SECOND // 1000], pa.timestamp("us", "Europe/Berlin")), AT),
    (pa.array([SECOND // 10**9], pa.timestamp("s", "Europe/Berlin")), AT),
    (pa.array([SECOND // 10**6], pa.timestamp("ms")), AT),
    (pa.array([SECOND + NANO], pa.timestamp("ns")), None),
    (pa.array([SECOND + NANO], pa.timestamp("ns", "UTC")), None),
    (pa.array([datetime(2025, 12, 28)], pa.date64()), datetime(2025, 12, 28)),
    (pa.array(["2025-12-28 20:10:00 +0800"], pa.large_string()), AT),
    (pa.array(["2025-12-28 20:10:00 +0800"]).dictionary_encode(), AT),
]


@pytest.mark.parametrize(
    ("array", "moment"), PARQUET_TIMES, ids=[str(array.type) for array, _ in PARQUET_TIMES]
)
def test_a_parquet_time_of_any_unit_and_zone_is_that_moment_or_quarantined(shop, array, moment):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", GOOD_ORDERS | {"ordered_at": array}, form="parquet")
    shop.load()
    assert [row["ordered_at"] for row in shop.loaded("orders")] == ([moment] if moment else [])
    assert len(shop.quarantined("orders")) == (moment is None)


def test_int96_times_are_read(shop):
    shop.deliver("members", MEMBERS)
    folder = shop.folder("orders")
    folder.mkdir(parents=True)
    table = pa.table(GOOD_ORDERS | {"ordered_at": pa.array([SECOND], pa.timestamp("ns"))})
    pq.write_table(table, folder / "spark.parquet", use_deprecated_int96_timestamps=True)
    shop.seal("orders")
    shop.load()
    assert [row["ordered_at"] for row in shop.loaded("orders")] == [AT]


@pytest.mark.parametrize(("digits", "is_read"), [(38, True), (40, False)])
def test_a_decimal_of_more_digits_than_the_engine_has_is_refused_not_rounded(shop, digits, is_read):
    shop.deliver("members", MEMBERS)
    amount = pa.array(["12.35"]).cast(pa.decimal256(digits, 2))
    shop.deliver("orders", GOOD_ORDERS | {"ordered_at": [AT], "amount": amount}, form="parquet")
    if is_read:
        shop.load()
        assert str(shop.loaded("orders")[0]["amount"]) == "12.35"
    else:
        assert "column amount is a decimal of more than 38 digits" in refused(shop)
