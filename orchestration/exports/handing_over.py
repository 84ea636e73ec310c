"""Copies for ``--out``: made once, beside the folder they become; what a kill leaves there is found again.

Belongs here: the copy, the note in the home that names it while it is made, removing what was left half-made.
Does not: what is exported (``writing.py``).

A copy is made outside the home, where nobody would look for contact details that a killed process left. So
the note is written first and leaves last.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from orchestration import files
from orchestration.core.errors import RekindleError
from orchestration.project import Home


def hand_over(home: Home, folder: Path, target: Path) -> None:
    """Copy a finished export, by one rename, in the run that made it and never again.

    Args:
        home: The home.
        folder: The export.
        target: Where to; not there yet.
    """
    # What others may enter there is theirs to say: some file systems know no owners.
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    files.write_json(_note(home), {"unfinished": str(unfinished)})
    try:
        unfinished.mkdir(mode=0o700)
        for file in folder.iterdir():
            shutil.copy(file, unfinished / file.name)
            files.sync(unfinished / file.name)
        files.sync(unfinished)
        unfinished.rename(target)
        files.sync(target.parent)
    finally:
        remove_unfinished(home)


def remove_unfinished(home: Home) -> None:
    """Remove what a killed export left: it may hold contact details, and nobody knows of it.

    A copy whose folder cannot be reached now, such as a stick that was pulled out, stays noted.
    """
    for left in left_behind(home):
        shutil.rmtree(left, ignore_errors=True)
    files.remove_unfinished(home.exports)
    unfinished = _noted(home)
    if unfinished and unfinished.parent.is_dir() and not unfinished.exists():
        _note(home).unlink()
        files.sync(home.exports)


def left_behind(home: Home) -> list[Path]:
    """Folders with contact details that a killed export left, in the home and where it copied to."""
    noted = _noted(home)
    return [*sorted(home.exports.glob(".unfinished*")), *([noted] if noted and noted.exists() else [])]


def refuse_unreachable(home: Home) -> None:
    """Stop a further copy while one that was killed cannot be removed.

    Raises:
        RekindleError: Its folder is not there, or it cannot be written.
    """
    noted = _noted(home)
    if noted:
        raise RekindleError(
            f"an export was killed while it copied to {noted}: contact details may lie there, and it could "
            "not be removed. Nothing was exported. Make the folder reachable and writable and export "
            f"again; where it is gone for good, remove {_note(home)}"
        )


def _note(home: Home) -> Path:
    return home.exports / ".handing_over.json"


def _noted(home: Home) -> Path | None:
    if not _note(home).exists():
        return None
    try:
        return Path(json.loads(_note(home).read_text(encoding="utf-8"))["unfinished"])
    except (OSError, ValueError, TypeError, KeyError):
        raise RekindleError(
            f"{_note(home)} cannot be read: it names a copy of an export that was killed, with contact "
            "details. Look for a folder with a dot before its name where --out wrote to, remove it, then "
            "this note"
        ) from None
