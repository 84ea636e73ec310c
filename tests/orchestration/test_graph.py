"""The graph as Dagster sees it: assets, groups, jobs, sensors and checks, compared with a readable list."""

import os
from pathlib import Path

import pytest
from dagster import AssetCheckKey, AssetKey

from orchestration.warehouse.dbt import prepare

GOLDEN = Path(__file__).parent / "golden" / "graph.txt"
UPDATE = "REKINDLE_UPDATE_GOLDEN"


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
    for sensor in defs.sensors:
        lines.append(
            f"sensor {sensor.name}: every {sensor.minimum_interval_seconds} s, job {sensor.job_name}"
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
        if group not in {"sources", "fits", "evaluations"}:
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


def test_tests_of_severity_error_block_and_warnings_do_not(defs):
    from orchestration.assets.models import FACTS, MANIFEST, RESULTS, SCORES

    for part in (FACTS, SCORES, RESULTS):
        assert part.checks
        for unique_id, spec in part.checks.items():
            severity = MANIFEST["nodes"][unique_id]["config"].get("severity") or "error"
            assert spec.blocking == (severity.lower() == "error")


def test_every_check_says_what_it_proves(graph):
    from orchestration.assets.models import FACTS, SCORES

    said = {spec.name: spec.description for spec in (*FACTS.checks.values(), *SCORES.checks.values())}
    assert [name for name, words in said.items() if not (words or "").strip()] == []
    assert said["stage_flow_adds_up"].startswith("The members who flowed into the stages")
    assert said["fct_member_tag__rules"].splitlines() == [
        "- **key**: member_key, as_of_date, tag identify a row, and none of them is empty.",
        "- **member_key in dim_member**: every member_key is known there as member_key.",
        "- **tag in dim_tag**: every tag is known there as tag.",
    ]
    assert said["fct_tag_coverage__warnings"].endswith("- **share_is_steady**: in every row `is_steady`")


def test_a_failed_check_names_each_broken_rule_and_its_rows():
    from orchestration.assets.models import FACTS, _shown
    from orchestration.warehouse.kept_sql import Outcome

    unique_id = next(each for each, check in FACTS.checks.items() if check.name == "fct_order__rules")
    broken = {"key": 2, "store_id in dim_store": 1}
    [told] = _shown(FACTS, Outcome(unique_id, "fail", 0.1, 2, broken))
    assert told.description == "key: 2 rows, store_id in dim_store: 1 row"
    assert {name: value.value for name, value in told.metadata.items()} == {
        "status": "fail",
        "seconds": 0.1,
        "broken rules": 2,
        "broken: key": 2,
        "broken: store_id in dim_store": 1,
    }


def test_an_order_of_an_unknown_store_is_counted_and_holds_back_nothing():
    from orchestration.assets.models import FACTS, MANIFEST

    [check] = [check for check in FACTS.checks.values() if check.name == "fct_order__warnings"]
    assert not check.blocking
    assert "every store_id is known there" in check.description
    facts = [node for node in MANIFEST["nodes"].values() if node["fqn"][1:3] == ["core", "facts"]]
    blocking = [
        (reference["column"], reference["to"])
        for node in facts
        if node["resource_type"] == "test" and node["config"]["severity"].lower() == "error"
        for reference in node["test_metadata"]["kwargs"].get("references", [])
    ]
    # What no delivered row decides: identity knows every member, the contract every code.
    assert sorted(blocking) == [
        ("channel", "ref('response_window')"),
        ("event_type", "ref('event_types')"),
        ("member_key", "ref('dim_member')"),
    ]


def test_every_public_model_is_an_asset_and_each_of_its_tests_a_check(defs):
    from orchestration.assets.models import FACTS, MANIFEST, RESULTS, SCORES, is_public, tested_by

    parts = (FACTS, SCORES, RESULTS)
    assets = [unique_id for part in parts for unique_id in part.assets]
    assert sorted(assets) == sorted(
        unique_id for unique_id, node in MANIFEST["nodes"].items() if is_public(node)
    )
    shown = {unique_id for part in parts for unique_id in part.checks}
    for unique_id, node in MANIFEST["nodes"].items():
        if node["resource_type"] == "test" and unique_id not in shown:
            owner = tested_by(node)
            assert owner, f"{unique_id}: name its asset with meta.dagster.ref"
            assert owner not in assets, f"{unique_id} runs in another part than {owner} is built in"


def test_what_lies_between_public_models_is_one_arrow(graph):
    """Staging and working models are no assets; who reads them is made of the tables behind them."""
    made_of = graph.get(AssetKey(["core", "fct_order"])).parent_keys
    assert AssetKey(["chain", "orders"]) in made_of
    assert AssetKey(["complete_journey", "transactions"]) in made_of
    assert all(key.path[0] not in {"intermediate", "seeds"} for key in made_of)
    assert AssetKey(["definitions", "tags"]) in graph.get(AssetKey(["marts", "dim_tag"])).parent_keys


def test_the_publication_has_its_freshness_check_and_policy(graph):
    published = AssetKey(["publishing", "warehouse"])
    assert AssetCheckKey(published, "published_is_fresh") in graph.asset_check_keys
    assert graph.get(published).freshness_policy is not None
