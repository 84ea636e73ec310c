"""Loaded tables and the opened build: what dbt reads, as assets.

Belongs here: calling the loader, opening a build, showing rows in, loaded, quarantined and dropped.
Does not: checking rows (orchestration.loader), choosing as-of dates (core.calendar).
Late imports: what brings scipy, dbt or pictures loads with the first run, not with every page.
"""

from collections.abc import Iterator
from itertools import groupby

from dagster import (
    AssetExecutionContext,
    AssetSpec,
    Config,
    Failure,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    multi_asset,
)
from pydantic import Field

from orchestration.assets.models import MANIFEST, ONE_RETRY, POOL, TRANSLATOR
from orchestration.core.calendar import as_of_dates_for
from orchestration.core.errors import RekindleError
from orchestration.core.summary import markdown_table
from orchestration.partitions import AS_OF_DATES, ONE_BUILD
from orchestration.progress import Progress
from orchestration.project import STAGING_DIR, Home
from orchestration.resources import BuildLock

BUILD_INPUTS = {
    "as_of_dates", "builds", "definition_hashes", "sealed_decisions", "sealed_touches", "sealed_weeks",
}  # fmt: skip
"""Rekindle's own tables that belong to a build."""
FITTED = {source["name"] for source in MANIFEST["sources"].values() if "fitted" in source["tags"]}
"""Rekindle's own tables that fits make (churn_model)."""
EVALUATED = {source["name"] for source in MANIFEST["sources"].values() if "evaluated" in source["tags"]}
"""Rekindle's own tables that evaluating experiments makes (experiments); all others belong to the loading."""

SOURCES = [
    (source["source_name"], source["name"], TRANSLATOR.get_asset_spec(MANIFEST, unique_id, None))
    for unique_id, source in MANIFEST["sources"].items()
]


def _is_among(tables: set[str], source: str, table: str) -> bool:
    return source == "rekindle" and table in tables


def _spec(spec: AssetSpec, **attributes: object) -> AssetSpec:
    """What dbt says about a source, without dbt's own bookkeeping."""
    return AssetSpec(
        key=spec.key,
        description=spec.description,
        group_name=spec.group_name,
        kinds={"parquet"},
        **attributes,
    )


SOURCE_TABLE_SPECS = [
    _spec(spec)
    for source, table, spec in SOURCES
    if not _is_among(BUILD_INPUTS | FITTED | EVALUATED, source, table)
]
BUILD_INPUT_SPECS = [
    _spec(spec, deps=[loaded.key for loaded in SOURCE_TABLE_SPECS])
    for source, table, spec in SOURCES
    if _is_among(BUILD_INPUTS, source, table)
]


@multi_asset(name="load_deliveries", specs=SOURCE_TABLE_SPECS, retry_policy=ONE_RETRY, pool=POOL)
def source_tables(
    context: AssetExecutionContext,
    home: ResourceParam[Home],
    lock: BuildLock,
    progress: ResourceParam[Progress],
) -> Iterator[MaterializeResult]:
    """Validates new deliveries and loads what meets the contracts."""
    from orchestration.erasing.people import finish_purge, purge_requested
    from orchestration.loader import load
    from orchestration.loader.contracts import read_contracts
    from orchestration.loader.loading import tell_what_is_loaded

    progress.begin("load")

    def say(message: str) -> None:
        progress.say(message)
        context.log.info(message)

    try:
        contracts = read_contracts(STAGING_DIR)
        finish_purge(home, contracts)
        load(home, contracts, say)
        purge_requested(home, contracts, say)
        tables = tell_what_is_loaded(home, contracts)
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
    rows = sorted(tables, key=lambda row: (row.source, row.table))
    by_table = {key: list(group) for key, group in groupby(rows, lambda row: (row.source, row.table))}
    for spec in SOURCE_TABLE_SPECS:
        deliveries = by_table.get(tuple(spec.key.path), [])
        if not deliveries:
            yield MaterializeResult(asset_key=spec.key)
            continue
        yield MaterializeResult(
            asset_key=spec.key,
            metadata={
                "dagster/row_count": sum(row.rows_loaded for row in deliveries),
                "rows quarantined": sum(row.rows_quarantined for row in deliveries),
                "deliveries": MetadataValue.md(
                    markdown_table(
                        ["delivered", "in", "loaded", "quarantined", "exact duplicates"],
                        [
                            (
                                str(row.delivered_on or "never"),
                                row.rows_in,
                                row.rows_loaded,
                                row.rows_quarantined,
                                row.exact_duplicates,
                            )
                            for row in deliveries
                        ],
                    )
                ),
            },
        )


class History(Config):
    """How far back a build goes."""

    weeks: int = Field(default=52, ge=0, description="Sundays before the as-of date that get a state too.")


@multi_asset(
    name="open_build",
    specs=BUILD_INPUT_SPECS,
    partitions_def=AS_OF_DATES,
    backfill_policy=ONE_BUILD,
    retry_policy=ONE_RETRY,
    pool=POOL,
)
def build_inputs(
    context: AssetExecutionContext, config: History, home: ResourceParam[Home], lock: BuildLock
) -> Iterator[MaterializeResult]:
    """Makes an empty build and tells dbt its as-of dates."""
    from datetime import date

    from orchestration.definitions_files.campaigns import check_campaigns
    from orchestration.definitions_files.tags import check_definitions
    from orchestration.ledger.opening import start_build
    from orchestration.warehouse.builds import code_version

    asked = sorted(date.fromisoformat(key) for key in context.partition_keys)
    # Before anything is built: definitions that are at fault cost no time and touch nothing.
    try:
        check_definitions(asked[-1])
        check_campaigns(asked[-1])
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
    dates = {day for as_of in asked for day in as_of_dates_for(as_of, config.weeks)}
    build = start_build(home, dates, run_id=context.run_id, code_version=code_version())
    for spec in BUILD_INPUT_SPECS:
        yield MaterializeResult(
            asset_key=spec.key,
            metadata={
                "build": build.build_id,
                "as of": build.as_of_date.isoformat(),
                "as-of dates": len(build.as_of_dates),
                "code version": build.code_version,
            },
        )
