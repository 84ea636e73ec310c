"""dbt in this process: parsed once, run against one file, everything closed afterwards.

Belongs here: invoking dbt, keeping its parsed project, turning its failures into a clear error.
Does not: which file to build or what to do with it (``builds.py``), Dagster's view of it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import reset_adapters
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt.contracts.graph.manifest import Manifest
from dbt_common.events.base_types import BaseEvent, EventLevel, EventMsg
from dbt_common.events.event_manager import EventManager
from dbt_common.events.event_manager_client import (
    cleanup_event_logger,
    ctx_set_event_manager,
    get_event_manager,
)

from orchestration.definitions_files.seeds import check_readable
from orchestration.files import replacing, write_json
from orchestration.project import (
    DBT_PROJECT_DIR,
    HOME_VARIABLE,
    WAREHOUSE_FILE_NAME,
    WAREHOUSE_VARIABLE,
    Home,
)
from orchestration.warehouse.broken_rules import BrokenRules, broken_rules, told_rules
from orchestration.warehouse.builds import OUTCOMES_FILE_NAME, BuildFailed
from orchestration.warehouse.kept_seeds import keep_seeds, seeds_fingerprint, take_seeds
from orchestration.warehouse.kept_sql import files_fingerprint, keep_sql
from orchestration.warehouse.prepared import is_prepared, manifest_file

_BROKEN = {"fail", "warn"}
_FAILED = {"error", "fail", "runtime error", "partial success"}
_BUILT_TYPES = {"model", "seed", "snapshot", "test"}
_FIXED_FLAGS = (
    "--no-send-anonymous-usage-stats",
    "--no-use-colors",
    "--no-print",
    "--no-version-check",
    "--no-write-json",
    # dbt words even those lines that it then leaves out of its log: the log is written by `_run`.
    "--log-level=none",
    "--log-level-file=none",
)
_LOGGED = {"info", "warn", "error"}

_parsed: dict[Path, tuple[int, Manifest]] = {}


def invoke_dbt(
    arguments: list[str],
    *,
    home: Home,
    warehouse: Path,
    target_path: Path,
    manifest: Manifest | None = None,
    on_event: Callable[[EventMsg], None] | None = None,
    broken: BrokenRules | None = None,
    keeping: str = "",
    keeping_seeds: bool = False,
    project_dir: Path = DBT_PROJECT_DIR,
) -> dbtRunnerResult:
    """Run one dbt command in this process against one warehouse file.

    Afterwards nothing of it is open: the file has no ``.wal`` and any process may open it.

    Args:
        arguments: The command and its options, like ``["build"]``.
        home: Where the sources are read from.
        warehouse: The DuckDB file to write, named ``rekindle.duckdb``.
        target_path: Where dbt puts the SQL it ran, and with it what became of everything; the log goes to
            the folder above.
        manifest: A parsed project; without it the one kept by :func:`parsed_project` is used.
        on_event: Called with every event, from dbt's own threads. Nothing is printed.
        broken: Gets the broken rules of each failed test, before its event reaches ``on_event``.
        keeping: Name of the part of a build that the command makes, whose SQL is kept for the next build.
        keeping_seeds: Whether the command loads and tests every seed of the kept project, so that those of
            a former build may be copied instead where nothing about them changed.
        project_dir: The dbt project.

    Returns:
        dbt's result, which succeeded.

    Raises:
        BuildFailed: Anything failed.
    """
    target_path.mkdir(parents=True, exist_ok=True)
    files = files_fingerprint(project_dir) if keeping else ""
    taken, seeds = {}, ""
    if manifest is None:
        parsed = parsed_project(project_dir)
        # dbt writes into what it is given (compiled SQL, fixtures of unit tests): each run gets its own.
        manifest = parsed.deepcopy()
    if keeping_seeds:
        seeds = seeds_fingerprint(parsed)
        taken = take_seeds(warehouse, seeds, project_dir)
    if taken:
        arguments = [*arguments, "--exclude-resource-type", "seed"]
        for unique_id in taken:
            if manifest.nodes[unique_id].resource_type == "test":
                del manifest.nodes[unique_id]
    result = _run(
        arguments,
        project_dir=project_dir,
        environment={HOME_VARIABLE: str(home.root), WAREHOUSE_VARIABLE: str(warehouse)},
        target_path=target_path,
        log_path=target_path.parent,
        manifest=manifest,
        on_event=on_event,
        broken=broken,
        taken=taken,
    )
    try:
        if keeping_seeds and not taken and seeds_fingerprint(parsed) == seeds:
            keep_seeds(warehouse, parsed, _outcomes(result), seeds, project_dir)
        if keeping and files_fingerprint(project_dir) == files:
            outcomes = json.loads((target_path / OUTCOMES_FILE_NAME).read_text(encoding="utf-8"))
            keep_sql(keeping, manifest, outcomes, files=files, seeds=seeds, project_dir=project_dir)
    except OSError as error:
        # The build is made. In a project that may not be written, dbt makes the next one too.
        with (target_path.parent / "dbt.log").open("a", encoding="utf-8") as log:
            log.write(f"Not kept for the next build: {error}\n")
    return result


def prepare(project_dir: Path = DBT_PROJECT_DIR) -> Path:
    """Parse the project if its manifest is missing or older than any of its files.

    Returns:
        The manifest's path; what is there is always complete.

    Raises:
        InputFault: A seed is missing or no CSV; the former manifest stays.
        BuildFailed: The project cannot be parsed; the former manifest stays.
    """
    made = manifest_file(project_dir)
    if not is_prepared(project_dir):
        check_readable(project_dir.parent / "seeds")
        _parse(project_dir, anew=True)
    return made


def parsed_project(project_dir: Path = DBT_PROJECT_DIR) -> Manifest:
    """The parsed project, kept in memory for as long as its manifest file stays the same."""
    made = prepare(project_dir)
    kept = _parsed.get(project_dir)
    if kept is None or kept[0] != made.stat().st_mtime_ns:
        return _parse(project_dir)
    return kept[1]


def _parse(project_dir: Path, *, anew: bool = False) -> Manifest:
    """Parse the project.

    Args:
        project_dir: The dbt project.
        anew: Whether to parse every file and to put the manifest in place. Where something changed it must be
            so: dbt's partial parsing forgets what a changed file says about the singular tests in it that
            did not change. Where nothing did, dbt takes what it parsed before, and the manifest stays.
    """
    made = manifest_file(project_dir)
    # A folder apart, so that a reader of the manifest never meets one that is half written.
    own_target = made.parent / "prepared"
    own_target.mkdir(parents=True, exist_ok=True)
    with _alone(own_target / "parse.lock"):
        result = _run(
            ["parse", *(["--write-json", "--no-partial-parse"] if anew else [])],
            project_dir=project_dir,
            # Fixed values: other ones would make dbt parse everything again.
            environment={
                HOME_VARIABLE: str(own_target),
                WAREHOUSE_VARIABLE: str(own_target / WAREHOUSE_FILE_NAME),
            },
            target_path=own_target,
            log_path=own_target,
            manifest=None,
            on_event=None,
        )
        if anew:
            with replacing(made) as prepared:
                shutil.copyfile(own_target / "manifest.json", prepared)
        _parsed[project_dir] = (made.stat().st_mtime_ns, result.result)
    return result.result


@contextmanager
def _alone(lock_file: Path) -> Iterator[None]:
    """Waits until no other process is inside: two parsing into one folder spoil each other's files."""
    with lock_file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(
    arguments: list[str],
    *,
    project_dir: Path,
    environment: dict[str, str],
    target_path: Path,
    log_path: Path,
    manifest: Manifest | None,
    on_event: Callable[[EventMsg], None] | None,
    broken: BrokenRules | None = None,
    taken: Mapping[str, str] = MappingProxyType({}),
) -> dbtRunnerResult:
    broken = {} if broken is None else broken

    unheard: list[Exception] = []

    def heard(event: EventMsg) -> None:
        # Raised in a thread of dbt's own, a full disk would leave dbt waiting for that thread for ever.
        try:
            hear(event)
        except Exception as error:
            unheard.append(error)

    def hear(event: EventMsg) -> None:
        line = f"{event.info.ts.ToDatetime():%H:%M:%S} [{event.info.level:<5}] {event.info.msg}\n"
        log.write(line.encode())
        if event.info.name == "LogTestResult" and event.data.status in _BROKEN:
            # A unit test is no node of the manifest.
            test = manifest.nodes.get(event.data.node_info.unique_id)
            broken.update(broken_rules(test, manifest, DuckDBConnectionManager.env().handle()))
        if on_event is not None:
            on_event(event)

    places = {
        "--project-dir": project_dir,
        "--profiles-dir": project_dir,
        "--target-path": target_path,
        "--log-path": log_path,
    }
    options = [f"{option}={path.absolute()}" for option, path in places.items()]
    command, *rest = arguments
    ctx_set_event_manager(_ToldEvents())
    with (
        (log_path / "dbt.log").open("ab", buffering=0) as log,
        _environment(environment),
        _everything_closed(),
    ):
        result = dbtRunner(manifest=manifest, callbacks=[heard]).invoke(
            [command, *options, *_FIXED_FLAGS, *rest]
        )
    if manifest is not None:
        _write_outcomes(target_path / OUTCOMES_FILE_NAME, manifest, result, taken, broken)
    if result.exception is not None and not isinstance(result.exception, Exception):
        raise result.exception  # an interruption, which dbt's runner catches like any error
    if not result.success:
        raise BuildFailed(_failures(result, broken), log_path / "dbt.log")
    if unheard:
        raise unheard[0]
    return result


