"""What is known of erasures: requests that wait, the one under way, fingerprints of what was erased.

Belongs here: those three as small files in the vault, and the numbers that tell of them.
Does not: removing anything or finding records (orchestration.erasing).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from orchestration.core.errors import InputFault, RekindleError
from orchestration.core.summary import counted
from orchestration.files import read_json, remove_unfinished, replacing, sync, write_json
from orchestration.project import Home

_FROM_A_COPY = "Bring it back from a copy of the vault: nothing else says who is to be erased, or was."

Record = tuple[str, str, str]
"""Source, system and member number."""


@dataclass(frozen=True)
class Request:
    """One person who is to be erased: a member record, or what identifies it.

    Attributes:
        source: Source of the record.
        system: Its system; empty where an identifier is given.
        member_id: Its number there.
        kind: Kind of identifier (phone, email, union_id, card).
        pseudonym: Its keyed hash; the value itself is not kept.
        secret: Fingerprint of the secret it was hashed under.
        fault: Why the last attempt could not find out who is meant.
    """

    source: str
    system: str = ""
    member_id: str = ""
    kind: str = ""
    pseudonym: str = ""
    secret: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Erasure:
    """The erasure under way, from the moment its records are known until no published version holds them.

    Attributes:
        records: Member records to remove.
        touches: Their planned touches in the ledger.
        requests: Requests it answers, by name.
        is_purged: Whether everything but published versions is free of them.
        given_up: Files that could not be searched and that a person gave up on, each with the reason.
    """

    records: tuple[Record, ...]
    touches: tuple[str, ...]
    requests: tuple[str, ...]
    is_purged: bool = False
    given_up: tuple[tuple[str, str], ...] = ()

    @property
    def keys(self) -> frozenset[int]:
        """The records' keys."""
        return frozenset(record_key(*record) for record in self.records)


@dataclass
class Registry:
    """What stays after an erasure.

    Attributes:
        fingerprints: Keyed hashes of the records erased; one delivered again is erased again.
        done: Per erasure its requests, records, the build readers had then and files given up by hand.
        sealed: SHA-256 of the ledger's files since rows of theirs were erased, by folder and name.
    """

    fingerprints: list[str] = field(default_factory=list)
    done: list[dict[str, Any]] = field(default_factory=list)
    sealed: dict[str, dict[str, str]] = field(default_factory=dict)


def record_key(source: str, system: str, member_id: str) -> int:
    """The key int_identity__records gives a record: 60 bits of md5."""
    text = f"{source}:{system}:{member_id}"
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:15], 16)


def fingerprint(home: Home, record: Record) -> str:
    """The keyed hash of a record; its key is another than that of pseudonyms, and stays when that changes."""
    file = _folder(home) / "key"
    if not file.exists():
        if read_registry(home).fingerprints:
            raise RekindleError(
                f"{file} is gone: without it nobody who was erased is known when delivered again. Nothing "
                "was loaded or erased. Bring it back from a backup of the vault; where there is none, empty "
                "the list `fingerprints` in registry.json beside it, and they count as new people"
            )
        with replacing(file) as prepared:
            prepared.touch(mode=0o600)
            prepared.write_text(secrets.token_hex(32), encoding="utf-8")
    key = file.read_text(encoding="utf-8").encode()
    return hmac.new(key, ":".join(record).encode(), hashlib.sha256).hexdigest()


def ask(home: Home, request: Request) -> str:
    """Keep a request until it is carried out; returns its name."""
    name = uuid4().hex
    write_json(_folder(home, "open") / f"{name}.json", asdict(request))
    return name


def open_requests(home: Home) -> dict[str, Request]:
    """The requests nobody has carried out yet, by name."""
    return {
        file.stem: Request(**read_json(file, _FROM_A_COPY))
        for file in sorted((home.erasures / "open").glob("*.json"))
    }


def note_fault(home: Home, name: str, request: Request) -> None:
    """Keep with a request why nobody could be found."""
    write_json(_folder(home, "open") / f"{name}.json", asdict(request))


