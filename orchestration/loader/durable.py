"""Files that appear whole or not at all, and private folders.

Belongs here: write beside and rename, flushing to disk, file modes.
Does not: what the files hold.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from orchestration.core.errors import RekindleError


def write_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace a file in one step; a reader sees the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.writing")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(path)
    flush_folder(path.parent)


def flush_tree(folder: Path) -> None:
    """Force every file and folder below to disk, before a rename makes them visible."""
    for parent, _, names in os.walk(folder):
        for name in names:
            with (Path(parent) / name).open("rb") as stream:
                os.fsync(stream.fileno())
        flush_folder(Path(parent))


def flush_folder(folder: Path) -> None:
    """Force a folder's list of names to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def switch_folder(
    new: Path, visible: Path, set_aside: Path, rename: Callable[[Path, Path], None] = os.rename
) -> None:
    """Put a finished folder in its place with one rename; what stood there is first set aside.

    A crash between the two renames leaves the old folder set aside, from where the next load puts it back.
    """
    visible.parent.mkdir(parents=True, exist_ok=True)
    if visible.exists():
        set_aside.parent.mkdir(parents=True, exist_ok=True)
        rename(visible, set_aside)
    rename(new, visible)
    flush_folder(visible.parent)
    shutil.rmtree(set_aside, ignore_errors=True)


def private_folder(folder: Path) -> Path:
    """Make a folder only its owner may enter.

    Raises:
        RekindleError: It exists and others may enter.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        raise RekindleError(
            f"The folder {folder} holds contact details, and others than its owner may enter it.\n"
            f"Nothing was loaded. Close it with: chmod 700 {folder}"
        )
    return folder
