"""Loading a second time, with another contract, after a crash, on a full disk."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_shop import CONTRACT, MEMBERS, ORDER, contracts_from, counts, load_of

from orchestration.core.errors import InputFault, RekindleError
from orchestration.loader import TableLoad, load, loading
from orchestration.loader.records import FORMAT

TESTS = Path(__file__).parent


def tree(folder):
    """Every file below with its content."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def no_leftovers(shop):
    root = shop.home.root
    return not (root / ".loading").exists() and not (shop.home.vault / ".loading").exists()


def test_a_second_load_changes_nothing_and_gives_the_same_numbers(shop):
    shop.deliver_required()
    first = shop.load()
    before = tree(shop.home.root)
    second = shop.load()

    assert (first.newly_loaded, second.newly_loaded) == (2, 0)
    assert first.tables == second.tables
    assert tree(shop.home.root) == before
    assert any("nothing new" in line for line in shop.said)
    assert no_leftovers(shop)


def test_only_a_new_delivery_is_loaded(shop):
    shop.deliver_required()
    shop.load()
    shop.deliver(
        "orders", {name: [value] for name, value in (ORDER | {"order_id": 2}).items()}, on="2024-06-02"
    )
    summary = shop.load()

    assert summary.newly_loaded == 1
    assert [(t.table, t.delivered_on) for t in summary.tables if t.table == "orders"] == [
        ("orders", date(2024, 6, 1)),
        ("orders", date(2024, 6, 2)),
    ]
    assert len(shop.loaded("orders")) == 2


def test_a_table_never_delivered_is_missing_and_empty(shop):
    shop.deliver_required()
    summary = shop.load()

    assert load_of(summary, "prices") == TableLoad("shop", "prices", None, "missing", contract="shop")
    assert (shop.home.loaded / "shop/prices/shop/delivered=none/month=none/empty.parquet").is_file()
    assert any("not delivered: prices" in line for line in shop.said)


def test_a_source_that_delivered_nothing_is_one_line(shop):
    shop.deliver_required()
    contracts = contracts_from() | contracts_from(CONTRACT.replace("name: shop", "name: stall"))
    summary = load(shop.home, contracts, shop.said.append, seeds_dir=shop.seeds)

    assert {t.status for t in summary.tables if t.source == "stall"} == {"missing"}
    assert [line for line in shop.said if "stall" in line] == ["stall: nothing delivered, left out"]
    assert (shop.home.loaded / "stall/orders/stall/delivered=none/month=none/empty.parquet").is_file()


def test_loads_are_written_for_dbt(shop):
    shop.deliver_required()
    shop.load()
    table = pq.read_table(shop.home.own_tables / "loads.parquet")

    assert [(field.name, field.type) for field in table.schema] == [
        ("source", pa.string()),
        ("contract", pa.string()),
        ("table_name", pa.string()),
        ("delivered_on", pa.date32()),
        ("status", pa.string()),
        ("rows_in", pa.int64()),
        ("rows_loaded", pa.int64()),
        ("rows_quarantined", pa.int64()),
        ("exact_duplicates", pa.int64()),
        ("covers", pa.string()),
        ("notes", pa.string()),
        ("findings", pa.string()),
    ]
    assert table.to_pylist()[0] == {
        "source": "shop", "contract": "shop", "table_name": "members", "delivered_on": date(2024, 6, 1),
        "status": "loaded",
        "rows_in": 2, "rows_loaded": 2, "rows_quarantined": 0, "exact_duplicates": 0,
        "covers": "changes",
        "notes": "not delivered, stays empty: birth_month, card_number, email, full_name, level, "
        "street_address, union_id",
        "findings": "",
    }  # fmt: skip


def test_a_changed_contract_loads_its_table_anew_and_only_that(shop):
    shop.deliver_required()
    shop.load()
    stricter = CONTRACT.replace("max: 1000", "max: 999").replace("[completed, it's open]", "[it's open]")
    summary = shop.load(stricter)

    assert summary.newly_loaded == 1
    assert counts(summary, "orders") == (1, 0, 1, 0)
    assert shop.loaded("orders") == []
    assert shop.load(CONTRACT).newly_loaded == 1
    assert len(shop.loaded("orders")) == 1
    assert shop.quarantined("orders") == []


def test_what_an_earlier_loader_wrote_is_loaded_anew(shop):
    shop.deliver_required()
    shop.load()
    record = shop.home.loaded / "shop/orders/shop/delivered=2024-06-01/load.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "format": FORMAT - 1}))
    assert shop.load().newly_loaded == 1
    assert shop.load().newly_loaded == 0


def test_a_changed_wording_loads_nothing(shop):
    shop.deliver_required()
    shop.load()
    assert (
        shop.load(CONTRACT.replace("{name: system,", "{name: system, description: Till.,")).newly_loaded == 0
    )


def test_a_delivery_gone_from_landing_stays_loaded(shop):
    shop.deliver_required()
    first = shop.load()
    (shop.home.landing / "shop/orders").rename(shop.home.root / "archive")
    assert shop.load().tables == first.tables

    with pytest.raises(InputFault, match="no longer in landing"):
        shop.load(CONTRACT.replace("max: 1000", "max: 999"))
    assert len(shop.loaded("orders")) == 1


