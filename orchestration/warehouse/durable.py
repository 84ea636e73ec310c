"""Writing so that a crash or a full disk leaves either the old or the new, never half of one.

Belongs here: fsync, atomic replacement of small files, fingerprints of files.
Does not: knowledge of what the files mean.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any


def sync(path: Path) -> None:
    """Push a file's or a folder's content to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(prepared: Path, target: Path) -> None:
    """Put a finished file, written in the same folder, in the place of ``target`` in one step."""
    sync(prepared)
    prepared.replace(target)
    sync(target.parent)


def write_json(target: Path, content: dict[str, Any]) -> None:
    """Write a small JSON file; readers see the former one or this one."""
    prepared = hidden_beside(target)
    try:
        prepared.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        replace_file(prepared, target)
    finally:
        prepared.unlink(missing_ok=True)


def hidden_beside(target: Path) -> Path:
    """A name for this process's unfinished copy of ``target``, which no glob of readers matches."""
    return target.with_name(f".{target.name}.{os.getpid()}")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
