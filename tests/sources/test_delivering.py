"""Deliveries: whole or invisible, never changed, described truly."""

from __future__ import annotations

import hashlib
import json
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.core.errors import InputFault
from orchestration.sources.delivering import deliver

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
