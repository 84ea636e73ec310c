"""The dbt project as assets: one dbt invocation per part, in this process; an asset per public model.

Belongs here: how dbt's nodes are called in Dagster, turning dbt's events into Dagster's while dbt works.
Does not: what a model says (dbt_project), how dbt is invoked (orchestration.warehouse.dbt).
Late imports: what brings scipy, dbt or pictures loads with the first run, not with every page.

dagster-dbt would make an asset of every node, each of which costs events, look-ups and a box in the lineage;
and it would import dbt into every process. Working models and staging views are the inside of a build: what
stands between two public models is one arrow.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    Failure,
    MaterializeResult,
    ResourceParam,
    RetryPolicy,
    TableColumn,
    TableSchema,
    multi_asset,
)

from orchestration.assets.current_build import build_of_step
from orchestration.core.errors import RekindleError
from orchestration.partitions import AS_OF_DATES, ONE_BUILD
from orchestration.progress import Progress
from orchestration.project import DBT_PROJECT_DIR, Home
from orchestration.resources import BuildLock

if TYPE_CHECKING:
    from orchestration.warehouse.builds import Build
    from orchestration.warehouse.kept_sql import Outcome

POOL = "warehouse"
ONE_RETRY = RetryPolicy(max_retries=1, delay=5)
"""For a full disk or a lost file; what was found wrong (a failed test, a refused delivery) fails at once."""

DEFINITIONS = "definitions"
"""Group and prefix of the folders of seeds (definition_files)."""


MADE_LATER = {"fitted": "fits", "evaluated": "evaluations"}
"""By dbt's tag, the group of what Python makes of a build's own models."""


def what_it_proves(test: Mapping[str, Any]) -> str:
    """A data test in words: its own description, or else its rules."""
    if test.get("description"):
        return test["description"]
    generic = test.get("test_metadata") or {}
    if generic.get("name") != "rules":
        return test["name"].replace("_", " ")
    return "\n".join(f"- {rule}" for rule in _rules_in_words(generic["kwargs"]))


def _rules_in_words(asked: Mapping[str, Any]) -> Iterator[str]:
    """Each rule of a ``rules`` test, under the name by which a failure tells it."""
    keys = {"key": asked["key"]} if asked.get("key") else {}
    for name, columns in {**keys, **asked.get("keys", {})}.items():
        yield f"**{name}**: {', '.join(columns)} identify a row, and none of them is empty."
    for reference in asked.get("references", []):
        column = reference["column"]
        target = reference["to"].removeprefix("ref('").removesuffix("')")
        yield f"**{column} in {target}**: every {column} is known there as {reference.get('field', column)}."
    for name, condition in asked.get("conditions", {}).items():
        yield f"**{name}**: in every row `{' '.join(condition.split())}`"


def read_manifest() -> dict[str, Any]:
    """The manifest made at installation (``rekindle prepare``); code locations never parse dbt themselves.

    Raises:
        RekindleError: It was not made yet, or is damaged.
    """
    made = DBT_PROJECT_DIR / "target" / "manifest.json"
    if not made.exists():
        raise RekindleError(f"{made} is missing: the dbt project was not prepared. Type: rekindle prepare")
    try:
        return json.loads(made.read_text(encoding="utf-8"))
    except ValueError:
        raise RekindleError(f"{made} is damaged. Remove it, then type: rekindle prepare") from None


MANIFEST = read_manifest()


def is_public(node: Mapping[str, Any]) -> bool:
    """Whether it is a model that readers get: one the project calls public (``meta: {public: true}``)."""
    return node["resource_type"] == "model" and bool(node["config"].get("meta", {}).get("public"))


def asset_of(node: Mapping[str, Any]) -> AssetKey | None:
    """The asset that shows a node: itself, for a seed its folder; nothing for a model inside a build.

    One room, one prefix, one schema, one Dagster group: all four are the folder's name.
    """
    match node["resource_type"]:
        case "seed":
            return AssetKey([DEFINITIONS, node["fqn"][1]])
        case "source":
            return AssetKey([node["source_name"], node["name"]])
    return AssetKey([node["schema"], node["name"]]) if is_public(node) else None


def _node(unique_id: str) -> Mapping[str, Any]:
    return MANIFEST["sources"].get(unique_id) or MANIFEST["nodes"][unique_id]


@cache
def _assets_behind(unique_id: str) -> frozenset[AssetKey]:
    """The nearest assets that a model is made of, through whatever stands between."""
    behind: set[AssetKey] = set()
    for parent in _node(unique_id)["depends_on"]["nodes"]:
        asset = asset_of(_node(parent))
        behind |= {asset} if asset else _assets_behind(parent)
    return frozenset(behind)


def spec_of(unique_id: str) -> AssetSpec:
    """A public model or a source as Dagster shows it: what it says, its columns, its SQL."""
    node = _node(unique_id)
    is_model = node["resource_type"] == "model"
    folders = node["fqn"][2:-1] if is_model else []
    sql = f"\n\n#### SQL\n```sql\n{node['raw_code']}\n```" if is_model else ""
    return AssetSpec(
        asset_of(node),
        deps=sorted(_assets_behind(unique_id)) if is_model else [],
        skippable=is_model,
        group_name=node["fqn"][1] if is_model else _group_of(node),
        description=node["description"] + sql,
        kinds={"dbt", "duckdb"} if is_model else {"parquet"},
        tags={"rekindle/folder": folders[0]} if folders else {},
        metadata={
            "dagster/column_schema": TableSchema(
                [
                    TableColumn(name, column["data_type"] or "?", column["description"])
                    for name, column in node["columns"].items()
                ]
            )
        },
    )


def _group_of(source: Mapping[str, Any]) -> str:
    """Delivered, or made in the middle of a build: apart, so that the lineage runs from left to right."""
    return next((MADE_LATER[tag] for tag in source["tags"] if tag in MADE_LATER), "sources")


def sources_tagged(tag: str) -> list[AssetSpec]:
    """What Python makes in the middle of a build and dbt reads as sources."""
    return [spec_of(unique_id) for unique_id, source in MANIFEST["sources"].items() if tag in source["tags"]]


def tested_by(test: Mapping[str, Any]) -> str | None:
    """The node a test belongs to; a singular one over several names it in ``meta.dagster.ref``."""
    if attached := test.get("attached_node"):
        return attached
    named = test["config"]["meta"].get("dagster", {}).get("ref", {}).get("name")
    read = test["depends_on"]["nodes"]
    found = [unique_id for unique_id in read if _node(unique_id)["name"] == named] if named else read
    return found[0] if len(found) == 1 else None


def _check_of(unique_id: str, asset: AssetKey) -> AssetCheckSpec:
    test = _node(unique_id)
    return AssetCheckSpec(
        test["name"],
        asset=asset,
        description=what_it_proves(test),
        blocking=(test["config"].get("severity") or "error").lower() == "error",
    )


def _nodes_from(tag: str) -> set[str]:
    """What bears a tag and everything made of it, as dbt's ``tag:<tag>+``."""
    found: set[str] = set()
    waiting = [
        unique_id
        for unique_id, node in {**MANIFEST["sources"], **MANIFEST["nodes"]}.items()
        if tag in node["tags"]
    ]
    while waiting:
        unique_id = waiting.pop()
        if unique_id not in found:
            found.add(unique_id)
            waiting += MANIFEST["child_map"].get(unique_id, [])
    return found


