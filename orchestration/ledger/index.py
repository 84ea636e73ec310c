"""The index of the ledger: every seal that was ever made, each line with the hash of the one before.

Belongs here: adding a seal, reading the index from its places, what of it a published version vouches for,
    seals that were noted and only lack their name.
Does not: the sealed files (``seals.py``).

A seal that is gone leaves no trace in its own folder; here it does. The index lies in two places, so that
neither folder can be lost or put back from an old copy unnoticed, and each published version names the
last line of its day. A line is added before the seal gets its name: whoever is killed between the two has
left a whole seal under a hidden name, which the next sealing or build brings out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestration.core.errors import RekindleError
from orchestration.files import read_json, sync, write_file
from orchestration.project import Home
from orchestration.warehouse.versions import list_versions

MANIFEST = "manifest.json"
VOUCHED = "seals"
"""What a published version's manifest keeps of the index, among its details."""
# What an erasure writes anew, and the registry of erasures explains.
_EXPLAINED = ("sha256", "erased")


@dataclass(frozen=True)
class Entry:
    """One seal, as it was made.

    Attributes:
        seal: Its folder below the ledger: campaign, week, version.
        manifest: SHA-256 of what its manifest says, apart from what an erasure changes.
        sha256: Of each of its files, by name.
        is_taken_over: Whether it was there before the index was.
    """

    seal: str
    manifest: str
    sha256: dict[str, str]
    is_taken_over: bool = False


def entry_of(seal: str, told: Mapping[str, Any], *, is_taken_over: bool = False) -> Entry:
    """What the index notes of a seal.

    Args:
        seal: Its folder below the ledger.
        told: What its manifest says.
        is_taken_over: Whether it was there before the index was.
    """
    own = {name: value for name, value in told.items() if name not in _EXPLAINED}
    return Entry(
        seal,
        hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest(),
        dict(told["sha256"]),
        is_taken_over,
    )


def read_index(home: Home) -> list[Entry] | None:
    """Every seal that was made, oldest first; None in a home from before there was an index.

    Raises:
        RekindleError: A place holds no whole index, the places contradict each other, or a published version
            vouches for more.
    """
    return _entries(_lines(home))


def add_to_index(home: Home, entries: list[Entry]) -> None:
    """Add seals at the end, and bring every place up to date. The caller holds the build lock."""
    lines = _lines(home) or []
    known = {each.seal: each for each in _entries(lines) or []}
    for entry in entries:
        if entry.seal not in known:
            former = _hash(lines[-1]) if lines else ""
            lines.append(json.dumps({**entry.__dict__, "former": former}, sort_keys=True))
        elif known[entry.seal] != entry:
            raise RekindleError(
                f"{entry.seal} was sealed before, with other content, and is gone; nothing was sealed. Bring "
                f"{home.ledger / entry.seal} back from a copy"
            )
    _write(home, lines)


def unnamed(home: Home, noted: list[Entry]) -> dict[str, Path]:
    """By noted seal, the whole folder that only lacks its name."""
    found = {}
    for entry in noted:
        folder = home.ledger / entry.seal
        for unfinished in () if folder.exists() else sorted(folder.parent.glob(f".{folder.name}.*")):
            try:
                told = read_json(unfinished / MANIFEST, "")
                is_whole = entry_of(entry.seal, told) == replace(entry, is_taken_over=False)
            except (OSError, KeyError, RekindleError):
                continue
            if is_whole:
                found[entry.seal] = unfinished
    return found


def give_name(unfinished: Path) -> None:
    """Let a whole seal be seen: ``.v1.4711`` becomes ``v1``."""
    unfinished.rename(unfinished.with_name(unfinished.name.split(".")[1]))
    sync(unfinished.parent)


def vouched(home: Home) -> dict[str, Any]:
    """What a version published now says of the index: how many seals it names, and the hash of the last."""
    lines = _lines(home) or []
    return {"number": len(lines), "last": _hash(lines[-1]) if lines else ""}


def _lines(home: Home) -> list[str] | None:
    """The lines of the index. A place that lacks the newest was not reached any more; the other has them."""
    found = {place: _lines_of(place) for place in home.seal_indexes}
    longest = max(found, key=lambda place: len(found[place]))
    for place, lines in found.items():
        if lines != found[longest][: len(lines)]:
            raise RekindleError(
                f"{place} and {longest} tell of different seals; nothing was done. One of them was put back "
                "or changed: bring the right one back from a copy, and remove the other"
            )
    lines = found[longest]
    for version in list_versions(home):
        told = version.manifest.details.get(VOUCHED) or {"number": 0}
        number = told["number"]
        if number and (len(lines) < number or _hash(lines[number - 1]) != told["last"]):
            raise RekindleError(
                f"version {version.build_id} was published when {number} seals were made, and "
                f"{' and '.join(map(str, home.seal_indexes))} do not hold them (they name {len(lines)}); "
                "nothing was done. Bring one of these files back from a copy, with the ledger"
            )
    return lines or None


def _lines_of(place: Path) -> list[str]:
    """The lines of one place, once each is found to follow the one before."""
    try:
        lines = place.read_bytes().decode("utf-8").splitlines()
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        lines = [""]
    former = ""
    for number, line in enumerate(lines, 1):
        try:
            told = json.loads(line)
            is_whole = told["former"] == former and _entry(told) is not None
        except (ValueError, TypeError, KeyError):
            is_whole = False
        if not is_whole:
            raise RekindleError(
                f"{place} is damaged in line {number}: it is not the list of seals that was written; nothing "
                "was done. Bring it back from a copy; it is also kept in the other of ledger/index.jsonl "
                "and serving/seals.jsonl: where that one is whole, remove this one, and it is written anew"
            )
        former = _hash(line)
    return lines


def _write(home: Home, lines: list[str]) -> None:
    for place in home.seal_indexes:
        if _lines_of(place) != lines:
            write_file(place, "".join(f"{line}\n" for line in lines).encode())


def _entries(lines: list[str] | None) -> list[Entry] | None:
    return None if lines is None else [_entry(json.loads(line)) for line in lines]


def _entry(told: dict[str, Any]) -> Entry:
    return Entry(**{name: value for name, value in told.items() if name != "former"})


def _hash(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()