def answer_with_nobody(home: Home, name: str) -> None:
    """Close a request that leads to nobody: nothing of such a person is here."""
    registry = read_registry(home)
    registry.done.append({"requests": 1, "records": 0, "build_id": ""})
    write_registry(home, registry)
    (home.erasures / "open" / f"{name}.json").unlink()


def withdraw(home: Home) -> int:
    """Drop the requests that could not be carried out; returns how many."""
    faulty = [name for name, request in open_requests(home).items() if request.fault]
    for name in faulty:
        (home.erasures / "open" / f"{name}.json").unlink()
    return len(faulty)


def under_way(home: Home) -> Erasure | None:
    """The erasure that was begun and whose records may still stand in a published version."""
    file = home.erasures / "under_way.json"
    if not file.exists():
        return None
    noted = read_json(file, _FROM_A_COPY)
    return Erasure(
        tuple((source, system, member) for source, system, member in noted["records"]),
        tuple(noted["touches"]),
        tuple(noted["requests"]),
        noted["is_purged"],
        tuple((given_up, reason) for given_up, reason in noted.get("given_up", [])),
    )


def begin(home: Home, erasure: Erasure) -> None:
    """Note what is about to be removed, or that it is: whoever comes next goes on from there."""
    write_json(_folder(home) / "under_way.json", asdict(erasure))


def give_up(home: Home, file: str, reason: str) -> None:
    """Let the erasure under way end though a file could not be searched. The caller holds the build lock.

    Args:
        home: The home.
        file: Its path, as the refusal of the erasure names it.
        reason: Why nothing else could be done.

    Raises:
        InputFault: There is no such file, no reason, or no erasure that could wait for it.
    """
    erasure = under_way(home)
    inside = os.path.relpath(home.root / file, home.root)
    if erasure is None or erasure.is_purged:
        raise InputFault("no erasure waits for a file; nothing was given up")
    if inside.startswith("..") or not os.path.lexists(home.root / inside):
        raise InputFault(f"{home.root} has no {file}; name it as the erasure does. Nothing was given up")
    if not reason.strip():
        raise InputFault("a file is given up with a reason: --reason WHY. Nothing was given up")
    others = tuple(each for each in erasure.given_up if each[0] != inside)
    begin(home, replace(erasure, given_up=(*others, (inside, reason.strip()))))


def end(home: Home, erasure: Erasure, build_id: str) -> None:
    """Say that nothing of it stands anywhere any more."""
    registry = read_registry(home)
    told: dict[str, Any] = {
        "requests": len(erasure.requests), "records": len(erasure.records), "build_id": build_id
    }  # fmt: skip
    if erasure.given_up:
        told["given_up"] = [list(each) for each in erasure.given_up]
    if told not in registry.done[-1:]:
        registry.done.append(told)
        write_registry(home, registry)
    for name in erasure.requests:
        (home.erasures / "open" / f"{name}.json").unlink(missing_ok=True)
    (home.erasures / "under_way.json").unlink()
    sync(home.erasures)


def forget_half_requests(home: Home) -> None:
    """Remove requests that somebody was killed while writing: they too name who is to be erased."""
    remove_unfinished(home.erasures / "open")


def read_registry(home: Home) -> Registry:
    """What stays of former erasures."""
    file = home.erasures / "registry.json"
    return Registry(**read_json(file, _FROM_A_COPY)) if file.exists() else Registry()


def write_registry(home: Home, registry: Registry) -> None:
    """Keep the registry, in one step."""
    write_json(_folder(home) / "registry.json", asdict(registry))


def refuse_unfinished(home: Home, doing: str) -> None:
    """Stop what may not happen while somebody waits to be erased.

    Raises:
        RekindleError: A request is open or an erasure is under way.
    """
    waiting = len(open_requests(home))
    if waiting or under_way(home):
        raise RekindleError(
            f"{home.root} has {counted(waiting, 'open request')} of erasure, or one half done; "
            f"nothing was {doing}. `rekindle run` carries them out; "
            "`rekindle status` says what it could not find"
        )


def _folder(home: Home, *parts: str) -> Path:
    folder = home.erasures.joinpath(*parts)
    for each in (home.vault, home.erasures, folder):
        each.mkdir(mode=0o700, exist_ok=True)
    return folder
