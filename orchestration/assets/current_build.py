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


def own_build(context: AssetExecutionContext, home: Home) -> "Build | None":
    """The build that this run started, or the run that it repeats from a failed step."""
    from orchestration.warehouse.builds import build_of_run

    runs = (context.run.run_id, context.run.parent_run_id, context.run.root_run_id)
    return next((build for run_id in runs if run_id and (build := build_of_run(home, run_id))), None)


def finished_build(context: AssetExecutionContext, home: Home, build_id: str = "") -> "Build":
    """The build to audit or to publish: by its name, of this run, or the only one of the partition.

    Raises:
        Failure: There is none, or there are several and none is named.
    """
    from orchestration.warehouse.builds import waiting_build

    try:
        own = None if build_id else own_build(context, home)
        return own or waiting_build(home, build_id=build_id or None, as_of_date=as_of_date_of(context))
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error


def build_at_work(context: AssetExecutionContext, home: Home) -> "Build":
    """The build to go on with: like :func:`finished_build`, and the one whose dates dbt's sources hold.

    Raises:
        Failure: Another build was started since.
    """
    from orchestration.warehouse.builds import build_under_way

    build, under_way = finished_build(context, home), build_under_way(home)
    if build.build_id != under_way:
        raise Failure(
            f"build {build.build_id} cannot go on, for {under_way} was started since; start its date anew",
            allow_retries=False,
        )
    return build
