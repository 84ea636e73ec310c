"""Reports on what was just published, shown where it was made.

Belongs here: attaching tables and pictures to the run.
Does not: computing (dbt), layout and drawing (orchestration.report).
Late imports: what brings scipy, dbt or pictures loads with the first run, not with every page.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from dagster import (
    AssetDep,
    AssetExecutionContext,
    AssetKey,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    asset,
)

from orchestration.assets.models import POOL
from orchestration.assets.publishing import GROUP, WAREHOUSE
from orchestration.assets.sealing import GROUP as LEDGER
from orchestration.assets.sealing import WEEK_BEFORE
from orchestration.core.summary import markdown_table
from orchestration.partitions import AS_OF_DATES, CAMPAIGN_WEEKS, ONE_BUILD, as_of_date_of
from orchestration.progress import Progress
from orchestration.project import Home
from orchestration.resources import BuildLock

CHURN_REPORT = AssetKey([GROUP, "churn_report"])
READOUT = AssetKey([LEDGER, "experiment_readout"])
SHOWN = ("results", "money", "program", "proposals")


@asset(
    key=CHURN_REPORT,
    group_name=GROUP,
    kinds={"duckdb", "altair"},
    deps=[WAREHOUSE],
    partitions_def=AS_OF_DATES,
    backfill_policy=ONE_BUILD,
    pool=POOL,
)
def churn_report(
    context: AssetExecutionContext,
    home: ResourceParam[Home],
    lock: BuildLock,
    progress: ResourceParam[Progress],
) -> MaterializeResult:
    """How well past scores told who would buy nothing, with the reliability plot."""
    from orchestration.report.churn_figures import NothingToReport, read_figures
    from orchestration.warehouse.versions import list_versions

    progress.begin("report")
    # Of the date that was published, which readers do not get where theirs is a later one.
    day = as_of_date_of(context)
    files = [version.file for version in list_versions(home) if version.manifest.as_of_date == day]
    try:
        figures = read_figures(files[0] if files else home.published_file)
    except NothingToReport as error:
        return MaterializeResult(metadata={"said": str(error)})
    # Not before there is something to draw: altair takes as long to import as the rest of a small report.
    from orchestration.report.churn_page import churn_page
    from orchestration.report.churn_picture import reliability_svg

    picture = b64encode(reliability_svg(figures, f"As of {figures.as_of_date}").encode()).decode()
    return MaterializeResult(
        metadata={
            "backtest": MetadataValue.md(churn_page(figures)),
            "reliability": MetadataValue.md(f"![reliability](data:image/svg+xml;base64,{picture})"),
        }
    )


@asset(
    key=READOUT,
    group_name=LEDGER,
    kinds={"duckdb", "altair"},
    deps=[AssetDep(WAREHOUSE, partition_mapping=WEEK_BEFORE)],
    partitions_def=CAMPAIGN_WEEKS,
    pool=POOL,
)
def experiment_readout(
    home: ResourceParam[Home], lock: BuildLock, progress: ResourceParam[Progress]
) -> MaterializeResult:
    """What experiments say when the week begins: verdicts, money, the program, and effects as a picture."""
    from orchestration.readers.experiments import NoExperiments, read_experiments

    progress.begin("read-out")
    try:
        tables = {question: read_experiments(home, question) for question in (*SHOWN, "effects")}
    except NoExperiments as error:
        return MaterializeResult(metadata={"said": str(error)})
    metadata = {
        question: MetadataValue.md(markdown_table(columns, rows))
        for question, (columns, rows) in tables.items()
        if question in SHOWN and rows
    }
    columns, rows = tables["effects"]
    picture = _effects_picture([dict(zip(columns, row, strict=True)) for row in rows]) if rows else None
    if picture:
        metadata["effects"] = picture
    return MaterializeResult(
        metadata=metadata or {"said": "No experiment has members whose outcome is over."}
    )


def _effects_picture(rows: Sequence[Mapping[str, Any]]) -> MetadataValue | None:
    # Not before there is something to draw, as above.
    from orchestration.report.effects_picture import effects_svg

    picture = effects_svg(rows, "Everybody matured so far 迄今已满观察期的会员")
    if picture is None:
        return None
    return MetadataValue.md(f"![effects](data:image/svg+xml;base64,{b64encode(picture.encode()).decode()})")
