"""Runs of the tiny project that are killed, in processes forked from this one, and what must hold after each.

Belongs here: starting and killing runs, looking at what they left; run as a program by the tests beside it.
Does not: the project and its home (the fixture ``tiny``), killing itself (``tests.killing``).

A forked process has everything imported already; starting Python, Dagster and dbt anew for each run would
take most of the time.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb

from orchestration.dagster_home.instance import close_abandoned_runs, opened_instance
from orchestration.project import DBT_PROJECT_DIR, HOME_VARIABLE, Home
from orchestration.runs import run_job
from orchestration.warehouse.asked_dates import note_asked, open_dates
from orchestration.warehouse.builds import AlreadyPublished, WhichBuild, waiting_build
from orchestration.warehouse.publish import remove_leftovers
from orchestration.warehouse.versions import Manifest, current_version, list_versions, read_manifest, verify
from tests.killing import die_before, in_a_fork

PUBLISHED = date(2025, 12, 28)
"""What the tiny project has published when a test begins."""


class Silent:
    """Nobody watches."""

    def begin(self, step: str) -> None:
        """Says nothing."""

    def say(self, message: str) -> None:
        """Says nothing."""

    def count(self, done: int, total: int, name: str) -> None:
        """Says nothing."""


def run(home: Home, day: date) -> None:
    """A whole run for a date, as the command line makes it."""
    run_job(home, "daily", Silent(), as_of=day, weeks=0)


def publish(home: Home) -> None:
    """What `rekindle publish` does, without a name."""
    try:
        build = waiting_build(home)
    except AlreadyPublished:
        remove_leftovers(home)
        return
    run_job(home, "publish", Silent(), as_of=build.as_of_date)


def repeat_from_failure(home: Home, day: date) -> None:
    """What the page does for a failed run of a date when somebody re-executes it from its failed step."""
    from dagster import DagsterRunStatus, ReexecutionOptions, RunsFilter, execute_job
    from dagster._core.definitions.reconstruct import ReconstructableRepository

    job = ReconstructableRepository.for_module("orchestration.definitions", "defs", None)
    with opened_instance(home) as instance:
        close_abandoned_runs(instance)
        [failed] = instance.get_runs(
            RunsFilter(statuses=[DagsterRunStatus.FAILURE], tags={"dagster/partition": f"{day}"})
        )
        options = ReexecutionOptions.from_failure(failed.run_id, instance)
        repeated = execute_job(
            job.get_reconstructable_job("daily"), instance, reexecution_options=options, tags=failed.tags
        )
        assert repeated.success


def killed(work: Callable[..., None], *arguments: object, step: int, after: str = "") -> bool:
    """Whether the work was killed before a step that writes; not, where it has fewer.

    Args:
        work: What to do.
        arguments: For it.
        step: The step, counted from 1.
        after: Count only from the first one that names this.
    """

    def watched() -> None:
        die_before(step, after)
        work(*arguments)

    return in_a_fork(watched) == -signal.SIGKILL


def content_of(home: Home, manifest: Manifest) -> tuple[str, date, date]:
    """Which build a version's tables say they are, of which date, and their newest state."""
    file = home.serving / "builds" / manifest.build_id / "rekindle.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        [(build_id, as_of)] = connection.execute(
            "select build_id, as_of_date from staging.stg_rekindle__builds"
        ).fetchall()
        [(newest,)] = connection.execute("select max(as_of_date) from marts.member_lifecycle").fetchall()
    return build_id, as_of, newest


def said_by(manifest: Manifest) -> tuple[str, date, date]:
    """The same as the manifest has it."""
    return manifest.build_id, manifest.as_of_date, manifest.as_of_dates[-1]


def check(home: Home) -> None:
    """What holds whoever was killed: versions have the content of their own date, readers a whole one."""
    assert verify(home) == []
    for version in list_versions(home):
        assert verify(home, version.build_id) == []
        found, said = content_of(home, version.manifest), said_by(version.manifest)
        assert found == said, f"{found} published as {said}"


def readers_date(home: Home) -> date:
    """The as-of date of what readers get."""
    return read_manifest(home, current_version(home)).as_of_date


def one_day_overtaken(home: Home, seed: int) -> None:
    """A run is killed in its SQL, a later date published, then the first repeated from its failed step."""
    killed_day, later = PUBLISHED + timedelta(days=1), PUBLISHED + timedelta(days=3)
    step = random.Random(seed).randint(1, 4)
    assert killed(run, home, killed_day, step=step, after=".log"), "it was not killed"
    assert in_a_fork(run, home, later) == 0
    assert in_a_fork(repeat_from_failure, home, killed_day) == 0
    check(home)
    dates = {version.manifest.as_of_date for version in list_versions(home)}
    assert dates == {PUBLISHED, killed_day, later}, dates
    assert readers_date(home) == later


def many_kills(home: Home, seed: int, kills: int) -> None:
    """Runs for days around the published one, killed anywhere; then some are published, some run again."""
    chance = random.Random(seed)
    done = 0
    while done < kills:
        day = PUBLISHED + timedelta(days=chance.randint(-3, 6))
        before, step = readers_date(home), chance.randint(1, 160)
        note_asked(home, [day])
        if chance.random() < 0.5:  # By dbt; else what was kept of a former build is executed.
            shutil.rmtree(DBT_PROJECT_DIR / "target" / "sql", ignore_errors=True)
        was_killed = killed(run, home, day, step=step, after=f"{day}-")
        done += was_killed
        sys.stdout.write(f"{done}: as of {day}, step {step}, readers at {readers_date(home)}\n")
        check(home)
        assert readers_date(home) >= before, "readers went back in time"
        if was_killed and chance.random() < 0.5:
            try:
                is_ready = waiting_build(home).audit_file.exists()
            except AlreadyPublished:
                is_ready = True
            except WhichBuild:
                is_ready = False
            if not is_ready:
                continue  # Killed before its audit, so that publish refuses it and only another run helps.
            assert in_a_fork(publish, home) == 0
        elif was_killed:
            assert in_a_fork(run, home, day) == 0
            assert day not in open_dates(home), "a date that is published is still asked for"
        check(home)
        assert readers_date(home) >= before
    for day in sorted(open_dates(home)):
        assert in_a_fork(run, home, day) == 0
    check(home)
    assert open_dates(home) == set(), "a date is open though its run succeeded"
    assert readers_date(home) == max(version.manifest.as_of_date for version in list_versions(home))


if __name__ == "__main__":
    from orchestration.definitions import defs
    from orchestration.warehouse.dbt import parsed_project

    defs.resolve_job_def("daily")
    parsed_project()
    scenario, folder, *numbers = sys.argv[1:]
    os.environ[HOME_VARIABLE] = folder
    globals()[scenario](Home(Path(folder)), *map(int, numbers))
