"""Reports on what was just published, shown where it was made.

Belongs here: attaching tables and pictures to the run.
Does not: computing (dbt), layout and drawing (orchestration.report).
"""

from base64 import b64encode

from dagster import AssetKey, MaterializeResult, MetadataValue, ResourceParam, asset

from orchestration.assets.models import POOL
from orchestration.assets.publishing import GROUP, PUBLISHED
from orchestration.partitions import AS_OF_DATES, ONE_BUILD
from orchestration.progress import Progress
from orchestration.resources import BuildLock, Business

CHURN_REPORT = AssetKey([GROUP, "churn_report"])


@asset(
    key=CHURN_REPORT,
    group_name=GROUP,
    kinds={"duckdb", "altair"},
    deps=[PUBLISHED],
    partitions_def=AS_OF_DATES,
    backfill_policy=ONE_BUILD,
    pool=POOL,
)
def churn_report(business: Business, lock: BuildLock, progress: ResourceParam[Progress]) -> MaterializeResult:
    """How well past scores told who would buy nothing, with the reliability plot."""
    from orchestration.report.churn_figures import NothingToReport, read_figures
    from orchestration.report.churn_page import churn_page
    from orchestration.report.churn_picture import reliability_svg

    progress.begin("report")
    try:
        figures = read_figures(business.home.published_file)
    except NothingToReport as error:
        return MaterializeResult(metadata={"said": str(error)})
    picture = b64encode(reliability_svg(figures, f"As of {figures.as_of_date}").encode()).decode()
    return MaterializeResult(
        metadata={
            "backtest": MetadataValue.md(churn_page(figures)),
            "reliability": MetadataValue.md(f"![reliability](data:image/svg+xml;base64,{picture})"),
        }
    )
