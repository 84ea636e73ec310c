"""Deliveries: whole or invisible, never changed, described truly."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.core.errors import InputFault
from orchestration.sources.delivering import deliver, hand_over, names_within

DAY = date(2025, 12, 28)


def two_rows(folder):
    pq.write_table(pa.table({"order_id": [1, 2]}), folder / "part-0.parquet")


def visible(landing):
    return [path for path in landing.rglob("*") if path.is_file()]


def test_a_delivery_is_described_by_its_manifest(tmp_path):
    def write(folder):
        two_rows(folder)
        (folder / "part-1.csv").write_text('order_id,note\n1,"two\nlines"\n2,\n3,x\n', encoding="utf-8")

    folder = deliver(tmp_path, "chain", "orders", DAY, write)

    assert folder == tmp_path / "chain" / "orders" / "delivered=2025-12-28"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {key: manifest[key] for key in ("source", "table", "delivered_on")} == {
        "source": "chain",
        "table": "orders",
        "delivered_on": "2025-12-28",
    }
    assert [(file["name"], file["rows"]) for file in manifest["files"]] == [
        ("part-0.parquet", 2),
        ("part-1.csv", 3),
    ]
    for file in manifest["files"]:
        assert file["sha256"] == hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest()


def test_a_second_delivery_of_the_day_is_refused_and_changes_nothing(tmp_path):
    folder = deliver(tmp_path, "chain", "orders", DAY, two_rows)
    before = {path: path.read_bytes() for path in visible(tmp_path)}

    with pytest.raises(InputFault, match="immutable"):
        deliver(tmp_path, "chain", "orders", DAY, two_rows)

    assert {path: path.read_bytes() for path in visible(tmp_path)} == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_another_day_is_another_delivery(tmp_path):
    deliver(tmp_path, "chain", "orders", DAY, two_rows)
    deliver(tmp_path, "chain", "orders", date(2025, 12, 29), two_rows)

    assert len(list((tmp_path / "chain" / "orders").iterdir())) == 2


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_a_failed_write_leaves_nothing(tmp_path, fault):
    def write(folder):
        two_rows(folder)
        raise fault

    with pytest.raises(fault):
        deliver(tmp_path, "chain", "orders", DAY, write)

    assert visible(tmp_path) == []


def test_a_delivery_is_invisible_while_it_is_written(tmp_path):
    seen = []

    def write(folder):
        two_rows(folder)
        seen.extend(tmp_path.glob("chain/orders/delivered=*/*"))

    deliver(tmp_path, "chain", "orders", DAY, write)

    assert seen == []


def test_whoever_is_second_to_finish_is_refused(tmp_path):
    def write(folder):
        two_rows(folder)
        deliver(tmp_path, "chain", "orders", DAY, two_rows)

    with pytest.raises(InputFault, match="immutable"):
        deliver(tmp_path, "chain", "orders", DAY, write)

    folder = tmp_path / "chain" / "orders"
    assert [path.name for path in folder.iterdir()] == ["delivered=2025-12-28"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (None, b""),
        ("orders.xlsx", b"x"),
        (".hidden.csv", b"order_id\n1\n"),
        ("broken.parquet", b"PAR1 but not really"),
        ("broken.csv", b'order_id,store_id\n1,"x\n'),
    ],
)
def test_what_cannot_be_read_is_not_delivered(tmp_path, name, content):
    def write(folder):
        if name:
            (folder / name).write_bytes(content)

    with pytest.raises(InputFault):
        deliver(tmp_path, "chain", "orders", DAY, write)

    assert visible(tmp_path) == []


def handed_over(landing, *files, said=None):
    """What `rekindle deliver` does with files; the content of each one delivered, by name."""
    names = names_within(files)

    def write(folder):
        for file, name in names.items():
            hand_over(file, folder / name)

    folder = deliver(landing, "chain", "orders", DAY, write, (said if said is not None else []).append)
    return {path.name: path.read_text() for path in folder.iterdir() if path.name != "manifest.json"}


def file_of(path, content="order_id\n1\n"):
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return path


def test_files_of_one_name_are_all_delivered(tmp_path):
    given = [
        file_of(tmp_path / "a" / "orders.csv", "order_id\n1\n"),
        file_of(tmp_path / "b" / "orders.csv", "order_id\n2\n"),
        file_of(tmp_path / "c" / "ORDERS.CSV", "order_id\n3\n"),
        file_of(tmp_path / "d" / "orders-2.csv", "order_id\n4\n"),
    ]
    delivered = handed_over(tmp_path / "landing", *given)
    assert delivered == {
        "orders.csv": "order_id\n1\n",
        "orders-2.csv": "order_id\n2\n",
        "ORDERS-3.csv": "order_id\n3\n",
        "orders-2-2.csv": "order_id\n4\n",
    }


def test_a_packed_file_is_delivered_unpacked_and_a_link_as_a_file(tmp_path):
    packed = tmp_path / "orders.CSV.gz"
    packed.write_bytes(gzip.compress(b"order_id\n7\n"))
    (tmp_path / "link.csv").symlink_to(file_of(tmp_path / "elsewhere.csv", "order_id\n8\n"))
    delivered = handed_over(tmp_path / "landing", packed, tmp_path / "link.csv")
    assert delivered == {"orders.csv": "order_id\n7\n", "link.csv": "order_id\n8\n"}
    assert not [path for path in (tmp_path / "landing").rglob("*") if path.is_symlink()]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("folder", "is not a file"),
        ("gone.csv", "is not a file"),
        ("orders.xlsx", "rekindle import"),
        ("orders.parquet.gz", "rekindle import"),
        (".hidden.csv", "hidden names"),
        ("cut.csv.gz", "is not a whole gzip file"),
        ("plain.csv.gz", "is not a whole gzip file"),
        ("two\nlines.csv", "has a name that cannot be shown"),
    ],
)
def test_what_cannot_be_handed_over_is_told_and_nothing_delivered(tmp_path, name, words):
    file = tmp_path / name
    if name == "folder":
        file.mkdir()
    elif name == "cut.csv.gz":
        file.write_bytes(gzip.compress(os.urandom(5000))[:-40])
    elif name != "gone.csv":
        file.write_text("order_id\n1\n")
    with pytest.raises(InputFault, match=words):
        handed_over(tmp_path / "landing", file_of(tmp_path / "good.csv"), file)
    assert visible(tmp_path / "landing") == []


def test_a_file_given_twice_is_refused(tmp_path):
    file = file_of(tmp_path / "orders.csv")
    (tmp_path / "same.csv").symlink_to(file)
    with pytest.raises(InputFault, match="given twice"):
        handed_over(tmp_path / "landing", file, tmp_path / "same.csv")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("order_id\nRené\n".encode("latin-1"), "'orders.csv': is not UTF-8, first in line 2"),
        (b'order_id,status\n1,"x\n', "in the row that begins in line 2"),
        (b"order_id;status\n1;x\n", "separated by semicolons"),
        (b"", "is empty"),
    ],
)
def test_delivering_tells_what_loading_would_tell(tmp_path, content, words):
    (tmp_path / "orders.csv").write_bytes(content)
    with pytest.raises(InputFault) as error:
        handed_over(tmp_path / "landing", tmp_path / "orders.csv")
    assert words in str(error.value)
    assert visible(tmp_path / "landing") == []


def test_a_row_that_does_not_fit_is_delivered_and_told(tmp_path):
    said = []
    file = file_of(tmp_path / "orders.csv", "order_id,status\n1\n2,x\n")
    handed_over(tmp_path / "landing", file, said=said)
    assert said == ["orders.csv: 1 row does not fit the header and goes to quarantine; look at line 2"]
    manifest = json.loads(next((tmp_path / "landing").rglob("manifest.json")).read_text())
    assert manifest["files"][0]["rows"] == 2
