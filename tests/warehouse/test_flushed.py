"""What a rename lets be seen was pushed to the disk before, and the rename itself after it.

A kill never shows whether that was done: what a process wrote is there for the next one, flushed or not.
Only a machine that loses power does. So the order of the calls is looked at.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from unittest.mock import patch

import pytest

from orchestration.files import replacing, switch_folder, write_file, write_json
from orchestration.ledger.seals import proposals, seal
from orchestration.project import Home
from orchestration.warehouse.versions import rollback
from tests.ledger.test_seals import STAMPS, warehouse
from tests.warehouse.made_by_hand import publish_one

_WATCHED: list[list[tuple[str, Path, Path]]] = []


def _note(event, arguments):
    if event == "os.rename" and _WATCHED:
        _WATCHED[-1].append(("rename", Path(os.fsdecode(arguments[0])), Path(os.fsdecode(arguments[1]))))


sys.addaudithook(_note)


@contextmanager
def watched():
    """Renames and flushes of the block, in their order."""
    calls: list[tuple[str, Path, Path]] = []
    flush = os.fsync

    def noted(descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        calls.append(("flush", path, path))
        flush(descriptor)

    _WATCHED.append(calls)
    try:
        with patch("os.fsync", noted):
            yield calls
    finally:
        _WATCHED.pop()


def not_flushed(calls, below):
    """Renames below a folder whose content was not flushed before, or that were not flushed themselves."""
    found = []
    for number, (what, old, new) in enumerate(calls):
        if what != "rename" or below not in new.parents:
            continue
        if not any(call == "flush" and path == old for call, path, _ in calls[:number]):
            found.append(f"{new.relative_to(below)}: its content")
        if not any(call == "flush" and path == new.parent for call, path, _ in calls[number:]):
            found.append(f"{new.relative_to(below)}: its name")
    return found


@pytest.fixture
def home(tmp_path):
    return Home((tmp_path / "home").resolve())


def test_a_file_that_takes_anothers_place(tmp_path):
    target = tmp_path.resolve() / "note.json"
    with watched() as calls:
        write_json(target, {})
        write_file(target, b"{}")
        with replacing(target) as prepared:
            prepared.write_text("{}", encoding="utf-8")
    assert [what for what, *_ in calls] == ["flush", "rename", "flush"] * 3
    assert not_flushed(calls, target.parent) == []


def test_a_folder_that_takes_anothers_place(tmp_path):
    new, visible = tmp_path.resolve() / "new", tmp_path.resolve() / "visible"
    new.mkdir()
    with watched() as calls:
        switch_folder(new, visible, tmp_path / "aside")
    assert ("flush", visible.parent, visible.parent) in calls[-1:]


def test_a_published_version_with_its_file_and_its_manifest(home):
    with watched() as calls:
        publish_one(home, 1)
    assert not_flushed([call for call in calls if call[2] != home.published_file], home.serving) == []
    written = [path.name for what, path, _ in calls if what == "flush"]
    assert "rekindle.duckdb" in written


def test_a_switch_of_readers(home):
    for number in (1, 2):
        publish_one(home, number)
    with watched() as calls:
        rollback(home)
    renamed = calls.index(next(call for call in calls if call[2] == home.published_file))
    assert ("flush", home.serving, home.serving) in calls[renamed:]


def test_a_seal_with_every_file_in_it(home, tmp_path):
    [proposal] = proposals(warehouse(tmp_path))
    with watched() as calls:
        made = seal(home, proposal, **STAMPS)
    assert made.campaign_week == date(2025, 12, 29)
    assert not_flushed(calls, home.ledger) == []
    flushed = {path.name for what, path, _ in calls if what == "flush"}
    assert {"decisions.parquet", "touches.parquet", "manifest.json"} <= flushed
