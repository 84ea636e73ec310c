"""A build: its own folder, its own file, from nothing; audited before anybody may publish it.

Belongs here: making a build's folder, finding it again, auditing what dbt made.
Does not: what is sealed (``ledger.opening``), running dbt (``dbt.py``), publishing (``publish.py``).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import RekindleError
from orchestration.files import read_json, write_json
from orchestration.own_tables import provide_own_tables, write_own_table
from orchestration.project import (
    FORMER_FILE_NAME,
    WAREHOUSE_FILE_NAME,
    WORKING_FILE_NAME,
    Home,
    own_tables_beside,
)
from orchestration.warehouse.connections import attach_working, begin_file, lock_down
from orchestration.warehouse.contents import faults_in_dates
from orchestration.warehouse.history import history_of, whole_history, write_as_of_dates
from orchestration.warehouse.public import (
    PublicDocs,
    drop_private,
    faults_in_kept_dates,
    public_rows,
    take_newest,
    write_comments,
    write_without_free_blocks,
)
from orchestration.warehouse.versions import Version, current_version, list_versions

KEPT_BUILDS = 3
"""Builds that were not published and stay when another one starts: to be published yet, or for study."""

_PASSED = {"success", "pass", "warn", "no-op"}
OUTCOMES_FILE_NAME = "outcomes.json"
WARNINGS = "found by tests, and counted"
"""Key under which a manifest keeps :func:`warnings_of`, and what a summary calls it."""
SECONDS = "seconds per step"
"""Likewise of the steps that made a build, by their names in Dagster."""

BUILD_COMMAND = ("build", "--exclude-resource-type", "unit_test")
"""dbt's command for a build. Unit tests check the SQL on made-up rows, not the data: tests run them."""

_SHOWN_FAILURES = 10


class WhichBuild(RekindleError):
    """No build is meant, or more than one could be."""


class BuildFailed(RekindleError):
    """A model, a seed or a test did not succeed.

    Attributes:
        failures: Each of them with its message.
    """

    def __init__(self, failures: list[tuple[str, str]], log: Path) -> None:
        self.failures = failures
        lines = [f"  {name}: {' '.join(message.split())}" for name, message in failures[:_SHOWN_FAILURES]]
        if len(failures) > _SHOWN_FAILURES:
            lines.append(f"  ... and {len(failures) - _SHOWN_FAILURES} more")
        super().__init__(
            "the build did not succeed; nothing was published and the published version is as it was.\n"
            + "\n".join(lines)
            + f"\nWhat was done is in {log}, the SQL beside it in target/."
        )


class AlreadyPublished(WhichBuild):
    """The build that is meant does not wait any more: it is a version."""


@dataclass(frozen=True)
class Build:
    """One build, before it is published.

    Attributes:
        build_id: ``<as_of_date>-<first 8 hexadecimal digits of the run's id>``.
        as_of_date: The newest of the as-of dates.
        as_of_dates: All as-of dates asked for, oldest first.
        run_id: The run that made it.
        code_version: What :func:`~orchestration.warehouse.code_version.code_version` said.
        folder: Everything of this build; leaves with the publication.
        file: The DuckDB file that is made; once audited, what readers will get. Beside it lies another with
            the tables they do not get.
        target_path: The SQL dbt ran and what became of it; of the second and third part of a build made in
            parts, in ``scores_path`` and ``verdicts_path``.
    """

    build_id: str
    as_of_date: date
    as_of_dates: tuple[date, ...]
    run_id: str
    code_version: str
    folder: Path
    file: Path
    target_path: Path

    @property
    def own_tables(self) -> Path:
        """What this build is for and what it found, as source tables of dbt: as-of dates, sealed weeks."""
        return own_tables_beside(self.file)

    @property
    def scores_path(self) -> Path:
        """Dbt's artifacts of what is made of fits, where that was built by itself."""
        return self.folder / "target_scores"

    @property
    def verdicts_path(self) -> Path:
        """Dbt's artifacts of what is made of evaluated experiments, where that was built by itself."""
        return self.folder / "target_verdicts"

    @property
    def audit_file(self) -> Path:
        """Written by :func:`audit` when everything passed; without it nothing is published."""
        return self.folder / "audited.json"


