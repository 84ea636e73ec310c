"""SQL that did not change: compiled and checked by dbt once, then executed by every build.

Belongs here: keeping what dbt compiled of a part of the project, whether it is still what the files say,
    executing it in the order dbt would.
Does not: compiling (dbt), seeds (``kept_seeds.py``), which of the two a build goes through (``building.py``).

What dbt compiles depends on the files of the project alone: paths are variables of the connection, and what
macros ask of relations while they compile (the rules of tags) they ask of ones made from seeds. So dbt itself
is needed, with contracts held, by the first build after a change and by whoever changes something.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from graphlib import TopologicalSorter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from orchestration.core.summary import counted
from orchestration.files import write_json
from orchestration.project import DBT_PROJECT_DIR, Home
from orchestration.warehouse.broken_rules import told_rules
from orchestration.warehouse.connections import build_settings, lock_to_sources, tell_sources
from orchestration.warehouse.public import lies_whole
from orchestration.warehouse.told import attach_told, with_what_was_told

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

THREADS = 2
"""Models at work at once, as in ``profiles.yml``."""

_FOLDERS = ("models", "macros", "tests")


@dataclass(frozen=True)
class Node:
    """A model or a data test as dbt compiled it.

    Attributes:
        unique_id: dbt's name of it.
        name: Its own.
        schema: Where a model lies.
        is_test: Whether it asks for rows that break something.
        after: What must have succeeded before: what it reads, and the tests of what a model reads.
        sql: The statement; of a test the query that answers with failures, and whether to warn or to fail.
        rules: Of a ``rules`` test, the query for its broken rules.
        only_warns: Of a test, whether it never fails a build.
    """

    unique_id: str
    name: str
    schema: str
    is_test: bool
    after: tuple[str, ...]
    sql: str
    rules: str = ""
    only_warns: bool = False


@dataclass(frozen=True)
class KeptSql:
    """A part of a project as it was built by dbt.

    Attributes:
        nodes: Its models and tests.
        seeds: Fingerprint of the seeds, of the part that has them.
        outcomes: What the part said of the whole project (``outcomes.json``), without its own outcomes.
    """

    nodes: tuple[Node, ...]
    seeds: str
    outcomes: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of a node.

    Attributes:
        unique_id: dbt's name of it.
        status: In dbt's words: success, pass, warn, fail, error, skipped.
        seconds: How long it took.
        failing_rows: Of a test.
        broken: Of a ``rules`` test that did not pass: each broken rule and the rows that break it.
        message: Of an error.
    """

    unique_id: str
    status: str
    seconds: float = 0.0
    failing_rows: int = 0
    broken: Mapping[str, int] = field(default_factory=dict)
    message: str = ""

    def told(self) -> str:
        """What went wrong, in one line."""
        return told_rules(self.broken) or self.message or f"{counted(self.failing_rows, 'failing row')}"


def files_fingerprint(project_dir: Path = DBT_PROJECT_DIR) -> str:
    """One hash over every file of a project and its seeds, and over what reads them and keeps their SQL."""
    told = hashlib.sha256()
    for package in ("dbt-core", "dbt-duckdb", "duckdb"):
        told.update(f"{package} {version(package)}\n".encode())
    # This room decides what is kept and in which form: another version of it does not know this one's.
    for path in sorted(Path(__file__).parent.glob("*.py")):
        told.update(path.read_bytes())
    found = [path for folder in _FOLDERS for path in (project_dir / folder).rglob("*")]
    for path in sorted([*found, *(project_dir.parent / "seeds").rglob("*"), *project_dir.glob("*.yml")]):
        if path.is_file():
            told.update(f"{path.relative_to(project_dir.parent)} ".encode())
            told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def keep_sql(
    part: str,
    manifest: Manifest,
    outcomes: Mapping[str, Any],
    *,
    files: str,
    seeds: str,
    project_dir: Path = DBT_PROJECT_DIR,
) -> None:
    """Keep what dbt compiled of a part that it built without a fault.

    Args:
        part: Name of the part.
        manifest: The project, with what dbt compiled of it.
        outcomes: What ``outcomes.json`` holds.
        files: What :func:`files_fingerprint` said both before and after dbt ran.
        seeds: Fingerprint of the seeds, of the part that has them.
        project_dir: The dbt project.
    """
    built = [
        manifest.nodes[unique_id]
        for unique_id in outcomes["outcomes"]
        if unique_id in manifest.nodes and manifest.nodes[unique_id].resource_type in {"model", "test"}
    ]
    nodes = [asdict(_kept(node, after)) for node, after in zip(built, _order(manifest, built), strict=True)]
    said = {name: value for name, value in outcomes.items() if name != "outcomes"}
    file = _file(part, project_dir)
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, {"files": files, "seeds": seeds, "outcomes": said, "nodes": nodes})


