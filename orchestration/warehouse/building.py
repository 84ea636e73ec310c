"""A part of a build: executed as dbt compiled it before, or by dbt itself where anything changed since.

Belongs here: choosing between the two, telling what becomes of each node in the same words.
Does not: either way itself (``kept_sql.py``, ``dbt.py``), making and auditing a build (``builds.py``).
Late imports: dbt takes seconds to import, and most builds never need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orchestration.files import write_json
from orchestration.project import DBT_PROJECT_DIR, Home
from orchestration.warehouse.builds import BUILD_COMMAND, OUTCOMES_FILE_NAME, Build, BuildFailed
from orchestration.warehouse.kept_seeds import take_seeds
from orchestration.warehouse.kept_sql import KeptSql, Outcome, execute, kept_sql

LOG_FILE_NAME = "build.log"

Begun = Callable[[str, int, int], None]
Ended = Callable[[Outcome], None]


def build_part(
    home: Home,
    build: Build,
    part: str,
    selection: tuple[str, ...],
    target_path: Path,
    *,
    with_seeds: bool,
    begun: Begun,
    ended: Ended,
    project_dir: Path = DBT_PROJECT_DIR,
) -> None:
    """Make a part of the project in a build's file, and ask its tests.

    Args:
        home: Where the sources are read from.
        build: The build; the parts before this one are made.
        part: Its name.
        selection: Which nodes it has, in dbt's words.
        target_path: Where it is noted what became of everything.
        with_seeds: Whether it is the part that begins the file, with every seed.
        begun: Called with name, number and total when a node begins, by the threads at work.
        ended: Called with what became of each model and test.
        project_dir: The dbt project.

    Raises:
        BuildFailed: Anything failed.
    """
    kept = kept_sql(part, project_dir)
    taken = take_seeds(build.file, kept.seeds, project_dir) if kept and with_seeds else {}
    if kept and (taken or not with_seeds):
        _execute(home, build, kept, taken, target_path, begun, ended)
        return
    from orchestration.warehouse.broken_rules import BrokenRules
    from orchestration.warehouse.dbt import invoke_dbt

    broken: BrokenRules = {}

    def tell(event: Any) -> None:
        data = event.data
        match event.info.name:
            case "LogStartLine":
                begun(data.node_info.node_name, data.index, data.total)
            case "LogModelResult" | "LogTestResult":
                name, told = data.node_info.unique_id, data.node_info.node_status
                failing = getattr(data, "num_failures", 0)
                ended(Outcome(name, told, data.execution_time, failing, broken.get(name, {})))

    invoke_dbt(
        [*BUILD_COMMAND, *selection],
        home=home,
        warehouse=build.file,
        target_path=target_path,
        on_event=tell,
        broken=broken,
        keeping=part,
        keeping_seeds=with_seeds,
        project_dir=project_dir,
    )


def _execute(
    home: Home,
    build: Build,
    kept: KeptSql,
    taken: Mapping[str, str],
    target_path: Path,
    begun: Begun,
    ended: Ended,
) -> None:
    target_path.mkdir(parents=True, exist_ok=True)
    nodes = {node.unique_id: node for node in kept.nodes}
    outcomes: dict[str, str] = dict(taken)
    warnings: dict[str, str] = {}
    failures: list[tuple[str, str]] = []
    log_file = target_path.parent / LOG_FILE_NAME
    with log_file.open("a", encoding="utf-8", buffering=1) as log:

        def note(outcome: Outcome) -> None:
            node = nodes[outcome.unique_id]
            outcomes[node.unique_id] = outcome.status
            log.write(f"{outcome.status:<7} {outcome.seconds:7.3f} s  {node.unique_id}\n")
            if outcome.status == "warn":
                warnings[node.name] = outcome.told()
            if outcome.status in {"error", "fail"}:
                failures.append((node.unique_id, outcome.told()))
                log.write(f"{outcome.told()}\n")
                (target_path / f"{node.unique_id}.sql").write_text(node.sql, "utf-8")
            ended(outcome)

        try:
            execute(kept.nodes, home, build.file, begun=begun, ended=note)
        finally:
            write_json(
                target_path / OUTCOMES_FILE_NAME,
                {**kept.outcomes, "outcomes": outcomes, "warnings": warnings},
            )
    if failures:
        raise BuildFailed(failures, log_file)
