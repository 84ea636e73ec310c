"""Writing so that a crash or a full disk leaves either the old or the new, never half of one.

Belongs here: fsync, atomic replacement of small files, fingerprints of files.
Does not: knowledge of what the files mean.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from orchestration.warehouse.lock import is_alive


def sync(path: Path) -> None:
    """Push a file's or a folder's content to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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


def write_json(target: Path, content: dict[str, Any]) -> None:
    """Write a small JSON file; readers see the former one or this one."""
    with replacing(target) as prepared:
        prepared.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def remove_unfinished(folder: Path) -> None:
    """Remove the unfinished files of processes that are gone."""
    for file in folder.glob(".*.*"):
        process = file.suffix[1:]
        if file.is_file() and process.isdigit() and not is_alive(int(process)):
            file.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