def test_a_delivery_changed_after_loading_is_refused(shop):
    shop.deliver_required()
    shop.load()
    (shop.folder("orders") / "manifest.json").unlink()
    (shop.folder("orders") / "part-0.csv").write_text("order_id,ordered_at,status\n9,2024-01-01,completed\n")
    shop.seal("orders")
    with pytest.raises(InputFault, match="has changed since"):
        shop.load()
    assert [row["order_id"] for row in shop.loaded("orders")] == [1]


def test_load_json_says_under_what_a_delivery_was_loaded(shop):
    shop.deliver_required()
    shop.load()
    record = json.loads((shop.home.loaded / "shop/orders/shop/delivered=2024-06-01/load.json").read_text())
    assert record["contract"] == contracts_from()["shop"].table("orders").fingerprint
    counted = ("rows_in", "rows_loaded", "rows_quarantined", "exact_duplicates")
    assert [record[name] for name in counted] == [1, 1, 0, 0]


@pytest.mark.parametrize("step", ["write_delivery", "flush_tree", "_show_vault", "switch_folder"])
def test_a_crash_at_any_step_leaves_the_state_before(shop, monkeypatch, step):
    shop.deliver_required()
    shop.load()
    before = tree(shop.home.loaded)
    shop.deliver("members", {"member_id": ["m3"], "level": ["gold"]}, on="2024-06-02")

    def crash(*_arguments, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(loading, step, crash)
        with pytest.raises(KeyboardInterrupt):
            shop.load()
    assert tree(shop.home.loaded) == before
    assert shop.load().newly_loaded == 1
    assert no_leftovers(shop)


def test_a_crash_between_the_two_renames_of_a_reload_is_mended(shop, monkeypatch):
    shop.deliver_required()
    shop.load()
    before = tree(shop.home.loaded / "shop/orders")

    def half_a_switch(_new, visible, set_aside):
        set_aside.parent.mkdir(parents=True)
        visible.rename(set_aside)
        os._exit(9)

    child = os.fork()
    if child == 0:
        monkeypatch.setattr(loading, "switch_folder", half_a_switch)
        shop.load(CONTRACT.replace("max: 1000", "max: 999"))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert not (shop.home.loaded / "shop/orders/shop/delivered=2024-06-01").exists()

    assert shop.load(CONTRACT).newly_loaded == 0
    assert tree(shop.home.loaded / "shop/orders") == before


LOAD_IN_A_PROCESS = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from small_shop import contracts_from
from orchestration.core.errors import RekindleError
from orchestration.loader import load
from orchestration.project import Home
if len(sys.argv) > 3:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
try:
    load(Home(Path(sys.argv[1])), contracts_from(), print, seeds_dir=Path(sys.argv[2]), threads=1)
except RekindleError as error:
    print(error)
    sys.exit(3)
"""


def in_a_process(shop, *arguments):
    script = textwrap.dedent(LOAD_IN_A_PROCESS.format(tests=str(TESTS)))
    return subprocess.Popen(
        [sys.executable, "-c", script, str(shop.home.root), str(shop.seeds), *arguments],
        cwd=TESTS.parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def many_orders(rows, first=1):
    numbers = pa.array(range(first, first + rows))
    moments = pa.array([1_700_000_000_000_000 + 1_000_000 * n for n in range(rows)], pa.timestamp("us"))
    return {"order_id": numbers, "ordered_at": moments, "status": pa.array(["completed"] * rows)}


def test_a_killed_load_leaves_nothing_half_loaded(shop):
    shop.deliver_required()
    shop.load()
    before = tree(shop.home.loaded)
    shop.deliver("orders", many_orders(1_500_000, first=10), on="2024-06-02", form="parquet")
    target = shop.home.loaded / "shop/orders/shop/delivered=2024-06-02"
    process = in_a_process(shop)
    deadline = time.monotonic() + 60
    while not list((shop.home.root / ".loading").glob("delivery/loaded/*")) and process.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    assert process.returncode == -signal.SIGKILL
    assert not target.exists()
    assert {name: content for name, content in tree(shop.home.loaded).items() if name in before} == before
    assert counts_on(shop.load(), "2024-06-02") == (1_500_000, 1_500_000)
    assert no_leftovers(shop)


def counts_on(summary, day):
    (found,) = [t for t in summary.tables if t.delivered_on == date.fromisoformat(day)]
    return found.rows_in, found.rows_loaded


def test_a_full_disk_is_a_clear_error_and_nothing_is_visible(shop):
    shop.deliver_required()
    shop.load()
    before = tree(shop.home.loaded)
    shop.deliver("orders", many_orders(200_000, first=10), on="2024-06-02", form="parquet")
    process = in_a_process(shop, "100000")
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 3, said
    assert "Free disk space" in said
    assert "Traceback" not in said
    assert tree(shop.home.loaded) == before
    assert no_leftovers(shop)
    assert shop.load().newly_loaded == 1


def test_a_folder_nobody_may_write_is_a_clear_error(shop, monkeypatch):
    shop.deliver_required()

    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied", "somewhere")

    monkeypatch.setattr(loading, "flush_tree", refuse)
    with pytest.raises(RekindleError, match="Permission denied: somewhere"):
        shop.load()


def test_more_than_fits_in_memory_goes_to_disk(shop):
    shop.deliver("members", MEMBERS)
    shop.deliver("orders", many_orders(600_000), form="parquet")
    assert counts(shop.load(memory_limit="60MB", threads=1), "orders")[1] == 600_000


def test_the_file_size_limit_of_this_process_is_untouched():
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
