"""Files against the manifest and the contract: each fault planted, all named at once, nothing loaded."""

from __future__ import annotations

import hashlib
import json

import pyarrow as pa
import pytest
from small_shop import CONTRACT, MEMBERS, ORDER, write_csv, write_parquet

from orchestration.core.errors import InputFault, RekindleError

GOOD_ORDERS = {name: [value] for name, value in ORDER.items()}
SECRET_NAME = "Zyx Confidential"


def refused(shop):
    with pytest.raises(InputFault) as error:
        shop.load()
    assert error.value.exit_code == 2
    assert not list(shop.home.loaded.glob("**/*.parquet"))
    return str(error.value)


def spoil_manifest(**words):
    return lambda manifest: manifest.update(words)


def spoil_file(**words):
    return lambda manifest: manifest["files"][0].update(words)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_manifest(source="other"), "says source 'other', the folder 'shop'"),
        (spoil_manifest(table="members"), "says table 'members', the folder 'orders'"),
        (spoil_manifest(delivered_on="2024-06-02"), "says delivered_on '2024-06-02'"),
        (spoil_manifest(files=[]), "must list files"),
        (spoil_manifest(files="part-0.csv"), "must list files"),
        (lambda manifest: manifest["files"].append(manifest["files"][0]), "lists a file twice"),
        (spoil_file(rows=2), "has 1 rows, the manifest says 2"),
        (spoil_file(rows=0), "has 1 rows, the manifest says 0"),
        (spoil_file(rows="1"), "must list files"),
        (spoil_file(sha256="0" * 64), "the manifest says 000000000000"),
        (spoil_file(name="../part-0.csv"), "must list files"),
        (spoil_file(name="gone.csv"), "there is no such file"),
        (spoil_file(name="gone.csv"), "part-0.csv is not in the manifest"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(shop, spoil, words):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", GOOD_ORDERS, manifest=spoil)
    assert words in refused(shop)


@pytest.mark.parametrize("content", [None, "{", "[]", "\x00"])
def test_a_delivery_without_a_readable_manifest_is_refused(shop, content):
    shop.deliver_required()
    manifest = shop.folder("orders") / "manifest.json"
    if content is None:
        manifest.unlink()
    else:
        manifest.write_text(content)
    assert "shop.orders delivered=2024-06-01" in refused(shop)


def test_an_unlisted_file_is_refused(shop):
    shop.deliver_required()
    (shop.folder("orders") / "late.csv").write_text("order_id\n")
    assert "late.csv is not in the manifest" in refused(shop)


def test_a_changed_file_is_refused(shop):
    shop.deliver_required()
    with (shop.folder("orders") / "part-0.csv").open("a") as stream:
        stream.write("2,2024-05-01 10:00:00,completed\n")
    assert "sha256" in refused(shop)


@pytest.mark.parametrize("name", ["delivered=2024-07-01.tmp", "delivered=2024-07-01.part"])
def test_an_upload_that_is_not_finished_is_named_and_holds_nothing_back(shop, name):
    shop.deliver_required()
    unfinished = shop.home.landing / "shop" / "orders" / name
    unfinished.mkdir()
    (unfinished / "part-0.csv").write_text("order_id\n2")
    shop.load()
    assert [line for line in shop.said if name in line and "not finished" in line]
    assert shop.loaded("orders")


@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("shop/refunds/delivered=2024-06-01", "landing/shop/refunds: unknown table; shop has: members"),
        ("mall/orders/delivered=2024-06-01", "landing/mall: unknown source; known: shop"),
        ("shop/orders/2024-06-01", "a delivery is a folder called delivered=YYYY-MM-DD"),
        ("shop/orders/delivered=2024-13-01", "a delivery is a folder called delivered=YYYY-MM-DD"),
    ],
)
def test_a_folder_nobody_knows_is_refused(shop, folder, words):
    shop.deliver_required()
    (shop.home.landing / folder).mkdir(parents=True)
    assert words in refused(shop)


def test_a_delivery_under_way_is_not_looked_at(shop):
    shop.deliver_required()
    (shop.home.landing / "shop/orders/.delivered=2024-06-02.abc").mkdir()
    assert shop.load().newly_loaded == 2


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_missing_required_column_is_refused(shop, form):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", {"order_id": [1], "state": ["completed"]}, form=form)
    text = refused(shop)
    assert "required columns missing: ordered_at, status; found of the contract's: order_id" in text


def test_a_csv_without_a_header_is_refused_without_quoting_it(shop):
    shop.deliver("orders", GOOD_ORDERS)
    shop.folder("members").mkdir(parents=True)
    (shop.folder("members") / "part-0.csv").write_text(
        f"m1,13987650001,{SECRET_NAME}\nm2,13987650002,Other\n"
    )
    shop.seal("members")
    text = refused(shop)
    assert "required columns missing: member_id; found of the contract's: none" in text
    assert SECRET_NAME not in text
    assert "1398765" not in text


