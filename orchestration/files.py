"""Files that appear whole or not at all: a crash or a full disk leaves the old or the new, never half of one.

Belongs here: writing beside and renaming, flushing to disk, private folders, fingerprints of files, small
    JSON files, paths as DuckDB takes them literally.
Does not: what the files hold.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestration.core.errors import RekindleError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Where to write the new content of a file, which takes the place of ``target`` when the block ends well.

    Readers see the former file or the new one. What processes that were killed left unfinished beside it is
    removed.
    """
    remove_unfinished(target.parent)
    prepared = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        yield prepared
        sync(prepared)
        prepared.replace(target)
        sync(target.parent)
    finally:
        prepared.unlink(missing_ok=True)


def write_file(target: Path, content: bytes, mode: int = 0o644) -> None:
    """Replace a file in one step, its folder made where there is none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as prepared:
        prepared.touch(mode)
        prepared.write_bytes(content)


def write_if_changed(target: Path, content: bytes) -> None:
    """Replace a file, unless it has this content already: then nothing needs to reach the disk."""
    if not target.exists() or target.read_bytes() != content:
        write_file(target, content)


def write_json(target: Path, content: dict[str, Any]) -> None:
    """Write a small JSON file; readers see the former one or this one."""
    with replacing(target) as prepared:
        prepared.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(file: Path, advice: str) -> dict[str, Any]:
    """The content of a small JSON file.

    Args:
        file: The file.
        advice: What to do where it is damaged, as a sentence.

    Raises:
        FileNotFoundError: It is not there.
        RekindleError: It is cut, or holds something else.
    """
    try:
        content = json.loads(file.read_bytes())
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise RekindleError(f"{file} is damaged: it is no whole JSON object. {advice}")
    return content


def remove_unfinished(folder: Path) -> None:
    """Remove the unfinished files of processes that are gone."""
    for file in folder.glob(".*.*"):
        process = file.suffix[1:]
        if file.is_file() and process.isdigit() and not is_alive(int(process)):
            file.unlink(missing_ok=True)


def is_alive(process: int) -> bool:
    """Whether there is a process of this number, whoever's it is."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def sync(path: Path) -> None:
    """Push a file's content or a folder's list of names to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def flush_tree(folder: Path) -> None:
    """Push every file and folder below to the disk, before a rename makes them visible."""
    for parent, _, names in os.walk(folder):
        for name in names:
            sync(Path(parent) / name)
        sync(Path(parent))


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
    sync(visible.parent)
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
            f"Nothing was written there. Close it with: chmod 700 {folder}"
        )
    return folder


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def exact_path(path: Path | str) -> str:
    """A path that means this one file or folder wherever DuckDB reads a pattern, as all its readers do."""
    return re.sub(r"[*?[]", r"[\g<0>]", str(path))