@dataclass(frozen=True)
class Part:
    """A part of the project that one invocation of dbt builds.

    Attributes:
        step: What a terminal calls it.
        selection: dbt's own selection.
        target: Attribute of a build that says where dbt's artifacts go.
        assets: Its public models, by their unique id.
        checks: Its tests of what is shown, by their unique id.
    """

    step: str
    selection: tuple[str, ...]
    target: str
    assets: Mapping[str, AssetSpec]
    checks: Mapping[str, AssetCheckSpec]

    @classmethod
    def of(cls, nodes: Collection[str], step: str, selection: str, target: str) -> "Part":
        """The part that holds these nodes."""
        members = {unique_id: MANIFEST["nodes"][unique_id] for unique_id in sorted(nodes)}
        # Tests of seeds and of models inside a build stop dbt by themselves; nobody looks at them one by one.
        assets = {unique_id: spec_of(unique_id) for unique_id, node in members.items() if is_public(node)}
        checks = {
            unique_id: _check_of(unique_id, assets[owner].key)
            for unique_id, node in members.items()
            if node["resource_type"] == "test" and (owner := tested_by(node)) in assets
        }
        return cls(step, tuple(selection.split()), target, assets, checks)


_NODES = set(MANIFEST["nodes"])
_FITTED, _EVALUATED = _nodes_from("fitted"), _nodes_from("evaluated")
FACTS = Part.of(_NODES - _FITTED - _EVALUATED, "build", "--exclude tag:fitted+ tag:evaluated+", "target_path")
SCORES = Part.of(
    (_NODES & _FITTED) - _EVALUATED, "score", "--select tag:fitted+ --exclude tag:evaluated+", "scores_path"
)
RESULTS = Part.of(_NODES & _EVALUATED, "results", "--select tag:evaluated+", "verdicts_path")


