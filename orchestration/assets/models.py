"""The dbt project as assets: one op, one dbt invocation in this process, every test an asset check.

Belongs here: how dbt's nodes are called in Dagster, turning dbt's events into Dagster's while dbt works.
Does not: what a model says (dbt_project), how dbt is invoked (orchestration.warehouse.dbt).
Late imports: what brings scipy, dbt or pictures loads with the first run, not with every page.
"""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetCheckResult,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetSpec,
    Failure,
    MetadataValue,
    ResourceParam,
    RetryPolicy,
)
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
from google.protobuf.json_format import MessageToDict

from orchestration.core.errors import RekindleError
from orchestration.partitions import AS_OF_DATES, ONE_BUILD
from orchestration.progress import Progress
from orchestration.project import DBT_PROJECT_DIR, Home
from orchestration.resources import BuildLock

if TYPE_CHECKING:
    from orchestration.warehouse.builds import Build

POOL = "warehouse"
ONE_RETRY = RetryPolicy(max_retries=1, delay=5)
"""For a full disk or a lost file; what is at fault (a failed test, a refused delivery) fails at once."""

STARTED = {"LogStartLine"}
FINISHED = {"LogSeedResult", "LogModelResult", "LogTestResult"}


class Rooms(DagsterDbtTranslator):
    """One room, one prefix, one schema, one Dagster group: all four are the folder's name."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The room: the first folder of a model; ``seeds`` and ``sources`` for what models are made of."""
        kind = dbt_resource_props["resource_type"]
        return dbt_resource_props["fqn"][1] if kind == "model" else f"{kind}s"

    def get_tags(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, str]:
        """The folder inside the room (a mart's domain, a staging model's source), to filter by."""
        folders = dbt_resource_props["fqn"][2:-1] if dbt_resource_props["resource_type"] == "model" else []
        return {"rekindle/folder": folders[0]} if folders else {}

    def get_asset_check_spec(
        self, asset_spec: AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> AssetCheckSpec | None:
        """A test with what it proves: Dagster itself would look for the description in ``meta`` alone."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=what_it_proves(manifest["nodes"][unique_id]))


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


TRANSLATOR = Rooms(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=True))


def read_manifest() -> dict[str, Any]:
    """The manifest made at installation (``rekindle prepare``); code locations never parse dbt themselves.

    Raises:
        RekindleError: It was not made yet.
    """
    made = DBT_PROJECT_DIR / "target" / "manifest.json"
    if not made.exists():
        raise RekindleError(f"{made} is missing: the dbt project was not prepared. Type: rekindle prepare")
    return json.loads(made.read_text(encoding="utf-8"))


MANIFEST = read_manifest()


FITTED = "tag:fitted+"
"""What is made of fits. It is built last, so that fits can be made on the build's own facts."""

EVALUATED = "tag:evaluated+"
"""What is made of evaluated experiments: built after those, whose sums are made of scores."""

IN_EVERY_BUILD: dict[str, Any] = {
    "manifest": MANIFEST,
    "dagster_dbt_translator": TRANSLATOR,
    "partitions_def": AS_OF_DATES,
    "backfill_policy": ONE_BUILD,
    "retry_policy": ONE_RETRY,
    "pool": POOL,
}


@dbt_assets(name="dbt_build", exclude=f"{FITTED} {EVALUATED}", **IN_EVERY_BUILD)
def warehouse_models(
    context: AssetExecutionContext,
    home: ResourceParam[Home],
    lock: BuildLock,
    progress: ResourceParam[Progress],
) -> Iterator[Any]:
    """Runs ``dbt build`` into the build's own file, up to where fits are needed."""
    from orchestration.warehouse.builds import open_build

    progress.begin("build")
    build = open_build(home)
    yield from _built(context, home, progress, build, ["--exclude", FITTED, EVALUATED], build.target_path)


@dbt_assets(name="dbt_score", select=FITTED, exclude=EVALUATED, **IN_EVERY_BUILD)
def fitted_models(
    context: AssetExecutionContext,
    home: ResourceParam[Home],
    lock: BuildLock,
    progress: ResourceParam[Progress],
) -> Iterator[Any]:
    """Runs ``dbt build`` for what is made of fits, into the same file, once those that are due are made."""
    from orchestration.warehouse.builds import open_build

    progress.begin("score")
    build = open_build(home)
    selection = ["--select", FITTED, "--exclude", EVALUATED]
    yield from _built(context, home, progress, build, selection, build.scores_path)


@dbt_assets(name="dbt_results", select=EVALUATED, **IN_EVERY_BUILD)
def result_models(
    context: AssetExecutionContext,
    home: ResourceParam[Home],
    lock: BuildLock,
    progress: ResourceParam[Progress],
) -> Iterator[Any]:
    """Runs ``dbt build`` for what is made of evaluated experiments, into the same file."""
    from orchestration.warehouse.builds import open_build

    progress.begin("results")
    build = open_build(home)
    yield from _built(context, home, progress, build, ["--select", EVALUATED], build.verdicts_path)


def _built(
    context: AssetExecutionContext,
    home: Home,
    progress: Progress,
    build: "Build",
    selection: list[str],
    target_path: Path,
) -> Iterator[Any]:
    """A part of ``dbt build``; results appear as they come."""
    from orchestration.warehouse.builds import BUILD_COMMAND
    from orchestration.warehouse.dbt import BrokenRules, invoke_dbt

    broken: BrokenRules = {}
    events: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
    outcome: Future[None] = Future()

    def collect(event: Any) -> None:
        if event.info.name in STARTED | FINISHED:
            events.put(MessageToDict(event, preserving_proto_field_name=True))

    def work() -> None:
        try:
            invoke_dbt(
                [*BUILD_COMMAND, *selection],
                home=home,
                warehouse=build.file,
                target_path=target_path,
                on_event=collect,
                broken=broken,
            )
            outcome.set_result(None)
        except BaseException as error:
            outcome.set_exception(error)
        finally:
            events.put(None)

    # A daemon: whoever interrupts the run does not wait for dbt, whose file nobody has seen yet.
    Thread(target=work, name="dbt", daemon=True).start()
    for event in iter(events.get, None):
        _report(event, progress)
        message = DbtCoreCliEventMessage(raw_event=event, event_history_metadata={})
        rules = broken.get(event["data"]["node_info"]["unique_id"], {})
        for told in message.to_default_asset_events(MANIFEST, TRANSLATOR, context, target_path):
            yield with_broken_rules(told, rules) if isinstance(told, AssetCheckResult) else told
    _raise_for_good(outcome)


def with_broken_rules(check: AssetCheckResult, rules: Mapping[str, int]) -> AssetCheckResult:
    """A check's result that names each broken rule and the rows that break it."""
    from orchestration.warehouse.dbt import told_rules

    named = {f"broken: {rule}": MetadataValue.int(rows) for rule, rows in rules.items()}
    return check._replace(metadata={**check.metadata, **named}, description=told_rules(rules) or None)


def _report(event: Mapping[str, Any], progress: Progress) -> None:
    data = event["data"]
    if event["info"]["name"] in STARTED:
        progress.count(data["index"] - 1, data["total"], data["node_info"]["node_name"])


def _raise_for_good(outcome: Future[None]) -> None:
    """Fails the step for good where a model or a test failed; a full disk is left to the retry."""
    try:
        outcome.result()
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
