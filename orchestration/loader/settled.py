"""Whether a load would find anything to do: what it reads and writes is as it was when the last one ended.

Belongs here: one fingerprint of that, noted once a load found or left nothing to do.
Does not: loading (``loading.py``); which delivery is new or changed, which only a load can tell.

It errs on one side: a file that was touched, moved or restored makes the next load look at everything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from orchestration.core.errors import RekindleError
from orchestration.files import write_json
from orchestration.loader.records import FORMAT
from orchestration.loader.secret import read_secret
from orchestration.project import DBT_PROJECT_DIR, SEEDS_DIR, STAGING_DIR, Home

_NOTE = "settled.json"
_OWN = ("blocked_identifiers", "identity_decisions", "loads", "unreadable_consents")
"""Own tables that a load writes; the others change with every build."""


def note_settled(home: Home) -> None:
    """Note that a load has just ended with everything loaded. The caller holds the build lock."""
    write_json(_note(home), {"fingerprint": _fingerprint(home)})


def is_settled(home: Home) -> bool:
    """Whether everything delivered is loaded as it would be today, and nobody asked to be erased since."""
    try:
        noted = json.loads(_note(home).read_text(encoding="utf-8"))["fingerprint"]
        return noted == _fingerprint(home)
    except (OSError, ValueError, KeyError, TypeError, RekindleError):
        return False  # A load says what is wrong.


def _note(home: Home) -> Path:
    return home.loaded / _NOTE


def _fingerprint(home: Home) -> str:
    told = hashlib.sha256(f"{FORMAT} {read_secret(home).fingerprint}".encode())
    # What lies in the project is known by content: another installation of it has other times.
    project = DBT_PROJECT_DIR / "dbt_project.yml"
    for path in sorted([project, *STAGING_DIR.rglob("*.yml"), *_seeds()]):
        told.update(f"{path.name} ".encode())
        told.update(hashlib.sha256(path.read_bytes()).digest())
    for path in sorted(_of_the_home(home)):
        state = path.lstat()
        told.update(f"{path.relative_to(home.root)} {state.st_size} {state.st_mtime_ns} ".encode())
    return told.hexdigest()


def _seeds() -> Iterator[Path]:
    for folder in ("sources", "identity", "metrics"):
        yield from (SEEDS_DIR / folder).rglob("*.csv")


def _of_the_home(home: Home) -> Iterator[Path]:
    for folder in (home.landing, home.sources, home.identity, home.vault, home.quarantine, home.loaded):
        for path in folder.rglob("*"):
            if path != _note(home) and home.own_tables not in path.parents and not path.is_dir():
                yield path
    yield from (file for name in _OWN if (file := home.own_tables / f"{name}.parquet").exists())
