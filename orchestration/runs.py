"""A Dagster run in this process: what the command line starts, and the UI shows afterwards.

Belongs here: starting a job under the home's instance, and bringing back its error as the user's.
Does not: choosing dates (cli), what a job does (jobs, assets).
Late imports: Dagster loads once it is known that a run may start.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import uuid4

from orchestration.core.errors import RekindleError
from orchestration.dagster_home.instance import PROCESS_TAG, close_abandoned_runs, opened_instance
from orchestration.failures import in_words
from orchestration.progress import RELAY, Progress
from orchestration.project import Home

if TYPE_CHECKING:
    from dagster import AssetKey, DagsterInstance


class CheckFailed(RekindleError):
    """What a run made did not pass a check that blocks the next step."""


class DefinitionsAtFault(CheckFailed):
    """Rows of definitions that may not be built."""

    exit_code = 2


def run_job(
    home: Home,
    job: str,
    progress: Progress,
    *,
    as_of: date | None = None,
    weeks: int | None = None,
    with_history: bool = False,
    build_id: str | None = None,
    without_loading: bool = False,
) -> str:
    """Run a job here and now.

    Args:
        home: The home; also named in the environment, as for every process that works on it.
        job: Name of the job.
        progress: Gets the progress.
        as_of: The as-of date, or the Monday of a campaign week; None for a job without.
        weeks: Sundays of history before it; None for the default.
        with_history: Decide them anew, also those that an earlier version tells of.
        build_id: The build to publish, where several of the as-of date wait, or whatever its date.
        without_loading: Leave out the loading that ``daily`` starts with, because it was just done.

    Returns:
        The id of the run.

    Raises:
        InputFault: There can be no run for that day.
        RekindleError: What the step said; ``Busy`` when another process is at work.
    """
    from orchestration.warehouse.lock import hold_build_lock

    # Asked before the run exists, so that whoever comes second leaves no failed run behind.
    with hold_build_lock(home, f"starting {job}"), opened_instance(home) as instance:
        close_abandoned_runs(instance)

    from orchestration.warehouse.prepared import is_prepared

    if not is_prepared(seed_rows=False):
        # Assets and checks are those of the manifest: an older one has others than the build will have.
        from orchestration.warehouse.dbt import prepare

        prepare()

    from dagster import DagsterExecutionInterruptedError

    from orchestration.definitions import defs
    from orchestration.partitions import refuse_impossible

    definition = defs.resolve_job_def(job)
    if as_of is not None:
        refuse_impossible(as_of, definition.partitions_def)
    config: dict[str, object] = {
        # A failed step is printed once, by the command line; the traceback stays in Dagster's log.
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}
    }
    if weeks is not None:
        config["ops"] = {"open_build": {"config": {"weeks": weeks, "with_history": with_history}}}
    if build_id is not None:
        config["ops"] = {"publishing__warehouse": {"config": {"build": build_id}}}
    run_id = str(uuid4())
    with opened_instance(home) as instance, RELAY.watched_by(progress):
        try:
            definition.execute_in_process(
                run_config=config,
                instance=instance,
                partition_key=as_of.isoformat() if as_of else None,
                asset_selection=_daily_without_loading() if without_loading else None,
                run_id=run_id,
                tags={PROCESS_TAG: str(os.getpid())},
            )
        except DagsterExecutionInterruptedError:
            raise KeyboardInterrupt from None
        except Exception as error:
            raise _failed_check(instance, run_id) or _as_told_to_users(error, home) from error
    return run_id


def _daily_without_loading() -> Sequence[AssetKey]:
    from orchestration.definitions import defs
    from orchestration.jobs import DAILY, LOADING

    graph = defs.resolve_asset_graph()
    return sorted((DAILY - LOADING).resolve(graph))


def _failed_check(instance: DagsterInstance, run_id: str) -> CheckFailed | None:
    """What each failed check that blocks said of itself; the step that ran it reports a test of dbt."""
    from dagster import AssetCheckSeverity, DagsterEventType

    from orchestration.assets.models import DEFINITIONS

    records = instance.get_records_for_run(run_id, of_type=DagsterEventType.ASSET_CHECK_EVALUATION).records
    events = [record.event_log_entry.dagster_event for record in records]
    failed = [
        each
        for each in (event.asset_check_evaluation_data for event in events if event)
        if each.blocking
        and not each.passed
        and each.severity is AssetCheckSeverity.ERROR
        and "at fault" in each.metadata
    ]
    told = "\n".join(
        f"{each.check_name.replace('_', ' ')}: no\n  "
        + str(each.metadata["at fault"].value).replace("\n", "\n  ")
        for each in failed
    )
    if any(each.asset_key.path[0] == DEFINITIONS for each in failed):
        return DefinitionsAtFault(f"Nothing was built, the publication is as it was.\n{told}")
    return CheckFailed(told) if failed else None


def _as_told_to_users(error: Exception, home: Home) -> RekindleError:
    """The step's own error, however deep Dagster wrapped it; wrappings may name each other in a circle."""
    from dagster._core.errors import DagsterMaxRetriesExceededError

    cause: BaseException | None = error
    met: set[int] = set()
    told: str | None = None
    is_its_cause = True  # What was met on the way, and handled, is not why the run failed.
    while cause is not None and id(cause) not in met:
        if isinstance(cause, RekindleError):
            return cause
        told = (in_words(cause, home) if is_its_cause else None) or told
        # After a retry Dagster says only in words what failed at last; it is what was being handled then.
        is_retried = isinstance(cause, DagsterMaxRetriesExceededError)
        is_its_cause = is_its_cause and (is_retried or cause.__cause__ is not None)
        met.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    if told:
        return RekindleError(told)
    return RekindleError(
        f"The run failed unexpectedly: {type(error).__name__}: {' '.join(str(error).split())[:300]}\n"
        f"The whole log is in Dagster ({home.dagster}); look at it with: rekindle ui"
    )