def _dbt_assets(name: str, part: Part, description: str) -> AssetsDefinition:
    @multi_asset(
        name=name,
        description=description,
        specs=list(part.assets.values()),
        check_specs=list(part.checks.values()),
        partitions_def=AS_OF_DATES,
        backfill_policy=ONE_BUILD,
        retry_policy=ONE_RETRY,
        pool=POOL,
    )
    def built(
        context: AssetExecutionContext,
        home: ResourceParam[Home],
        lock: BuildLock,
        progress: ResourceParam[Progress],
    ) -> Iterator[MaterializeResult | AssetCheckResult]:
        progress.begin(part.step)
        yield from _built(part, build_of_step(context, home), home, progress)

    return built


warehouse_models = _dbt_assets(
    "dbt_build", FACTS, "Runs `dbt build` into the build's own file, up to where fits are needed."
)
fitted_models = _dbt_assets(
    "dbt_score", SCORES, "Runs `dbt build` for what is made of fits, once those that are due are there."
)
result_models = _dbt_assets(
    "dbt_results",
    RESULTS,
    "Runs `dbt build` for what is made of evaluated experiments, into the same file.",
)


@dataclass(frozen=True)
class Started:
    """A node is begun."""

    name: str
    number: int
    total: int


def _built(part: Part, build: "Build", home: Home, progress: Progress) -> Iterator[Any]:
    """A part of a build; results appear as they come."""
    from orchestration.warehouse.building import build_part

    told: SimpleQueue[Any] = SimpleQueue()
    done: Future[None] = Future()

    def work() -> None:
        try:
            build_part(
                home,
                build,
                part.step,
                part.selection,
                getattr(build, part.target),
                with_seeds=part is FACTS,
                begun=lambda *at: told.put(Started(*at)),
                ended=told.put,
            )
            done.set_result(None)
        except BaseException as error:
            done.set_exception(error)
        finally:
            told.put(None)

    # A daemon: whoever interrupts the run does not wait for SQL at work on a file that nobody has seen yet.
    Thread(target=work, name="build", daemon=True).start()
    for each in iter(told.get, None):
        if isinstance(each, Started):
            progress.count(each.number - 1, each.total, each.name)
        else:
            yield from _shown(part, each)
    _raise_for_good(done)


def _shown(part: Part, outcome: "Outcome") -> Iterator[MaterializeResult | AssetCheckResult]:
    """A model that was built as a materialization, a test as a check with the rules it found broken."""
    metadata = {"status": outcome.status, "seconds": round(outcome.seconds, 3)}
    asset, check = part.assets.get(outcome.unique_id), part.checks.get(outcome.unique_id)
    if asset and outcome.status == "success":
        yield MaterializeResult(asset_key=asset.key, metadata=metadata)
    if check and outcome.status != "skipped":
        yield AssetCheckResult(
            check_name=check.name,
            asset_key=check.asset_key,
            passed=outcome.status == "pass",
            severity=AssetCheckSeverity.WARN if outcome.status == "warn" else AssetCheckSeverity.ERROR,
            metadata={
                **metadata,
                "broken rules" if outcome.broken else "failing rows": outcome.failing_rows,
                **{f"broken: {rule}": rows for rule, rows in outcome.broken.items()},
            },
            description=outcome.told() if outcome.broken else None,
        )


def _raise_for_good(outcome: Future[None]) -> None:
    """Fails the step for good where a fault was found; anything else (a full disk) is left to the retry."""
    try:
        outcome.result()
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
