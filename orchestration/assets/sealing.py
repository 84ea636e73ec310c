"""The week's audiences: proposed by what is published, judged, and sealed into the ledger.

Belongs here: the order propose, judge, seal; what each shows.
Does not: judging (core.audience_checks), writing the ledger (orchestration.warehouse).
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
from orchestration.assets.publishing import PUBLISHED
from orchestration.audience_tables import OUTCOMES, members_by_campaign, waterfall_rows
from orchestration.core.audience_checks import PROVES, judged
from orchestration.core.errors import RekindleError
from orchestration.core.summary import markdown_table
from orchestration.partitions import CAMPAIGN_WEEKS
from orchestration.progress import Progress
from orchestration.resources import BuildLock, Business

GROUP = "ledger"
PROPOSED = AssetKey([GROUP, "proposed_audience"])
SEALED = AssetKey([GROUP, "sealed_audience"])

# A week is decided by the state of the Sunday before it, the last day of the week before.
WEEK_BEFORE = TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)


@asset(
    key=PROPOSED,
    group_name=GROUP,
    kinds={"duckdb", "altair"},
    deps=[AssetDep(PUBLISHED, partition_mapping=WEEK_BEFORE)],
    partitions_def=CAMPAIGN_WEEKS,
    check_specs=[
        AssetCheckSpec(name, asset=PROPOSED, description=proves, blocking=True)
        for name, proves in PROVES.items()
    ],
    pool=POOL,
)
def proposed_audience(
    context: AssetExecutionContext, business: Business, lock: BuildLock, progress: ResourceParam[Progress]
) -> MaterializeResult:
    """Who enters which campaign in the week, as published; a failed check blocks the seal."""
    from orchestration.report.waterfall_picture import waterfall_svg
    from orchestration.warehouse.audience_reading import read_audiences, settings

    progress.begin("check")
    try:
        audiences = read_audiences(business.home, date.fromisoformat(context.partition_key))
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
    waterfall = audiences.rows["waterfall"]
    title = f"Campaign week {audiences.campaign_week}"
    picture = b64encode(waterfall_svg(members_by_campaign(waterfall), OUTCOMES[1:], title).encode()).decode()
    headings = ["campaign", *(f"{label.english} {label.chinese}" for label in OUTCOMES)]
    return MaterializeResult(
        metadata={
            "waterfall": MetadataValue.md(markdown_table(headings, waterfall_rows(waterfall))),
            "picture": MetadataValue.md(f"![waterfall](data:image/svg+xml;base64,{picture})"),
        },
        check_results=[
            AssetCheckResult(
                check_name=judgement.check,
                asset_key=PROPOSED,
                passed=not judgement.faults,
                severity=AssetCheckSeverity.ERROR,
                metadata={
                    "campaigns at fault": len(judgement.faults),
                    "at fault": "\n".join(judgement.faults) or "none",
                    "all": MetadataValue.md(markdown_table(judgement.headings, judgement.rows)),
                },
            )
            for judgement in judged(audiences.rows, float(settings()["sample_ratio_stop_below"]))
        ],
    )


@asset(
    key=SEALED,
    group_name=GROUP,
    kinds={"parquet"},
    deps=[PROPOSED],
    partitions_def=CAMPAIGN_WEEKS,
    pool=POOL,
)
def sealed_audience(
    context: AssetExecutionContext, business: Business, lock: BuildLock, progress: ResourceParam[Progress]
) -> MaterializeResult:
    """The week in the ledger, written once: a folder per campaign with decisions, touches and manifest."""
    from orchestration.warehouse.sealing import seal_published

    progress.begin("seal")
    week = date.fromisoformat(context.partition_key)
    try:
        made, before = seal_published(business.home, week)
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
    headings = ["campaign", "version", "matched", "included", "touches", "definition"]
    return MaterializeResult(
        metadata={
            "sealed now": len(made),
            "sealed before": len(before),
            "folder": MetadataValue.path(str(business.home.ledger)),
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
