"""The week's audiences: proposed by what is published, checked, and sealed into the ledger.

Belongs here: the order propose, check, seal; what each shows.
Does not: evaluating (core.audience_checks), writing the ledger (orchestration.warehouse).
Late imports: what brings scipy, dbt or pictures loads with the first run, not with every page.
"""

from base64 import b64encode
from datetime import date

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetDep,
    AssetExecutionContext,
    AssetKey,
    Failure,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    TimeWindowPartitionMapping,
    asset,
)

from orchestration.assets.models import POOL
from orchestration.assets.publishing import WAREHOUSE
from orchestration.core.audience_checks import PROVES, evaluations
from orchestration.core.errors import RekindleError
from orchestration.core.summary import markdown_table
from orchestration.partitions import CAMPAIGN_WEEKS
from orchestration.progress import Progress
from orchestration.project import Home
from orchestration.readers.audience_tables import members_by_campaign, outcomes, waterfall_rows
from orchestration.resources import BuildLock

GROUP = "ledger"
PROPOSALS = AssetKey([GROUP, "audience_proposals"])
AUDIENCES = AssetKey([GROUP, "audiences"])

# A week is decided by the state of the Sunday before it, the last day of the week before.
WEEK_BEFORE = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)


@asset(
    key=PROPOSALS,
    group_name=GROUP,
    kinds={"duckdb", "altair"},
    deps=[AssetDep(WAREHOUSE, partition_mapping=WEEK_BEFORE)],
    partitions_def=CAMPAIGN_WEEKS,
    check_specs=[
        AssetCheckSpec(name, asset=PROPOSALS, description=proves, blocking=True)
        for name, proves in PROVES.items()
    ],
    pool=POOL,
)
def audience_proposals(
    context: AssetExecutionContext,
    home: ResourceParam[Home],
    lock: BuildLock,
    progress: ResourceParam[Progress],
) -> MaterializeResult:
    """Who enters which campaign in the week, as published; a failed check blocks the seal."""
    from orchestration.definitions_files.settings import read_settings
    from orchestration.readers.audiences import read_audiences
    from orchestration.report.waterfall_picture import waterfall_svg

    progress.begin("check")
    try:
        audiences = read_audiences(home, date.fromisoformat(context.partition_key))
        stop_below = float(read_settings("campaign_settings")["sample_ratio_stop_below"])
        lines = outcomes()
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
    waterfall = audiences.rows["waterfall"]
    title = f"Campaign week {audiences.campaign_week}"
    picture = b64encode(waterfall_svg(members_by_campaign(waterfall), lines[1:], title).encode()).decode()
    headings = ["campaign", *(f"{label.english} {label.chinese}" for label in lines)]
    return MaterializeResult(
        metadata={
            "waterfall": MetadataValue.md(markdown_table(headings, waterfall_rows(waterfall))),
            "picture": MetadataValue.md(f"![waterfall](data:image/svg+xml;base64,{picture})"),
        },
        check_results=[
            AssetCheckResult(
                check_name=evaluation.check,
                asset_key=PROPOSALS,
                passed=not evaluation.faults,
                severity=AssetCheckSeverity.ERROR,
                metadata={
                    "campaigns at fault": len(evaluation.faults),
                    "at fault": "\n".join(evaluation.faults) or "none",
                    "all": MetadataValue.md(markdown_table(evaluation.headings, evaluation.rows)),
                },
            )
            for evaluation in evaluations(audiences.rows, stop_below)
        ],
    )


@asset(
    key=AUDIENCES,
    group_name=GROUP,
    kinds={"parquet"},
    deps=[PROPOSALS],
    partitions_def=CAMPAIGN_WEEKS,
    pool=POOL,
)
def ledger_audiences(
    context: AssetExecutionContext,
    home: ResourceParam[Home],
    lock: BuildLock,
    progress: ResourceParam[Progress],
) -> MaterializeResult:
    """The week in the ledger, written once: a folder per campaign with decisions, touches and manifest."""
    from orchestration.ledger.sealing import seal_published

    progress.begin("seal")
    week = date.fromisoformat(context.partition_key)
    try:
        made, before = seal_published(home, week)
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
    headings = ["campaign", "version", "matched", "included", "touches", "definition"]
    return MaterializeResult(
        metadata={
            "sealed now": len(made),
            "sealed before": len(before),
            "folder": MetadataValue.path(str(home.ledger)),
            "seals": MetadataValue.md(
                markdown_table(
                    headings,
                    [
                        (
                            each.campaign,
                            each.version,
                            each.counts["decisions"],
                            each.counts["included"],
                            each.counts["touches"],
                            each.definition_hash[:12],
                        )
                        for each in sorted((*made, *before), key=lambda each: each.campaign)
                    ],
                )
            ),
        }
    )
