"""A step works on the build of its own run; without one on the only build of its partition."""

from datetime import date
from types import SimpleNamespace

import pytest
from dagster import Failure

from orchestration.assets.current_build import build_at_work, finished_build, own_build
from orchestration.ledger.opening import start_build
from orchestration.project import Home

SATURDAY, SUNDAY = date(2025, 12, 27), date(2025, 12, 28)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def started(home, day, run_id):
    return start_build(home, [day], run_id=run_id, code_version="c0de")


def step(run_id, *days, repeats=None, first=None):
    """The context of a step, as far as it is asked."""
    run = SimpleNamespace(run_id=run_id, parent_run_id=repeats, root_run_id=first)
    return SimpleNamespace(run=run, partition_keys=[day.isoformat() for day in days])


def test_two_builds_side_by_side_are_each_found_by_their_run(home):
    saturday, sunday = started(home, SATURDAY, "run one"), started(home, SUNDAY, "run two")
    assert finished_build(step("run one", SATURDAY), home) == saturday
    assert finished_build(step("run two", SUNDAY), home) == sunday


def test_a_run_repeated_from_its_failed_step_goes_on_with_the_first_ones_build(home):
    build = started(home, SUNDAY, "run one")
    assert build_at_work(step("run two", SUNDAY, repeats="run one", first="run one"), home) == build
    assert build_at_work(step("run three", SUNDAY, repeats="run two", first="run one"), home) == build


def test_another_run_takes_the_build_of_its_partition(home):
    saturday, _ = started(home, SATURDAY, "run one"), started(home, SUNDAY, "run two")
    assert own_build(step("run three", SATURDAY), home) is None
    assert finished_build(step("run three", SATURDAY), home) == saturday


def test_of_two_builds_of_a_partition_one_is_named(home):
    first, _ = started(home, SUNDAY, "run one"), started(home, SUNDAY, "run two")
    with pytest.raises(Failure, match="no unpublished build as of 2025-12-28 passed its audit"):
        finished_build(step("run three", SUNDAY), home)
    assert finished_build(step("run three", SUNDAY), home, first.build_id) == first
    with pytest.raises(Failure, match=f"no unpublished build {first.build_id} as of 2025-12-27"):
        finished_build(step("run three", SATURDAY), home, first.build_id)


def test_of_several_partitions_in_one_run_the_newest_names_the_build(home):
    build = started(home, SUNDAY, "run one")
    assert finished_build(step("run two", SATURDAY, SUNDAY), home) == build


def test_a_partition_that_was_never_built_is_refused_for_good(home):
    started(home, SUNDAY, "run one")
    with pytest.raises(Failure, match="no unpublished build as of 2025-12-27") as refused:
        finished_build(step("run two", SATURDAY), home)
    assert refused.value.allow_retries is False


def test_a_build_does_not_go_on_once_another_one_has_begun(home):
    """dbt would read the other one's as-of dates into it."""
    left, other = started(home, SATURDAY, "run one"), started(home, SUNDAY, "run two")
    with pytest.raises(Failure, match=f"{left.build_id} cannot go on, for {other.build_id} was started"):
        build_at_work(step("run one", SATURDAY), home)
    assert build_at_work(step("run two", SUNDAY), home) == other