def empty_build(
    home: Home, as_of_dates: Iterable[date], *, run_id: str, code_version: str, with_history: bool = False
) -> Build:
    """Make an empty folder for a new build and tell dbt its dates. The caller holds the build lock.

    Of former builds that were not published the newest stay (``KEPT_BUILDS``), this one among them.

    Args:
        home: The home.
        as_of_dates: The dates to make states for.
        run_id: The run that makes it.
        code_version: What :func:`~orchestration.warehouse.code_version.code_version` said.
        with_history: Decide past dates anew, also those that an earlier version tells of.

    Raises:
        RekindleError: No date was asked for.
    """
    dates = tuple(sorted(set(as_of_dates)))
    if not dates:
        raise RekindleError("no as-of date was asked for; a build needs at least one")
    build_id = f"{dates[-1]:%Y-%m-%d}-{run_id.replace('-', '')[:8]}"
    build = _build(home, build_id, dates, run_id, code_version)
    kept = [home.development_warehouse.parent, *_unpublished(home)[1 - KEPT_BUILDS :]]
    for former in home.builds.glob("*/"):
        if former not in kept or former == build.folder:
            shutil.rmtree(former)
    build.target_path.mkdir(parents=True)
    begin_file(build.folder / WORKING_FILE_NAME)
    write_json(
        build.folder / "build.json",
        {
            "build_id": build_id,
            "as_of_dates": [f"{day:%Y-%m-%d}" for day in dates],
            "run_id": run_id,
            "code_version": code_version,
        },
    )
    history = whole_history(dates, build_id) if with_history else history_of(home, dates, build_id)
    write_as_of_dates(build, history)
    if history.version:
        # A second name, which leaves with the build's folder: whatever becomes of that version meanwhile.
        (build.folder / FORMER_FILE_NAME).hardlink_to(history.version.file.resolve())
    stamp = {"build_id": build_id, "as_of_date": build.as_of_date, "code_version": code_version}
    write_own_table(build, "builds", [stamp])
    provide_own_tables(build)
    provide_own_tables(home)
    return build


def lend_to_development(home: Home, build: Build) -> None:
    """Give an engineer's own ``dbt build`` what a build is for: dates and who tells of them, seals, finds."""
    lent, told = own_tables_beside(home.development_warehouse), build.folder / FORMER_FILE_NAME
    shutil.rmtree(lent, ignore_errors=True)
    shutil.copytree(build.own_tables, lent)
    former = home.development_warehouse.with_name(FORMER_FILE_NAME)
    former.unlink(missing_ok=True)
    if told.exists():
        former.hardlink_to(told)


def unpublished_builds(home: Home) -> list[Build]:
    """Builds that were started and not published, oldest first."""
    found = []
    for folder in _unpublished(home):
        noted = read_json(folder / "build.json", f"Remove {folder}, then build again.")
        dates = tuple(date.fromisoformat(day) for day in noted["as_of_dates"])
        found.append(_build(home, folder.name, dates, noted["run_id"], noted["code_version"]))
    return found


def build_of_run(home: Home, run_id: str) -> Build | None:
    """The unpublished build of a run; None where the run made none."""
    return next((build for build in unpublished_builds(home) if build.run_id == run_id), None)


def waiting_build(home: Home, *, build_id: str | None = None, as_of_date: date | None = None) -> Build:
    """The one unpublished build that is meant.

    Several may lie side by side. Of those that fit, the audited ones go first; what is left must be one.

    Args:
        home: The home.
        build_id: Its name.
        as_of_date: Its newest as-of date.

    Raises:
        AlreadyPublished: None fits, and a version does; without a name, the one that readers get.
        WhichBuild: None fits, or several do; those that there are are named.
    """
    every = unpublished_builds(home)
    fitting = [
        build
        for build in every
        if build_id in (None, build.build_id) and as_of_date in (None, build.as_of_date)
    ]
    found = [build for build in fitting if build.audit_file.exists()] or fitting
    if len(found) == 1:
        return found[0]
    asked = "".join(f" {text}" for text in (build_id, as_of_date and f"as of {as_of_date}") if text)
    named = ", ".join(build.build_id for build in found or every) or "none"
    if not found and (version := _version_meant(home, build_id, as_of_date)):
        raise AlreadyPublished(
            f"{version.build_id} (as of {version.manifest.as_of_date}) is published; nothing waits to be."
            + ("" if version.current else f" Readers get {current_version(home)}.")
        )
    if not found:
        raise WhichBuild(
            f"{home.builds} has no unpublished build{asked} (there are: {named}); run a build first"
        )
    if not found[0].audit_file.exists():
        raise WhichBuild(
            f"no unpublished build{asked} passed its audit (there are: {named}); build again. "
            f"Readers get {current_version(home) or 'nothing yet'}."
        )
    raise WhichBuild(f"{home.builds} has several audited builds{asked}: {named}; name one with --build")


def _version_meant(home: Home, build_id: str | None, as_of_date: date | None) -> Version | None:
    """The newest version that fits; where neither is named, the one readers get."""
    return next(
        (
            version
            for version in list_versions(home)
            if build_id in (None, version.build_id)
            and as_of_date in (None, version.manifest.as_of_date)
            and (version.current or build_id or as_of_date)
        ),
        None,
    )


