"""A step works on the build of its own run; without one on the only build of its partition."""

import json
import shutil
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from dagster import Failure

from orchestration.assets.current_build import build_of_step, own_build
from orchestration.ledger.opening import start_build
from orchestration.project import Home
from orchestration.warehouse.versions import Manifest, version_folder

SATURDAY, SUNDAY = date(2025, 12, 27), date(2025, 12, 28)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def started(home, day, run_id):
    return start_build(home, [day], run_id=run_id, code_version="c0de")


def step(run_id, *days, repeats=None, first=None, opens=False):
    """The context of a step, as far as it is asked."""
    run = SimpleNamespace(run_id=run_id, parent_run_id=repeats, root_run_id=first)
    job = SimpleNamespace(has_node_named=lambda name: opens and name == "open_build")
    return SimpleNamespace(run=run, job_def=job, partition_keys=[day.isoformat() for day in days])


def test_two_builds_side_by_side_are_each_found_by_their_run(home):
    saturday, sunday = started(home, SATURDAY, "run one"), started(home, SUNDAY, "run two")
    assert build_of_step(step("run one", SATURDAY), home) == saturday
    assert build_of_step(step("run two", SUNDAY), home) == sunday


def test_a_run_repeated_from_its_failed_step_goes_on_with_the_first_ones_build(home):
    build = started(home, SUNDAY, "run one")
    assert build_of_step(step("run two", SUNDAY, repeats="run one", first="run one"), home) == build
    assert build_of_step(step("run three", SUNDAY, repeats="run two", first="run one"), home) == build


def test_another_run_takes_the_build_of_its_partition(home):
    saturday, _ = started(home, SATURDAY, "run one"), started(home, SUNDAY, "run two")
    assert own_build(step("run three", SATURDAY), home) is None
    assert build_of_step(step("run three", SATURDAY), home) == saturday


def test_of_two_builds_of_a_partition_one_is_named(home):
    first, _ = started(home, SUNDAY, "run one"), started(home, SUNDAY, "run two")
    with pytest.raises(Failure, match="no unpublished build as of 2025-12-28 passed its audit"):
        build_of_step(step("run three", SUNDAY), home)
    assert build_of_step(step("run three", SUNDAY), home, first.build_id) == first
    with pytest.raises(Failure, match=f"no unpublished build {first.build_id} as of 2025-12-27"):
        build_of_step(step("run three", SATURDAY), home, first.build_id)


def test_of_several_partitions_in_one_run_the_newest_names_the_build(home):
    build = started(home, SUNDAY, "run one")
    assert build_of_step(step("run two", SATURDAY, SUNDAY), home) == build


def test_a_partition_that_was_never_built_is_refused_for_good(home):
    started(home, SUNDAY, "run one")
    with pytest.raises(Failure, match="no unpublished build as of 2025-12-27") as refused:
        build_of_step(step("run two", SATURDAY), home)
    assert refused.value.allow_retries is False


def test_a_build_goes_on_after_another_one_was_started(home):
    left, _ = started(home, SATURDAY, "run one"), started(home, SUNDAY, "run two")
    assert build_of_step(step("run one", SATURDAY, opens=True), home) == left
    assert build_of_step(step("run three", SATURDAY, repeats="run one", opens=True), home) == left


def test_a_run_that_makes_a_build_works_on_no_other_of_its_day(home):
    started(home, SUNDAY, "run one")
    with pytest.raises(Failure, match=r"the build of this run is gone.* Start 2025-12-28 anew") as refused:
        build_of_step(step("run two", SUNDAY, repeats="a run before", opens=True), home)
    assert refused.value.allow_retries is False


def test_a_run_that_publishes_what_is_published_says_so(home):
    build = started(home, SUNDAY, "run one")
    shutil.rmtree(build.folder)
    folder = version_folder(home, build.build_id)
    folder.mkdir(parents=True)
    manifest = Manifest(
        build.build_id, build.run_id, SUNDAY, (SUNDAY,), "c0de", datetime(2025, 12, 29, tzinfo=UTC), None,
        "v1.0.0", "2", 0, "", {},
    )  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest.as_json()))
    with pytest.raises(Failure, match=f"{build.build_id} .as of 2025-12-28. is published"):
        build_of_step(step("run two", SUNDAY), home)
