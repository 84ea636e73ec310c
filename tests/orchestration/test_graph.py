"""The graph as Dagster sees it: assets, groups, jobs, crons and checks, compared with a readable list."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetKey,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    RunRequest,
    SkipReason,
    build_schedule_context,
)

from orchestration.warehouse.dbt import prepare

GOLDEN = Path(__file__).parent / "golden" / "graph.txt"
UPDATE = "REKINDLE_UPDATE_GOLDEN"
MORNING = datetime(2025, 12, 30, 22, tzinfo=UTC)
"""Six o'clock on the 31st in Shanghai; the newest day that is over is the 30th."""


@pytest.fixture(scope="module")
def defs():
    prepare()
    from orchestration.definitions import defs

    return defs


@pytest.fixture(scope="module")
def graph(defs):
    return defs.resolve_asset_graph()


def described(defs, graph):
    lines = [
        "# What Dagster shows. After a wanted change: REKINDLE_UPDATE_GOLDEN=1 pytest tests/orchestration",
        "",
    ]
    for job in sorted(defs.jobs, key=lambda job: job.name):
        steps = sorted(node.name for node in defs.resolve_job_def(job.name).nodes)
        lines.append(f"job {job.name}: {', '.join(steps)}")
    for schedule in defs.schedules:
        lines.append(
            f"schedule {schedule.name}: {schedule.cron_schedule} {schedule.execution_timezone}, "
            f"job {schedule.job_name}"
        )
    nodes = [graph.get(key) for key in graph.materializable_asset_keys]
    for group in sorted({node.group_name for node in nodes}):
        lines += ["", f"group {group}"]
        for node in sorted((each for each in nodes if each.group_name == group), key=lambda each: each.key):
            checks = len(graph.get_check_keys_for_assets({node.key}))
            lines.append(f"  {node.key.to_user_string()}" + (f"  checks: {checks}" if checks else ""))
    return "\n".join(lines) + "\n"


def test_the_graph_is_as_written_down(defs, graph):
    found = described(defs, graph)
    if os.environ.get(UPDATE):
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")


def test_dagster_loads_everything_as_its_server_does(defs):
    defs.get_repository_def().load_all_definitions()


def test_every_model_is_in_the_group_and_under_the_prefix_of_its_room(graph):
    for key in graph.materializable_asset_keys:
        group = graph.get(key).group_name
        if group != "sources":
            assert key.path[0] == group


def test_nothing_is_read_that_no_asset_makes(graph):
    assert graph.external_asset_keys == set()


def test_every_run_works_under_the_lock_and_in_one_process(defs):
    from dagster import in_process_executor

    for job in defs.jobs:
        definition = defs.resolve_job_def(job.name)
        assert definition.executor_def == in_process_executor
        for node in definition.nodes:
            if not node.definition.name.endswith(("published_is_fresh", "published_tags")):
                assert "lock" in node.definition.required_resource_keys


def test_the_daily_job_and_its_parts_end_after_the_longest_time(defs):
    assert all(int(defs.resolve_job_def(job.name).run_tags["dagster/max_runtime"]) > 0 for job in defs.jobs)


def test_tests_of_severity_error_block_and_warnings_do_not(defs, graph):
    from orchestration.assets.models import MANIFEST, warehouse_models

    severity = {
        unique_id: (node["config"].get("severity") or "error").lower()
        for unique_id, node in MANIFEST["nodes"].items()
        if node["resource_type"] == "test"
    }
    specs = list(warehouse_models.check_specs)
    assert specs
    for spec in specs:
        assert spec.blocking == (severity[spec.metadata["dagster_dbt/unique_id"]] == "error")


def test_every_check_says_what_it_proves(graph):
    from orchestration.assets.models import warehouse_models

    said = {spec.name: spec.description for spec in warehouse_models.check_specs}
    assert [name for name, words in said.items() if not (words or "").strip()] == []
    assert said["stage_flow_adds_up"].startswith("The members who flowed into the stages")
    assert said["fct_member_tag__rules"].splitlines() == [
        "- **key**: member_key, as_of_date, tag identify a row, and none of them is empty.",
        "- **member_key in dim_member**: every member_key is known there as member_key.",
        "- **tag in dim_tag**: every tag is known there as tag.",
    ]
    assert said["fct_tag_coverage__warnings"].endswith("- **share_is_steady**: in every row `is_steady`")