def audit(build: Build) -> dict[str, int]:
    """Check that a finished build has what publishing needs, and record that it passed.

    What became of everything is read from the build's folder: the whole project must have been built and
    no test failed. It must be of this build and of its days. The file becomes what readers get: tables that
    keep the newest date (``meta: keeps``) come in with it alone, what is not public leaves, the rest gets its
    comments. So it must be complete in itself: checkpointed, no ``.wal``, and every public table or view
    readable without any file outside.

    Returns:
        Rows per published table.

    Raises:
        RekindleError: Something is missing or failed.
    """
    build.audit_file.unlink(missing_ok=True)
    _check_outcomes(build)
    docs = public_docs(build)
    if not docs:
        raise RekindleError(f"nothing in {build.file} is public: there would be nothing to read")
    wal = build.file.with_name(build.file.name + ".wal")
    try:
        with duckdb.connect(str(build.file)) as connection:
            attach_working(connection, build.file, read_only=True)
            lock_down(connection, readable=[])
            take_newest(connection, docs, build.as_of_date)
            faults = [
                *faults_in_dates(connection, build.file, docs, build),
                *faults_in_kept_dates(connection, docs, build.as_of_date),
            ]
            if faults:
                told = [*faults, f"Nothing of it is published; build {build.as_of_date} anew"]
                raise RekindleError("\n".join(told))
            drop_private(connection, docs)
            rows = public_rows(connection, docs)
        write_without_free_blocks(build.file)
        with duckdb.connect(str(build.file)) as connection:
            lock_down(connection, readable=[])
            write_comments(connection, docs)
            connection.execute("checkpoint")
        if wal.exists():
            raise RekindleError(f"{wal} is still there after a checkpoint: the file needs it")
    except duckdb.Error as error:
        raise RekindleError(f"{build.file} cannot be read as a whole: {error}") from error
    write_json(build.audit_file, {"build_id": build.build_id, "file": file_state(build.file), "rows": rows})
    return rows


def warnings_of(build: Build) -> dict[str, str]:
    """What tests found that holds back no publication: by test, the rules and the rows that break them."""
    return {test: found for part in _noted(build) for test, found in part.get("warnings", {}).items()}


def file_state(file: Path) -> dict[str, int]:
    """Size and time of change of a file, and whether anything was written beside it.

    By these it is known whether it is still the one that was audited.
    """
    state, wal = file.stat(), file.with_name(f"{file.name}.wal")
    return {"bytes": state.st_size, "changed_ns": state.st_mtime_ns, "has_wal": wal.exists()}


def _build(home: Home, build_id: str, dates: tuple[date, ...], run_id: str, code_version: str) -> Build:
    folder = home.builds / build_id
    return Build(
        build_id=build_id,
        as_of_date=dates[-1],
        as_of_dates=dates,
        run_id=run_id,
        code_version=code_version,
        folder=folder,
        file=folder / WAREHOUSE_FILE_NAME,
        target_path=folder / "target",
    )


def _unpublished(home: Home) -> list[Path]:
    """Folders of builds that were started and not published, oldest first."""
    return sorted(
        (noted.parent for noted in home.builds.glob("[!.]*/build.json")),
        key=lambda folder: (folder / "build.json").stat().st_mtime_ns,
    )


def _noted(build: Build) -> list[dict[str, Any]]:
    """What is noted at the end of each part of a build."""
    parts = (build.scores_path, build.verdicts_path)
    paths = [build.target_path, *(part for part in parts if part.exists())]
    return [json.loads((path / OUTCOMES_FILE_NAME).read_text(encoding="utf-8")) for path in paths]


def _check_outcomes(build: Build) -> None:
    try:
        told = _noted(build)
    except (OSError, ValueError) as error:
        raise RekindleError(
            f"build {build.build_id} lacks what is noted of it at its end, in {build.target_path}: "
            "it did not finish; build again"
        ) from error
    outcomes = {node: status for part in told for node, status in part["outcomes"].items()}
    failed = [f"{node}: {status}" for node, status in outcomes.items() if status not in _PASSED]
    if failed:
        raise RekindleError(f"build {build.build_id} did not pass: {'; '.join(sorted(failed)[:10])}")
    never_ran = sorted(set(told[0]["expected"]) - set(outcomes))
    if never_ran:
        raise RekindleError(
            f"build {build.build_id} is not whole, only a whole `dbt build` can be published; never ran: "
            f"{', '.join(never_ran[:10])}{' ...' if len(never_ran) > 10 else ''}"
        )


def public_docs(build: Build) -> PublicDocs:
    """The public relations of a build, as dbt found them declared."""
    told = json.loads((build.target_path / OUTCOMES_FILE_NAME).read_text(encoding="utf-8"))
    return told["public"]
