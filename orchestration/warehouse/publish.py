"""Publishing: an audited build becomes the version readers get, by one atomic step.

Belongs here: giving a build's file its place among the versions, its manifest, the order of the steps.
Does not: deciding whether a build is good (``builds.audit``), what happens later (``versions.py``).

The audited file itself is published: it gets a second name, and loses the first with the build's folder. No
row is copied; so both folders must lie in one file system.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import duckdb

from orchestration.core.errors import RekindleError
from orchestration.files import read_json, sha256_of, sync, write_json
from orchestration.project import Home
from orchestration.warehouse.asked_dates import note_published
from orchestration.warehouse.builds import Build, file_state
from orchestration.warehouse.connections import STORAGE_VERSION
from orchestration.warehouse.contents import faults_in_file
from orchestration.warehouse.public import bytes_by_room
from orchestration.warehouse.versions import (
    Manifest,
    NoSuchVersion,
    current_version,
    read_manifest,
    remove_old_versions,
    switch_to,
    verify_version,
    version_file,
    version_folder,
)


def publish(
    home: Home,
    build: Build,
    *,
    details: Callable[[], dict[str, Any]] = dict,
    whatever_its_date: bool = False,
) -> Manifest:
    """Write an audited build as a version, switch readers to it, remove versions no longer kept.

    Readers of a newer date stay where they are: they go back in time only where somebody asks for it. The
    caller holds the build lock. A crash anywhere leaves readers on the former version or on this one, and
    publishing again finishes the work.

    Args:
        home: The home.
        build: A build that passed :func:`~orchestration.warehouse.builds.audit`; its folder leaves.
        details: Gives anything worth keeping in the manifest, like seconds per step.
        whatever_its_date: Switch readers also to a date before the one they have.

    Raises:
        RekindleError: The build was not audited, or could not be written.
    """
    try:
        rows = _audited_rows(home, build)
        version_folder(home, build.build_id).parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(home)
        stays = not whatever_its_date and readers_are_newer(home, build)
        if version_folder(home, build.build_id).exists():
            manifest = _written_before(home, build, rows)
        else:
            manifest = _write_version(home, build, rows, details(), is_aside=stays)
        if not stays and current_version(home) != build.build_id:
            switch_to(home, build.build_id, "publication")
        note_published(home, build.as_of_date)
        remove_old_versions(home, written=build.build_id)
        # Out of sight first: whoever is killed while it leaves does not leave half a build behind.
        build.folder.rename(build.folder.with_name(f".{build.build_id}"))
        remove_leftovers(home)
    except (duckdb.Error, OSError) as error:
        raise RekindleError(
            f"build {build.build_id} could not be published: {error}\n"
            f"Readers keep version {current_version(home) or 'none'}. If the disk is full, free space; "
            "then publish again."
        ) from error
    return manifest


def readers_are_newer(home: Home, build: Build) -> bool:
    """Whether readers have a version of a later date than a build's."""
    current = current_version(home)
    try:
        return current is not None and read_manifest(home, current).as_of_date > build.as_of_date
    except NoSuchVersion:
        return False  # What they have cannot be read: any whole version is better.


def remove_leftovers(home: Home) -> None:
    """Remove what killed publications left half written or half removed. The caller holds the lock."""
    for leftover in (*(home.serving / "builds").glob(".*"), *home.builds.glob(".*")):
        shutil.rmtree(leftover, ignore_errors=True)


def _audited_rows(home: Home, build: Build) -> dict[str, int]:
    """Rows per relation as audited, if this very file was."""
    try:
        audited = read_json(build.audit_file, "Build again.")
    except FileNotFoundError:
        raise RekindleError(
            f"build {build.build_id} did not pass its audit ({build.audit_file} is missing): "
            "only a build whose tests all passed is published; build again. "
            f"Readers get {current_version(home) or 'nothing yet'}."
        ) from None
    if audited["build_id"] != build.build_id or audited["file"] != file_state(build.file):
        raise RekindleError(f"{build.file} was changed after its audit; build again")
    return audited["rows"]


def _written_before(home: Home, build: Build, rows: dict[str, int]) -> Manifest:
    """The version of this build that an interrupted publication had finished writing."""
    manifest = read_manifest(home, build.build_id)
    if (manifest.run_id, manifest.rows) != (build.run_id, rows):
        raise RekindleError(
            f"another build was published as {build.build_id} already, and versions never change; build again"
        )
    faults = verify_version(home, build.build_id)
    if faults:
        raise RekindleError(f"version {build.build_id} is damaged; build again: {'; '.join(faults)}")
    return manifest


def _write_version(
    home: Home, build: Build, rows: dict[str, int], details: dict[str, Any], *, is_aside: bool
) -> Manifest:
    """Make the version's folder under a hidden name, and give it its name when it is complete."""
    folder = version_folder(home, build.build_id)
    unfinished = folder.with_name(f".{build.build_id}")
    unfinished.mkdir()
    try:
        with closing(duckdb.connect(str(build.file), read_only=True)) as connection:
            room_bytes = bytes_by_room(connection)
        file = unfinished / version_file(home, build.build_id).name
        file.hardlink_to(build.file)
        faults = faults_in_file(file, rows, build)
        if faults:
            raise RekindleError(f"what would be published is not what was audited: {'; '.join(faults)}")
        sync(file)
        manifest = Manifest(
            build_id=build.build_id,
            run_id=build.run_id,
            as_of_date=build.as_of_date,
            as_of_dates=build.as_of_dates,
            code_version=build.code_version,
            published_at=datetime.now(UTC),
            replaces=current_version(home),
            storage_version=STORAGE_VERSION,
            duckdb_version=duckdb.__version__,
            bytes=file.stat().st_size,
            sha256=sha256_of(file),
            rows=rows,
            room_bytes=room_bytes,
            is_aside=is_aside,
            details=details,
        )
        write_json(unfinished / "manifest.json", manifest.as_json())
        for written in unfinished.iterdir():
            written.chmod(0o444)
        sync(unfinished)
        unfinished.rename(folder)
        sync(folder.parent)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return manifest