def test_missing_optional_and_unknown_columns_are_noted(shop):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", GOOD_ORDERS | {"mood": ["fine"]})
    shop.load()
    assert any(line.endswith("not in the contract, left out: mood") for line in shop.said)
    assert any("not delivered, stays empty: amount, due_on" in line for line in shop.said)
    assert shop.loaded("orders")[0]["amount"] is None
    assert "mood" not in shop.loaded("orders")[0]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("member_id", pa.array([True])),
        ("ordered_at", pa.array([1])),
        ("amount", pa.array([[1]])),
        ("status", pa.array([b"completed"])),
    ],
)
def test_a_parquet_column_of_an_unreadable_type_is_refused(shop, column, values):
    shop.deliver("members", MEMBERS)
    moment = pa.array([0], pa.timestamp("us"))
    shop.deliver("orders", GOOD_ORDERS | {"ordered_at": moment} | {column: values}, form="parquet")
    assert f"column {column} is " in refused(shop)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (f'order_id,ordered_at,status\n1,2024-05-01,"{SECRET_NAME}\n', "a quote is not closed"),
        ("order_id,ordered_at,Status,status\n", "names a column twice"),
        ("order_id,,status\n", "must name every column"),
        ("", "must name every column"),
    ],
)
def test_a_broken_csv_is_refused_without_quoting_it(shop, content, words):
    shop.deliver("members", MEMBERS)
    shop.folder("orders").mkdir(parents=True)
    (shop.folder("orders") / "part-0.csv").write_text(content)
    shop.seal("orders")
    text = refused(shop)
    assert words in text
    assert SECRET_NAME not in text


def test_a_csv_in_another_encoding_is_refused(shop):
    shop.deliver("members", MEMBERS)
    shop.folder("orders").mkdir(parents=True)
    (shop.folder("orders") / "part-0.csv").write_bytes("order_id,status\n1,ö\n".encode("latin-1"))
    shop.seal("orders")
    assert "is not UTF-8" in refused(shop)


def test_a_csv_with_a_byte_order_mark_and_quoted_line_breaks_is_read(shop):
    shop.deliver("orders", GOOD_ORDERS)
    shop.folder("members").mkdir(parents=True)
    (shop.folder("members") / "part-0.csv").write_bytes(
        '\ufeffmember_id,level\r\n"a,\n""b""",gold\r\nc,\r\n'.encode()
    )
    shop.seal("members", change=spoil_file(rows=2))
    shop.load()
    assert [row["member_id"] for row in shop.loaded("members")] == ['a, "b"', "c"]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all", b"PAR1" + b"\0" * 50 + b"PAR1"])
def test_an_unreadable_parquet_file_is_refused(shop, content):
    shop.deliver_required()
    folder = shop.folder("prices")
    folder.mkdir(parents=True)
    (folder / "part-0.parquet").write_bytes(content)
    entry = {"name": "part-0.parquet", "rows": 0, "sha256": hashlib.sha256(content).hexdigest()}
    manifest = {"source": "shop", "table": "prices", "delivered_on": "2024-06-01", "files": [entry]}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert "part-0.parquet: is not a readable Parquet file" in refused(shop)


def test_parquet_damaged_inside_is_refused_when_it_is_read(shop):
    shop.deliver_required()
    folder = shop.folder("prices")
    folder.mkdir(parents=True)
    path = folder / "part-0.parquet"
    write_parquet(
        path,
        {
            "product_id": [f"product {n}" for n in range(5000)],
            "valid_from": pa.array(range(5000), pa.date32()),
        },
    )
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(content)
    shop.seal("prices")
    with pytest.raises(InputFault, match="cannot be read through"):
        shop.load()
    assert not list(shop.home.loaded.glob("shop/prices/shop/delivered=2024-06-01"))


def test_a_file_of_another_kind_is_refused(shop):
    shop.deliver_required()
    shop.folder("prices").mkdir(parents=True)
    (shop.folder("prices") / "prices.xlsx").write_text("x")
    shop.seal("prices")
    assert "ends in .parquet or .csv" in refused(shop)


def test_all_faults_of_all_deliveries_come_at_once_and_good_ones_wait(shop):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", GOOD_ORDERS, manifest=spoil_file(rows=5))
    shop.deliver("orders", {"order_id": [1]}, on="2024-06-02")
    shop.deliver("prices", {"product_id": ["a"]}, manifest=spoil_manifest(table="price"))
    assert refused(shop).count("\n  - ") == 3


def test_a_refused_delivery_leaves_what_is_loaded(shop):
    shop.deliver_required()
    shop.load()
    shop.deliver("orders", {"order_id": [2]}, on="2024-06-02")
    with pytest.raises(InputFault):
        shop.load()
    assert len(shop.loaded("orders")) == 1


def test_a_required_table_that_never_came_is_refused(shop):
    shop.deliver("orders", GOOD_ORDERS)
    assert "shop.members: required, and shop delivered other tables" in refused(shop)


def test_nothing_delivered_says_what_to_type(shop):
    with pytest.raises(RekindleError, match="rekindle sample"):
        shop.load()


@pytest.mark.parametrize("name", ["file_row_number", "FILE_Row_Number"])
def test_a_delivered_column_may_not_take_the_loaders_names(shop, name):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", GOOD_ORDERS | {name: [1]})
    assert "may not be called file_row_number" in refused(shop)


def test_a_file_column_named_like_a_folder_part_is_not_invented(shop):
    shop.deliver_required()
    shop.load(CONTRACT)
    assert not any("left out: delivered" in line for line in shop.said)


def test_a_column_named_filename_does_no_harm(shop):
    shop.deliver("members", MEMBERS)
    folder = shop.folder("orders")
    folder.mkdir(parents=True)
    write_csv(folder / "part-0.csv", GOOD_ORDERS | {"filename": ["x"]})
    moment = pa.array([0], pa.timestamp("us"))
    second = GOOD_ORDERS | {"order_id": [2], "ordered_at": moment, "filename": ["y"]}
    write_parquet(folder / "part-1.parquet", second)
    shop.seal("orders")
    shop.load()
    assert len(shop.loaded("orders")) == 2