class _ToldEvents(EventManager):
    """dbt's events without those for its own developers, which cost a tenth of a build to put into words."""

    def fire_event(self, e: BaseEvent, level: EventLevel | None = None, *rest: Any, **options: Any) -> None:
        """Pass on what is logged."""
        if (level or e.level_tag()) in _LOGGED:
            super().fire_event(e, level, *rest, **options)


def _write_outcomes(
    file: Path, manifest: Manifest, result: dbtRunnerResult, taken: Mapping[str, str], broken: BrokenRules
) -> None:
    """What later steps ask: all that a whole build runs, what became of what this one ran, what is public.

    And which tests only warned, of how many rows.
    """
    expected = [
        *taken,
        *(
            node.unique_id
            for node in manifest.nodes.values()
            if node.resource_type in _BUILT_TYPES
            and node.config.materialized != "ephemeral"
            and node.unique_id not in taken
        ),
    ]
    outcomes = {**taken, **_outcomes(result)}
    public = {
        f"{node.schema}.{node.name}": {
            "comment": node.description,
            "columns": {name: column.description for name, column in node.columns.items()},
            "keeps": node.config.meta.get("keeps"),
        }
        for node in manifest.nodes.values()
        if node.resource_type in _BUILT_TYPES and node.config.meta.get("public")
    }
    warnings = {
        outcome.node.name: told_rules(broken.get(outcome.node.unique_id, {})) or outcome.message
        for outcome in getattr(result.result, "results", [])
        if outcome.status == "warn"
    }
    write_json(file, {"expected": expected, "outcomes": outcomes, "public": public, "warnings": warnings})


def _outcomes(result: dbtRunnerResult) -> dict[str, str]:
    """What became of each node that dbt ran."""
    return {outcome.node.unique_id: str(outcome.status) for outcome in getattr(result.result, "results", [])}


def _failures(result: dbtRunnerResult, broken: BrokenRules) -> list[tuple[str, str]]:
    if result.exception is not None:
        return [(type(result.exception).__name__, str(result.exception))]
    return [
        (
            outcome.node.unique_id,
            told_rules(broken.get(outcome.node.unique_id, {})) or outcome.message or outcome.status,
        )
        for outcome in getattr(result.result, "results", [])
        if outcome.status in _FAILED
    ]


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Set environment variables for the block, and restore what was there."""
    former = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _everything_closed() -> Iterator[None]:
    """Close what dbt keeps open for the life of a process: the DuckDB file, adapters, log files."""
    try:
        yield
    finally:
        open_file = DuckDBConnectionManager._ENV
        DuckDBConnectionManager.close_all_connections()
        if open_file is not None:
            open_file.close()
        reset_adapters()
        for logger in get_event_manager().loggers:
            for handler in logger._python_logger.handlers if logger._python_logger else []:
                handler.close()
        cleanup_event_logger()
