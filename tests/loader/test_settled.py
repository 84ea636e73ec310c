"""A load with nothing to do is known without looking into files, and never when something is to be done."""

from __future__ import annotations

import os

import pytest
from small_shop import ORDER

from orchestration.loader.settled import is_settled, note_settled, what_is_read
from orchestration.project import SECRET_VARIABLE
from orchestration.warehouse.erasures import Request, ask


@pytest.fixture
def settled(shop):
    shop.deliver_required()
    read = what_is_read(shop.home)
    shop.load()
    note_settled(shop.home, read)
    return shop


def later(file):
    """As if it was written a moment later."""
    state = file.stat()
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns + 1))


def first(folder, pattern):
    return min(folder.rglob(pattern))


CHANGES = {
    "a file was delivered": lambda shop: shop.deliver(
        "orders", {name: [value] for name, value in ORDER.items()}, on="2024-06-02"
    ),
    "a delivered file was touched": lambda shop: later(first(shop.home.landing, "part-*.csv")),
    "a delivery was removed": lambda shop: first(shop.home.landing, "part-*.csv").unlink(),
    "a loaded file is gone": lambda shop: first(shop.home.loaded, "part-*.parquet").unlink(),
    "a loaded file was touched": lambda shop: later(first(shop.home.loaded, "part-*.parquet")),
    "what was noted of a delivery is gone": lambda shop: first(shop.home.loaded, "load.json").unlink(),
    "the table of loads is gone": lambda shop: (shop.home.own_tables / "loads.parquet").unlink(),
    "contact details are gone": lambda shop: first(shop.home.vault / "contacts", "*.parquet").unlink(),
    "two records are kept apart": lambda shop: (
        shop.home.identity.mkdir(),
        (shop.home.identity / "keep_apart.csv").write_text("one"),
    ),
    "the note is cut": lambda shop: (shop.home.loaded / "settled.json").write_text('{"finger'),
    "the note is of nothing": lambda shop: (shop.home.loaded / "settled.json").write_text("[]"),
    "somebody asked to be erased": lambda shop: ask(shop.home, Request("shop", "", "m1")),
    "an empty folder arrived": lambda shop: (shop.home.landing / "shop" / "orders" / "x").mkdir(),
    "landing is reached by a link": lambda shop: (
        shop.home.landing.rename(shop.home.root / "elsewhere"),
        shop.home.landing.symlink_to(shop.home.root / "elsewhere"),
    ),
}


def test_a_home_that_was_never_loaded_is_not_settled(shop):
    assert not is_settled(shop.home)


def test_after_a_load_nothing_is_to_be_done_however_often_it_is_asked(settled):
    assert is_settled(settled.home)
    assert is_settled(settled.home)


def test_what_arrives_while_a_load_is_at_work_is_new(shop):
    shop.deliver_required()
    read = what_is_read(shop.home)
    shop.load()
    CHANGES["a file was delivered"](shop)
    note_settled(shop.home, read)
    assert not is_settled(shop.home)


def test_a_second_load_leaves_it_settled(settled):
    settled.load()
    assert is_settled(settled.home)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_makes_the_next_load_look_at_everything(settled, change):
    change(settled)
    assert not is_settled(settled.home)


def test_another_secret_is_a_change(settled, monkeypatch):
    monkeypatch.setenv(SECRET_VARIABLE, "x" * 64)
    assert not is_settled(settled.home)


def test_what_builds_and_fits_write_is_none(settled):
    (settled.home.own_tables / "churn_parameters.parquet").write_bytes(b"a fit")
    settled.home.serving.mkdir(exist_ok=True)
    (settled.home.serving / "seals.jsonl").write_text("{}")
    assert is_settled(settled.home)
