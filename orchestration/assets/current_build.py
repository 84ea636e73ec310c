"""Which build a step works on.

Belongs here: finding it by the run and the partition.
Does not: starting one (loading), what is done with it.
Late imports: what brings scipy, dbt or pictures loads with the first run, not with every page.
"""

from typing import TYPE_CHECKING

from dagster import AssetExecutionContext, Failure

from orchestration.core.errors import RekindleError
from orchestration.partitions import as_of_date_of
from orchestration.project import Home

if TYPE_CHECKING:
    from orchestration.warehouse.builds import Build

OPENS_A_BUILD = "open_build"
"""The step that makes a run's own build."""


def own_build(context: AssetExecutionContext, home: Home) -> "Build | None":
    """The build that this run started, or the run that it repeats from a failed step."""
    from orchestration.warehouse.builds import build_of_run

    runs = (context.run.run_id, context.run.parent_run_id, context.run.root_run_id)
    return next((build for run_id in runs if run_id and (build := build_of_run(home, run_id))), None)


def build_of_step(context: AssetExecutionContext, home: Home, build_id: str = "") -> "Build":
    """The build to work on: by its name, of this run, or the only one of the partition.

    A run that makes a build of its own works on no other, also when it is repeated from a failed step.

    Raises:
        Failure: There is none, or there are several and none is named.
    """
    from orchestration.warehouse.builds import waiting_build

    try:
        if not build_id and (own := own_build(context, home)):
            return own
        if not build_id and context.job_def.has_node_named(OPENS_A_BUILD):
            raise RekindleError(
                "the build of this run is gone: of those that were not published only the newest stay. "
                f"Start {as_of_date_of(context)} anew"
            )
        return waiting_build(home, build_id=build_id or None, as_of_date=as_of_date_of(context))
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