def kept_sql(part: str, project_dir: Path = DBT_PROJECT_DIR) -> KeptSql | None:
    """What was kept of a part, if no file changed since."""
    try:
        kept = json.loads(_file(part, project_dir).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if kept["files"] != files_fingerprint(project_dir):
        return None
    nodes = tuple(Node(**{**node, "after": tuple(node["after"])}) for node in kept["nodes"])
    return KeptSql(nodes, kept["seeds"], kept["outcomes"])


def execute(
    nodes: Sequence[Node],
    home: Home,
    file: Path,
    *,
    begun: Callable[[str, int, int], None],
    ended: Callable[[Outcome], None],
) -> None:
    """Make the models and ask the tests, each after what it needs; what needs what failed is skipped.

    Args:
        nodes: A part of the project.
        home: Where the sources are read from.
        file: The build's file; holds everything of other parts and the seeds.
        begun: Called with name, number and total when a node begins, by the threads at work.
        ended: Called with what became of each node, by this thread.
    """
    by_id = {node.unique_id: node for node in nodes}
    order = TopologicalSorter({node.unique_id: set(node.after) & by_id.keys() for node in nodes})
    order.prepare()
    failed: set[str] = set()
    number = 0
    with _opened(home, file) as connection, ThreadPoolExecutor(THREADS) as pool:
        for schema in sorted({node.schema for node in nodes if not node.is_test}):
            connection.execute(f'create schema if not exists "{schema}"')
        at_work: dict[Future[Outcome], str] = {}
        while order.is_active():
            for unique_id in sorted(order.get_ready()):
                node = by_id[unique_id]
                if failed.intersection(node.after):
                    failed.add(unique_id)
                    ended(Outcome(unique_id, "skipped"))
                    order.done(unique_id)
                    continue
                number += 1
                started = (node.name, number, len(nodes))
                at_work[pool.submit(_done, connection, home, file, node, lambda at=started: begun(*at))] = (
                    unique_id
                )
            if not at_work:
                continue
            for future in wait(at_work, return_when=FIRST_COMPLETED).done:
                unique_id, outcome = at_work.pop(future), future.result()
                if outcome.status in {"error", "fail"}:
                    failed.add(unique_id)
                ended(outcome)
                order.done(unique_id)


@contextmanager
def _opened(home: Home, file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect(str(file), config=build_settings())) as connection:
        attach_told(connection, file)
        lock_to_sources(connection, home, file)
        yield connection


def _done(
    connection: duckdb.DuckDBPyConnection, home: Home, file: Path, node: Node, begin: Callable[[], None]
) -> Outcome:
    begin()
    since = time.perf_counter()
    with closing(connection.cursor()) as cursor:
        tell_sources(cursor, home, file)
        try:
            answer = cursor.execute(node.sql).fetchone()
            status, failing, broken = "success", 0, {}
            if node.is_test:
                failing, should_warn, should_fail = answer
                status = "pass"
                if should_fail and not node.only_warns:
                    status = "fail"
                elif should_warn:
                    status = "warn"
                if status != "pass" and node.rules:
                    broken = dict(cursor.execute(node.rules).fetchall())
        except duckdb.Error as error:
            return Outcome(node.unique_id, "error", time.perf_counter() - since, message=str(error))
    return Outcome(node.unique_id, status, time.perf_counter() - since, failing, broken)


def _kept(node: Any, after: Sequence[str]) -> Node:
    if node.resource_type == "model":
        relation = f'"{node.schema}"."{node.name}"'
        query = node.compiled_code
        if node.config.contract.enforced and node.config.materialized == "table":
            # In the order of the yml, as the materialization for dbt does.
            query = f"select {', '.join(node.columns)} from ({query}) as made"
        sql = f"create or replace {node.config.materialized} {relation} as {query}"
        if node.config.materialized == "history":
            sql = f"create or replace table {relation} as " + with_what_was_told(
                node.schema, node.name, node.compiled_code, list(node.columns), node.config.meta
            )
        if node.config.materialized == "table" and not lies_whole(node.config.meta):
            working = f'"working"."main"."{node.name}"'
            sql = (
                f"create or replace table {working} as {query}; "
                f"create or replace view {relation} as from {working}"
            )
        return Node(node.unique_id, node.name, node.schema, is_test=False, after=tuple(after), sql=sql)
    asked = node.config
    shown = asked.fail_calc
    sql = (
        f"select {shown}, {shown} {asked.warn_if}, {shown} {asked.error_if} "
        f"from ({node.compiled_code}) as failing"
    )
    is_rules = getattr(node, "test_metadata", None) is not None and node.test_metadata.name == "rules"
    return Node(
        node.unique_id,
        node.name,
        node.schema,
        is_test=True,
        after=tuple(after),
        sql=sql,
        rules=node.compiled_code if is_rules else "",
        only_warns=asked.severity.lower() == "warn",
    )


def _order(manifest: Manifest, built: Sequence[Any]) -> Iterator[list[str]]:
    """What each node comes after: as in ``dbt build``, a model also waits for tests of what it is made of."""
    reads: dict[str, set[str]] = {}
    ancestors: dict[str, set[str]] = {}
    parents = {
        unique_id: [parent for parent in getattr(node.depends_on, "nodes", []) if parent in manifest.nodes]
        for unique_id, node in manifest.nodes.items()
    }
    for unique_id in TopologicalSorter(parents).static_order():
        # An ephemeral model is a part of whoever reads it.
        reads[unique_id] = {
            each
            for parent in parents[unique_id]
            for each in (
                reads[parent] if manifest.nodes[parent].config.materialized == "ephemeral" else {parent}
            )
        }
        ancestors[unique_id] = reads[unique_id].union(*(ancestors[each] for each in reads[unique_id]))
    tests = [node for node in built if node.resource_type == "test"]
    for node in built:
        if node.resource_type == "test":
            yield sorted(reads[node.unique_id])
        else:
            behind = ancestors[node.unique_id]
            yield sorted(
                reads[node.unique_id]
                | {
                    test.unique_id
                    for test in tests
                    if reads[test.unique_id] and reads[test.unique_id] <= behind
                }
            )


def _file(part: str, project_dir: Path) -> Path:
    return project_dir / "target" / "sql" / f"{part}.json"
