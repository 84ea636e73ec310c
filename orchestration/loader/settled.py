"""Whether a load would find anything to do: what it reads and writes is as it was when the last one ended.

Belongs here: one fingerprint of that, noted once a load found or left nothing to do.
Does not: loading (``loading.py``); which delivery is new or changed, which only a load can tell.

It errs on one side: a file that was touched, moved or restored makes the next load look at everything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from orchestration.core.errors import RekindleError
from orchestration.files import write_json
from orchestration.loader.records import FORMAT
from orchestration.loader.secret import read_secret
from orchestration.project import DBT_PROJECT_DIR, SEEDS_DIR, STAGING_DIR, Home

_NOTE = "settled.json"
_OWN = ("blocked_identifiers", "identity_decisions", "loads", "unreadable_consents")
"""Own tables that a load writes; the others change with every build."""


def what_is_read(home: Home) -> str:
    """Fingerprint of all that a load reads, to be taken before it begins: what arrives meanwhile is new."""
    told = hashlib.sha256(str(FORMAT).encode())
    # What lies in the project is known by content: another installation of it has other times.
    project = DBT_PROJECT_DIR / "dbt_project.yml"
    for path in sorted([project, *STAGING_DIR.rglob("*.yml"), *_seeds()]):
        told.update(f"{path.name} ".encode())
        told.update(hashlib.sha256(path.read_bytes()).digest())
    for folder in (home.landing, home.sources, home.identity, home.erasures / "open"):
        told.update(_told(home, folder.rglob("*")))
    return told.hexdigest()


def note_settled(home: Home, read: str) -> None:
    """Note that a load has just ended with everything loaded. The caller holds the build lock.

    Args:
        home: The home.
        read: What :func:`what_is_read` said before the load began.
    """
    write_json(_note(home), {"read": read, "written": _what_is_written(home)})


def is_settled(home: Home) -> bool:
    """Whether everything delivered is loaded as it would be today, and nobody asked to be erased since."""
    try:
        noted = json.loads(_note(home).read_text(encoding="utf-8"))
        return noted == {"read": what_is_read(home), "written": _what_is_written(home)} and not any(
            # Whatever lies behind a link is not looked at here.
            path.is_symlink()
            for path in [home.landing, *home.landing.rglob("*")]
        )
    except (OSError, ValueError, KeyError, TypeError, RekindleError):
        return False  # A load says what is wrong.


def _note(home: Home) -> Path:
    return home.loaded / _NOTE


def _what_is_written(home: Home) -> str:
    """Fingerprint of all that a load writes, and of the secret it wrote it under."""
    told = hashlib.sha256(read_secret(home).fingerprint.encode())
    own = [file for name in _OWN if (file := home.own_tables / f"{name}.parquet").exists()]
    for folder in (home.vault / "contacts", home.quarantine, home.loaded):
        kept = (path for path in folder.rglob("*") if home.own_tables not in (path, *path.parents))
        told.update(_told(home, (path for path in kept if path != _note(home))))
    told.update(_told(home, own))
    return told.hexdigest()


def _told(home: Home, paths: Iterable[Path]) -> bytes:
    """Names of files and folders, with size and times of files."""
    lines = []
    for path in sorted(paths):
        state = path.lstat()
        times = f" {state.st_size} {state.st_mtime_ns} {state.st_ctime_ns}" if not path.is_dir() else ""
        lines.append(f"{path.relative_to(home.root)}{times}")
    return "\n".join(lines).encode()


def _seeds() -> Iterator[Path]:
    for folder in ("sources", "identity", "metrics"):
        yield from (SEEDS_DIR / folder).rglob("*.csv")
