"""Published versions: which there are, which one readers get, going back, checking them, opening one.

Belongs here: the manifest of a version, the link, rollback, verify, read-only connections.
Does not: writing a version (``publish.py``), what a file holds (``contents.py``).
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import RekindleError
from orchestration.files import sha256_of, sync
from orchestration.project import Home
from orchestration.warehouse.connections import connect_read_only
from orchestration.warehouse.contents import faults_in_file

KEPT_VERSIONS = 3
ROOM_HEADINGS = ("room", "tables and views", "rows", "bytes")
"""What :meth:`Manifest.rooms` tells."""


class NoSuchVersion(RekindleError):
    """A version was asked for that is not there."""


@dataclass(frozen=True)
class Manifest:
    """What a published version says about itself, in ``manifest.json`` beside its file.

    Attributes:
        build_id: The build, and the name of the version's folder.
        run_id: The run that built it.
        as_of_date: The newest as-of date.
        as_of_dates: All as-of dates, oldest first.
        code_version: The project's commit.
        published_at: When it was written, UTC.
        replaces: The version readers had before; where ``rollback`` goes. None for the first.
        storage_version: DuckDB's storage format of the file.
        duckdb_version: The DuckDB that wrote it.
        bytes: Size of the file.
        sha256: Fingerprint of the file.
        rows: Rows per table or view, ``{"core.dim_member": 20000, ...}``.
        room_bytes: What the tables of each room take up in the file; empty for one of an earlier version.
        is_aside: Whether readers stayed on a version of a newer date when this one was written.
        details: Whatever the publisher wanted to keep with it.
    """

    build_id: str
    run_id: str
    as_of_date: date
    as_of_dates: tuple[date, ...]
    code_version: str
    published_at: datetime
    replaces: str | None
    storage_version: str
    duckdb_version: str
    bytes: int
    sha256: str
    rows: dict[str, int]
    room_bytes: dict[str, int] = field(default_factory=dict)
    is_aside: bool = False
    details: dict[str, Any] = field(default_factory=dict)

    def rooms(self) -> list[tuple[str, int, int, int]]:
        """Of each room its name, how many tables and views it has, their rows, bytes of its tables."""
        relations = [(name.partition(".")[0], rows) for name, rows in self.rows.items()]
        held = {room: [rows for of, rows in relations if of == room] for room, _ in sorted(relations)}
        return [(room, len(rows), sum(rows), self.room_bytes.get(room, 0)) for room, rows in held.items()]

    def as_json(self) -> dict[str, Any]:
        """The manifest as it is written."""
        return asdict(self) | {
            "as_of_date": f"{self.as_of_date:%Y-%m-%d}",
            "as_of_dates": [f"{day:%Y-%m-%d}" for day in self.as_of_dates],
            "published_at": self.published_at.isoformat(),
        }

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Manifest:
        """The manifest from what was written."""
        return cls(
            **content
            | {
                "as_of_date": date.fromisoformat(content["as_of_date"]),
                "as_of_dates": tuple(date.fromisoformat(day) for day in content["as_of_dates"]),
                "published_at": datetime.fromisoformat(content["published_at"]),
            }
        )


@dataclass(frozen=True)
class Version:
    """A published version that is kept.

    Attributes:
        manifest: What it says about itself.
        file: Its DuckDB file.
        current: Whether readers get this one.
    """

    manifest: Manifest
    file: Path
    current: bool

    @property
    def build_id(self) -> str:
        """The build it came from."""
        return self.manifest.build_id


def told_aside(manifest: Manifest, current: str | None) -> str:
    """That readers stayed where they were, and how they get a version all the same."""
    return (
        f"{manifest.build_id} (as of {manifest.as_of_date}) is kept beside; readers stay with {current},\n"
        f"which is of a later date. To switch: rekindle rollback --to {manifest.build_id}"
    )


def version_folder(home: Home, build_id: str) -> Path:
    """Where a version lies, once published."""
    return home.serving / "builds" / build_id


def version_file(home: Home, build_id: str) -> Path:
    """A version's DuckDB file; its stem is the catalog's name, so it is the same for all."""
    return version_folder(home, build_id) / home.published_file.name


def read_manifest(home: Home, build_id: str) -> Manifest:
    """The manifest of a version.

    Raises:
        NoSuchVersion: There is none, or it cannot be read.
    """
    path = version_folder(home, build_id) / "manifest.json"
    try:
        return Manifest.from_json(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        kept = ", ".join(_version_ids(home)) or "none"
        raise NoSuchVersion(f"{home.serving} has no version {build_id}; kept are: {kept}") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NoSuchVersion(f"{path} cannot be read ({error}); roll back to another version") from error


def current_version(home: Home) -> str | None:
    """The build id of the version readers get, or None before the first publication."""
    link = home.published_file
    return link.readlink().parent.name if link.is_symlink() else None


def list_versions(home: Home) -> list[Version]:
    """The kept versions whose manifest can be read, newest first."""
    current = current_version(home)
    versions = []
    for build_id in _version_ids(home):
        try:
            manifest = read_manifest(home, build_id)
        except NoSuchVersion:
            continue
        versions.append(Version(manifest, version_file(home, build_id), build_id == current))
    return sorted(versions, key=lambda version: version.manifest.published_at, reverse=True)


def switch_to(home: Home, build_id: str, because: str) -> None:
    """Give readers this version, in one step; and note who did it in ``serving/switches.jsonl``.

    A relative link, so that a home can be moved. The caller holds the build lock.
    """
    former = current_version(home)
    prepared = home.published_file.with_name(f".{home.published_file.name}.next")
    prepared.unlink(missing_ok=True)  # of a switch that was killed
    prepared.symlink_to(version_file(home, build_id).relative_to(home.serving))
    prepared.replace(home.published_file)
    sync(home.serving)
    note = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "current": build_id,
        "former": former,
        "because": because,
        "user_id": os.getuid(),
    }
    with (home.serving / "switches.jsonl").open("a", encoding="utf-8") as notes:
        notes.write(json.dumps(note) + "\n")


def rollback(home: Home, to: str | None = None) -> Manifest:
    """Give readers an earlier version. The caller holds the build lock.

    Args:
        home: The home.
        to: A kept version's build id; without it the one that the current version replaced, so that
            going back twice goes two versions back and never forward to one already left.

    Returns:
        The manifest of the version readers get now.

    Raises:
        NoSuchVersion: There is no such version, or it is not whole; readers keep the one they have.
    """
    current = current_version(home)
    if current is None:
        raise NoSuchVersion(f"{home.serving} has no published version yet; there is nothing to roll back to")
    kept = _version_ids(home)
    target = to or read_manifest(home, current).replaces
    if target is None or (to is None and target not in kept):
        others = ", ".join(sorted(set(kept) - {current})) or "none"
        raise NoSuchVersion(f"the version before {current} is not kept (others that are: {others}); name one")
    manifest = read_manifest(home, target)
    faults = verify_version(home, target)
    if faults:
        raise NoSuchVersion(f"version {target} is damaged, so {current} stays: {'; '.join(faults)}")
    if target != current:
        switch_to(home, target, "rollback")
    return manifest


def verify(home: Home, build_id: str | None = None) -> list[str]:
    """Compare a published version with its manifest.

    Args:
        home: The home.
        build_id: A kept version; without it the link and the version it points to are checked.

    Returns:
        The faults found; empty when all is well.
    """
    if build_id is not None:
        return verify_version(home, build_id)
    link = home.published_file
    current = current_version(home)
    if current is None and link.exists():
        return [f"{link} is a file of its own, not the link to a version; publish again"]
    if current is None:
        return [f"nothing is published: {link} is missing"]
    if link.readlink() != version_file(home, current).relative_to(home.serving):
        return [f"{link} points to {link.readlink()}, which is no version; roll back to one"]
    if not link.exists():
        return [f"{link} points to {link.readlink()}, which is missing; roll back to a kept version"]
    return verify_version(home, current)


def verify_version(home: Home, build_id: str) -> list[str]:
    """The faults of one version's folder."""
    try:
        manifest = read_manifest(home, build_id)
    except NoSuchVersion as error:
        return [str(error)]
    file = version_file(home, build_id)
    if not file.exists():
        return [f"{file} is missing"]
    faults = []
    if manifest.build_id != build_id:
        faults.append(f"the manifest of {build_id} is that of {manifest.build_id}")
    if file.with_name(file.name + ".wal").exists():
        faults.append(f"{file.name}.wal lies beside {file}: somebody wrote into a published version")
    if file.stat().st_size != manifest.bytes:
        faults.append(f"{file} has {file.stat().st_size} bytes; its manifest says {manifest.bytes}")
    if sha256_of(file) != manifest.sha256:
        faults.append(f"the content of {file} is not what was published (sha256 differs)")
    return faults + faults_in_file(file, manifest.rows, manifest)


