"""A Dagster run in this process: what the command line starts, and the UI shows afterwards.

Belongs here: starting a job under the home's instance, and bringing back its error as the user's.
Does not: choosing dates (cli), what a job does (jobs, assets).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from orchestration.core.errors import RekindleError
from orchestration.instance import PROCESS_TAG, close_abandoned_runs, opened_instance
from orchestration.progress import RELAY, Progress
from orchestration.project import Home

if TYPE_CHECKING:
    from dagster import AssetKey


class RunFailed(RekindleError):
    """A run failed for a reason nobody foresaw; Dagster has the traceback."""


def run_job(
    home: Home,
    job: str,
    progress: Progress,
    *,
    as_of: date | None = None,
    weeks: int | None = None,
    without_loading: bool = False,
) -> None:
    """Run a job here and now.

    Args:
        home: The home; also named in the environment, as for every process that works on it.
        job: Name of the job.
        progress: Is told how far it is.
        as_of: The as-of date; None for a job without.
        weeks: Sundays of history before it; None for the default.
        without_loading: Leave out the loading that ``daily`` starts with, because it was just done.

    Raises:
        RekindleError: What the step said; ``Busy`` when another process is at work.
    """
    from orchestration.warehouse.lock import hold_build_lock

    # Asked before the run exists, so that whoever comes second leaves no failed run behind.
    with hold_build_lock(home, f"starting {job}"), opened_instance(home) as instance:
        close_abandoned_runs(instance)

    from dagster import DagsterExecutionInterruptedError

    from orchestration.definitions import defs

    definition = defs.resolve_job_def(job)
    config: dict[str, object] = {
        # A failed step is told once, by the command line; the traceback stays in Dagster's log.
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}
    }
    if weeks is not None:
        config["ops"] = {"open_build": {"config": {"weeks": weeks}}}
    with opened_instance(home) as instance, RELAY.watched_by(progress):
        try:
            definition.execute_in_process(
                run_config=config,
                instance=instance,
                partition_key=as_of.isoformat() if as_of else None,
                asset_selection=_all_but_loading() if without_loading else None,
                tags={PROCESS_TAG: str(os.getpid())},
            )
        except DagsterExecutionInterruptedError:
            raise KeyboardInterrupt from None
        except Exception as error:
            raise _as_told_to_users(error, home) from error


def _all_but_loading() -> Sequence[AssetKey]:
    from orchestration.definitions import defs
    from orchestration.jobs import LOADING

    graph = defs.resolve_asset_graph()
    return sorted(graph.materializable_asset_keys - LOADING.resolve(graph))


def _as_told_to_users(error: Exception, home: Home) -> RekindleError:
    """The step's own error, however deep Dagster wrapped it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, RekindleError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return RunFailed(
        f"The run failed unexpectedly: {type(error).__name__}: {' '.join(str(error).split())[:300]}\n"
        f"The whole log is in Dagster ({home.dagster}); look at it with: rekindle ui"
    )