def test_a_failed_check_names_each_broken_rule_and_its_rows():
    from orchestration.assets.models import with_broken_rules

    failed = AssetCheckResult(passed=False, metadata={"dagster_dbt/failed_row_count": 4})
    told = with_broken_rules(failed, {"key": 2, "tag in dim_tag": 1})
    assert told.description == "key: 2 rows, tag in dim_tag: 1 row"
    assert {name: value.value for name, value in told.metadata.items()} == {
        "dagster_dbt/failed_row_count": 4,
        "broken: key": 2,
        "broken: tag in dim_tag": 1,
    }


def test_every_dbt_test_is_a_check_of_an_asset(graph):
    from dagster_dbt.asset_utils import get_asset_check_key_for_test

    from orchestration.assets.models import MANIFEST, TRANSLATOR

    for unique_id, node in MANIFEST["nodes"].items():
        if node["resource_type"] == "test":
            key = get_asset_check_key_for_test(MANIFEST, TRANSLATOR, unique_id, project=None)
            assert key in graph.asset_check_keys, f"{unique_id}: name its asset with meta.dagster.ref"


def test_the_publication_has_its_freshness_check_and_policy(graph):
    published = AssetKey(["publishing", "warehouse"])
    assert AssetCheckKey(published, "published_is_fresh") in graph.asset_check_keys
    assert graph.get(published).freshness_policy is not None


class KnownWarehouse:
    """What the schedule asks of the warehouse, answered as the test says."""

    def __init__(self, published, delivered_until):
        self.published, self.delivered_until = published, delivered_until

    def published_as_of_dates(self):
        return self.published

    def orders_delivered_until(self):
        return self.delivered_until


@pytest.fixture
def instance(tmp_path):
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def ticked(defs, instance, published, delivered_until):
    context = build_schedule_context(
        instance=instance,
        scheduled_execution_time=MORNING,
        resources={"warehouse": KnownWarehouse(published, delivered_until)},
    )
    every_morning, _ = defs.schedules
    return every_morning(context)


def test_the_schedule_asks_for_missed_days_oldest_first(defs, instance):
    requests = ticked(defs, instance, {date(2025, 12, 27)}, date(2025, 12, 31))
    assert [request.partition_key for request in requests] == ["2025-12-28", "2025-12-29", "2025-12-30"]
    assert all(isinstance(request, RunRequest) for request in requests)
    assert len({request.run_key for request in requests}) == 3


def test_the_schedule_asks_for_nothing_when_all_is_published(defs, instance):
    assert isinstance(ticked(defs, instance, {date(2025, 12, 30)}, date(2025, 12, 31)), SkipReason)


def test_the_schedule_asks_for_nothing_before_the_first_delivery(defs, instance):
    assert isinstance(ticked(defs, instance, set(), None), SkipReason)


def test_the_schedule_asks_for_the_last_delivered_day_when_nothing_is_published(defs, instance):
    [request] = ticked(defs, instance, set(), date(2025, 12, 28))
    assert request.partition_key == "2025-12-28"


def test_a_day_that_a_run_is_working_on_is_not_asked_for_again(defs, instance):
    instance.add_run(
        DagsterRun(
            job_name="daily",
            run_id=str(uuid4()),
            status=DagsterRunStatus.STARTED,
            tags={"dagster/partition": "2025-12-29"},
        )
    )
    requests = ticked(defs, instance, {date(2025, 12, 28)}, date(2025, 12, 31))
    assert [request.partition_key for request in requests] == ["2025-12-30"]


def test_the_same_tick_asks_with_the_same_keys_and_the_next_day_with_others(defs, instance):
    first = ticked(defs, instance, {date(2025, 12, 28)}, date(2025, 12, 31))
    again = ticked(defs, instance, {date(2025, 12, 28)}, date(2025, 12, 31))
    assert [request.run_key for request in first] == [request.run_key for request in again]
    assert all("2025-12-31" in request.run_key for request in first)