def connect_published(home: Home) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the published version; it stays on that version while it is open.

    Raises:
        NoSuchVersion: Nothing is published, or its file cannot be opened.
    """
    while True:
        try:
            file = home.published_file.resolve(strict=True)
        except (OSError, RuntimeError):  # a link that leads to itself is the latter
            raise NoSuchVersion(
                f"{home.published_file} does not lead to a published version; build and publish first"
            ) from None
        try:
            return connect_read_only(file)
        except duckdb.Error as error:
            # Between resolving and opening, publications may have moved on and removed that version.
            if home.published_file.resolve() == file:
                raise NoSuchVersion(f"{file} cannot be opened: {error}") from error


def remove_old_versions(home: Home, written: str | None = None) -> list[str]:
    """Keep three versions: the current one, those it replaced, then the newest others.

    As many stay besides of those that readers were not given, for being of an older date.

    Args:
        home: The home.
        written: One that was just written: it stays whatever the clock said then.

    Returns:
        The build ids removed.
    """
    versions = {version.build_id: version for version in list_versions(home)}
    kept: list[str] = []
    following = current_version(home)
    while following in versions and following not in kept:
        kept.append(following)
        following = versions[following].manifest.replaces
    others = [version for version in versions.values() if version.build_id not in kept]
    kept += [version.build_id for version in others if not version.manifest.is_aside]
    aside = [version.build_id for version in others if version.manifest.is_aside]
    aside.sort(key=lambda build_id: build_id != written)
    removed = kept[KEPT_VERSIONS:] + aside[KEPT_VERSIONS:]
    for build_id in removed:
        remove_version(home, build_id)
    return removed


def remove_version(home: Home, build_id: str) -> None:
    """Remove a version that readers do not get."""
    # Out of sight first: a version is there as a whole or not at all.
    leaving = version_folder(home, build_id).with_name(f".{build_id}")
    version_folder(home, build_id).rename(leaving)
    shutil.rmtree(leaving, ignore_errors=True)


def _version_ids(home: Home) -> list[str]:
    """Folders of versions; unfinished ones are hidden."""
    builds = home.serving / "builds"
    return sorted(folder.name for folder in builds.glob("[!.]*")) if builds.exists() else []
