"""Rows against the contract: each rule with a row that breaks it, in CSV and in Parquet."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_shop import MEMBERS, ORDER, Shop, counts

from orchestration.loader import monthly_files, one_delivery
from orchestration.loader.monthly_files import keep_rows
from orchestration.project import Home


def orders(**changes):
    """Orders with one changed column, the others good; as many rows as values given."""
    rows = max(len(values) for values in changes.values())
    columns = {name: [value] * rows for name, value in ORDER.items()}
    columns["order_id"] = list(range(1, rows + 1))
    return columns | changes


def load_orders(shop, columns, form="csv"):
    shop.deliver("members", MEMBERS)
    if form == "parquet" and isinstance(columns["ordered_at"], list):
        columns = columns | {"ordered_at": [datetime.fromisoformat(at) for at in columns["ordered_at"]]}
    shop.deliver("orders", columns, form=form)
    return shop.load()


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("column", "bad", "reason"),
    [
        ("order_id", None, "required but empty"),
        ("status", None, "required but empty"),
        ("status", "", "required but empty"),
        ("status", "Completed", "not an allowed code"),
        ("status", "lost", "not an allowed code"),
        ("amount", Decimal("-0.01"), "below the minimum 0"),
        ("amount", Decimal("1000.01"), "above the maximum 1000"),
        ("due_on", date(2019, 12, 31), "below the minimum 2020-01-01"),
    ],
)
def test_a_row_that_breaks_a_rule_is_quarantined_with_its_reason(shop, form, column, bad, reason):
    good = {
        "order_id": 2,
        "status": "completed",
        "amount": Decimal("1.00"),
        "due_on": date(2020, 1, 1),
    }[column]
    summary = load_orders(shop, orders(**{column: [bad, good]}), form)

    assert counts(summary, "orders") == (2, 1, 1, 0)
    assert shop.reasons("orders") == [(1, column, reason)]
    assert shop.quarantined("orders")[0]["quarantine_file"] == f"part-0.{form}"
    assert [row["order_id"] for row in shop.loaded("orders")] == [2]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_bounds_themselves_are_allowed(shop, form):
    amounts = [Decimal("0.00"), Decimal("1000.00"), Decimal("999.99"), Decimal("0.01")]
    assert counts(load_orders(shop, orders(amount=amounts), form), "orders") == (4, 4, 0, 0)


TEXTS = {
    "amount": (
        ["1.23", "1.2300", "+1", "0", ".5", "7."],
        ["1.239", "1,5", "1e2", "ten", "12345678901234567890", " 1", "nan", ".", "-"],
        "decimal(18,2)",
    ),
    "units": (["12", "-3", "+4", "2147483647"], ["12.5", "12.0", "2147483648", "1e3", "0x1"], "integer"),
    "order_id": (["12", "9223372036854775807"], ["9223372036854775808", "1.0", "A1"], "bigint"),
    "weight": (["1.5", "1e3", "-0"], ["nan", "inf", "heavy"], "double"),
    "is_gift": (["true", "FALSE", "1", "0", "t", "f", "T"], ["yes", "no", "2", "on"], "boolean"),
    "due_on": (
        ["2024-02-29", "9999-12-31"],
        ["2024-02", "2023-02-29", "20240201", "01.02.2024", "2024-02-01 10:00:00", "infinity"],
        "date",
    ),
    "ordered_at": (
        ["2024-02-01", "2024-02-01 10:00", "2024-02-01T10:00:00.123456", "2024-02-01T10:00:00Z"],
        ["2024-02", "2024-02-30 10:00:00", "2024-02-01 24:00:00", "2024-02-01 10:00:00.1234567", "now"],
        "timestamp",
    ),
}  # fmt: skip


@pytest.mark.parametrize("column", TEXTS)
def test_text_is_read_strictly(shop, column):
    good, bad, data_type = TEXTS[column]
    summary = load_orders(shop, orders(**{column: good + bad}))

    assert shop.reasons("orders") == [
        (number, column, f"not a {data_type}") for number in range(len(good) + 1, len(good) + len(bad) + 1)
    ]
    assert counts(summary, "orders") == (len(good) + len(bad), len(good), len(bad), 0)


@pytest.mark.parametrize(
    ("column", "values", "quarantined"),
    [
        ("amount", pa.array([1.1, 0.07, 1.239, float("nan")]), [3, 4]),
        ("amount", pa.array([Decimal("1.2300"), Decimal("1.2301")]), [2]),
        ("amount", pa.array([1, 2], pa.int32()), []),
        ("units", pa.array([1.0, 1.5]), [2]),
        ("units", pa.array([2**31 - 1, 2**31]), [2]),
        ("weight", pa.array([1.5, float("inf"), float("nan")]), [2, 3]),
        ("is_gift", pa.array([0, 1, 2]), [3]),
        ("due_on", pa.array([datetime(2024, 1, 1), datetime(2024, 1, 1, 12)]), [2]),
        ("ordered_at", pa.array([date(2024, 1, 1)]), []),
        ("ordered_at", pa.array([10**18, 10**18 + 1], pa.timestamp("ns")), [2]),
        ("member_id", pa.array([17, 18]), []),
        ("system", pa.nulls(2), []),
        ("due_on", pa.nulls(2), []),
    ],
)
def test_parquet_of_another_type_is_read_only_without_loss(shop, column, values, quarantined):
    load_orders(shop, orders(**{column: values}), "parquet")
    assert [number for number, _, _ in shop.reasons("orders")] == quarantined


def test_an_offset_is_counted_and_the_time_is_utc(shop):
    load_orders(
        shop, orders(ordered_at=["2024-05-01T02:00:00+08:00", "2024-04-30 18:00:00", "2024-04-30 13:00-0500"])
    )
    assert {row["ordered_at"] for row in shop.loaded("orders")} == {datetime(2024, 4, 30, 18)}


def test_parquet_with_a_zone_is_loaded_in_utc(shop):
    moment = pa.array([datetime(2024, 4, 30, 18, tzinfo=UTC)], pa.timestamp("us", "Asia/Shanghai"))
    load_orders(shop, orders(ordered_at=moment), "parquet")
    assert shop.loaded("orders")[0]["ordered_at"] == datetime(2024, 4, 30, 18)


def test_the_first_rule_broken_in_column_order_is_the_reason(shop):
    load_orders(shop, orders(status=["lost"], amount=["much"], ordered_at=["never"]))
    assert shop.reasons("orders") == [(1, "ordered_at", "not a timestamp")]


def test_a_quarantined_row_keeps_its_text_as_delivered(shop):
    load_orders(shop, orders(amount=["1.239"], units=["0012"]))
    (row,) = shop.quarantined("orders")
    assert (row["amount"], row["units"], row["status"]) == ("1.239", "0012", "completed")


def test_loaded_columns_have_the_contracts_types_and_order(shop):
    load_orders(shop, orders(amount=["1.5"]))
    empty = next(shop.home.loaded.glob("shop/orders/shop/delivered=none/month=none/empty.parquet"))
    part = next(shop.home.loaded.glob("shop/orders/shop/delivered=2024-06-01/month=2024-05/part-0.parquet"))

    expected = [
        ("order_id", pa.int64()),
        ("system", pa.string()),
        ("member_id", pa.string()),
        ("ordered_at", pa.timestamp("us")),
        ("status", pa.string()),
        ("amount", pa.decimal128(18, 2)),
        ("units", pa.int32()),
        ("weight", pa.float64()),
        ("is_gift", pa.bool_()),
        ("due_on", pa.date32()),
        ("source", pa.string()),
        ("delivered_on", pa.date32()),
    ]
    for path in (part, empty):
        assert [(field.name, field.type) for field in pq.read_schema(path)] == expected
    assert shop.loaded("orders")[0]["delivered_on"] == date(2024, 6, 1)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_exact_duplicates_are_dropped_and_repeated_keys_quarantined(shop, form):
    columns = orders(status=["completed"] * 5 + ["it's open"] * 2)
    columns["order_id"] = [1, 1, 1, 2, 3, 3, 3]
    summary = load_orders(shop, columns, form)

    # Order 3 comes as completed once and as open twice: the first by content stays.
    assert counts(summary, "orders") == (7, 3, 1, 3)
    assert [(row["order_id"], row["status"]) for row in shop.loaded("orders")] == [
        (1, "completed"),
        (2, "completed"),
        (3, "completed"),
    ]
    assert [(row["quarantine_column"], row["quarantine_reason"]) for row in shop.quarantined("orders")] == [
        ("order_id", "key repeated")
    ]


def test_a_key_repeated_in_another_month_and_file_is_found(shop):
    shop.deliver("members", MEMBERS)
    first = orders(ordered_at=["2024-01-01 10:00:00"])
    second = orders(ordered_at=["2024-03-01 10:00:00", "2024-03-02 10:00:00"])
    shop.deliver("orders", first, second)

    assert counts(shop.load(), "orders") == (3, 2, 1, 0)
    assert shop.quarantined("orders")[0]["quarantine_file"] == "part-1.csv"


def test_which_of_two_contents_stays_does_not_hang_on_the_order_of_delivery(tmp_path, shop):
    contents = [["completed", "it's open"], ["it's open", "completed"]]
    kept = []
    for number, statuses in enumerate(contents):
        other = Shop(Home(tmp_path / f"home{number}"), shop.seeds)
        columns = orders(status=statuses) | {"order_id": [1, 1]}
        load_orders(other, columns)
        kept.append([row["status"] for row in other.loaded("orders")])
    assert kept[0] == kept[1] == ["completed"]


def test_a_quarantined_row_does_not_count_as_the_keys_first(shop):
    columns = orders(status=["lost", "completed"]) | {"order_id": [1, 1]}
    assert counts(load_orders(shop, columns), "orders") == (2, 1, 1, 0)
    assert shop.reasons("orders") == [(1, "status", "not an allowed code")]


def test_keys_of_several_columns_repeat_only_as_a_whole(shop):
    shop.deliver_required()
    days = ["2024-01-01", "2024-02-01", "2024-01-01", "2024-01-01"]
    prices = {"product_id": ["a", "a", "b", "a"], "valid_from": days, "price": ["1", "1", "1", "1.00"]}
    shop.deliver("prices", prices)
    assert counts(shop.load(), "prices") == (4, 3, 0, 1)


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_files_are_cut_by_month_and_sorted_by_member(shop, form):
    moments = ["2024-02-29 23:59:59", "2024-03-01 00:00:00", "2024-02-01 00:00:00", "2023-12-31 10:00:00"]
    columns = orders(ordered_at=moments, member_id=["b", "a", "a", "a"], system=["s"] * 4)
    load_orders(shop, columns, form)

    folder = shop.home.loaded / "shop" / "orders" / "shop" / "delivered=2024-06-01"
    months = {
        path.parent.name: pq.read_table(path, partitioning=None)["order_id"].to_pylist()
        for path in folder.glob("*/*.parquet")
    }
    assert months == {"month=2024-02": [3, 1], "month=2024-03": [2], "month=2023-12": [4]}


@pytest.mark.parametrize("share_of_memory", [0, 0.5])
@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("is_clean", [True, False])
def test_every_way_of_writing_months_gives_the_same_rows(
    shop, monkeypatch, share_of_memory, is_sorted, is_clean
):
    monkeypatch.setattr(monthly_files, "_FEW_ROWS", 0)
    monkeypatch.setattr(monthly_files, "_SHARE_OF_MEMORY", share_of_memory)
    # The engine's smallest row group lies in one month when the rows are sorted by time, in all when not.
    rows, months = 12 * 2048, 12
    numbers = list(range(rows))
    moments = [datetime(2024, 1 + (n * months // rows if is_sorted else n % months), 15) for n in numbers]
    columns = {"order_id": numbers, "ordered_at": moments, "status": ["completed"] * rows}
    if not is_clean:
        columns["status"][5] = "lost"
        columns["order_id"][7] = 6
        columns["status"][7] = "it's open"
    shop.deliver("members", MEMBERS)
    folder = shop.folder("orders")
    folder.mkdir(parents=True)
    pq.write_table(pa.table(columns), folder / "part-0.parquet", row_group_size=2048)
    shop.seal("orders")

    refused = 0 if is_clean else 2
    assert counts(shop.load(), "orders") == (rows, rows - refused, refused, 0)
    parts = sorted((shop.home.loaded / "shop/orders/shop/delivered=2024-06-01").glob("*/*.parquet"))
    assert [part.parent.name for part in parts] == [f"month=2024-{month:02d}" for month in range(1, 13)]
    assert sum(pq.read_metadata(part).num_rows for part in parts) == rows - refused
    for month, part in enumerate(parts, 1):
        table = pq.read_table(part, partitioning=None)
        assert {moment.month for moment in table["ordered_at"].to_pylist()} == {month}
        assert table["order_id"].to_pylist() == sorted(table["order_id"].to_pylist())


@pytest.mark.parametrize(("length", "is_in_memory"), [(10, True), (3_000, False)])
def test_rows_go_over_disk_only_where_they_are_too_wide_for_memory(shop, monkeypatch, length, is_in_memory):
    kept = []
    monkeypatch.setattr(monthly_files, "_FEW_ROWS", 0)
    monkeypatch.setattr(one_delivery, "keep_rows", lambda *given: kept.append(keep_rows(*given)) or kept[-1])
    rows = 20_000
    columns = {
        "order_id": list(range(rows)),
        "ordered_at": [datetime(2024, 5, 1)] * rows,
        "status": ["completed"] * rows,
        "system": [f"{number % 7}" * length for number in range(rows)],
    }
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", columns, form="parquet")
    assert counts(shop.load(memory_limit="100MB"), "orders") == (rows, rows, 0, 0)
    assert kept == [True, is_in_memory]


def test_a_table_without_months_lies_in_one_folder(shop):
    shop.deliver_required()
    shop.load()
    assert (shop.home.loaded / "shop/members/shop/delivered=2024-06-01/month=all/part-0.parquet").is_file()


def test_rows_of_csv_and_parquet_in_one_delivery_are_numbered_by_file(shop):
    shop.deliver("members", MEMBERS)
    folder = shop.deliver("orders", orders(status=["completed", "lost"]))
    moments = pa.array([datetime(2024, 1, 1)] * 3)
    pq.write_table(
        pa.table(
            {"order_id": [11, 12, 13], "ordered_at": moments, "status": ["completed", "completed", "lost"]}
        ),
        folder / "more.parquet",
    )
    (folder / "manifest.json").unlink()
    shop.seal("orders")

    assert counts(shop.load(), "orders") == (5, 3, 2, 0)
    assert {(row["quarantine_file"], row["quarantine_row_number"]) for row in shop.quarantined("orders")} == {
        ("part-0.csv", 2),
        ("more.parquet", 3),
    }


def test_row_numbers_hold_in_a_long_csv_file(shop):
    statuses = ["completed"] * 300_000
    for number in (17, 150_000, 299_999):
        statuses[number - 1] = "lost"
    load_orders(shop, orders(status=statuses))
    assert [number for number, _, _ in shop.reasons("orders")] == [17, 150_000, 299_999]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_delivery_of_no_rows_is_loaded(shop, form):
    empty = {
        "order_id": pa.array([], pa.int64()),
        "ordered_at": pa.array([], pa.timestamp("us")),
        "status": pa.array([], pa.string()),
    }
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", empty, form=form)
    assert counts(shop.load(), "orders") == (0, 0, 0, 0)
    assert counts(shop.load(), "orders") == (0, 0, 0, 0)


def test_a_delivery_of_bad_rows_only_is_quarantined_as_a_whole(shop):
    assert counts(load_orders(shop, orders(status=["lost", "gone"])), "orders") == (2, 0, 2, 0)
    assert shop.loaded("orders") == []


CELLS = {
    "order_id": st.sampled_from(["1", "2", "3", "9223372036854775807", "x", None]),
    "ordered_at": st.sampled_from(["2024-01-31 23:00:00", "0001-01-01", "9999-12-31 23:59:59", "?", None]),
    "status": st.sampled_from(["completed", "it's open", "lost", None]),
    "amount": st.sampled_from(["0", "1.5", "1.50", "1000", "1000.01", "-1", "1.555", None]),
    "is_gift": st.sampled_from(["true", "1", "maybe", None]),
}  # fmt: skip


@settings(max_examples=15)
@given(
    rows=st.lists(st.tuples(*CELLS.values()), max_size=25),
    cut=st.integers(0, 25),
)
def test_every_row_is_loaded_quarantined_or_an_exact_duplicate(tmp_path_factory, shop, rows, cut):
    some = Shop(Home(tmp_path_factory.mktemp("dirty") / "home"), shop.seeds)
    some.deliver("members", MEMBERS)
    parts = [
        {name: [row[n] for row in part] for n, name in enumerate(CELLS)} for part in (rows[:cut], rows[cut:])
    ]
    some.deliver("orders", *parts)
    rows_in, loaded, quarantined, duplicates = counts(some.load(), "orders")

    assert rows_in == len(rows) == loaded + quarantined + duplicates
    assert len(some.loaded("orders")) == loaded
    assert len(some.quarantined("orders")) == quarantined
    keys = [row["order_id"] for row in some.loaded("orders")]
    assert len(keys) == len(set(keys))
