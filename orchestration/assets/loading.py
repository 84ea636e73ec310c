"""Loaded tables and the opened build: what dbt reads, as assets.

Belongs here: calling the loader, opening a build, showing rows in, loaded, quarantined and dropped.
Does not: checking rows (orchestration.loader), choosing as-of dates (core.calendar).
Late imports: what brings scipy, dbt or pictures loads with the first run, not with every page.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    Config,
    Failure,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    multi_asset,
)
from pydantic import Field

from orchestration.assets.current_build import OPENS_A_BUILD
from orchestration.assets.definition_files import SPECS as DEFINITION_SPECS
from orchestration.assets.models import MADE_LATER, MANIFEST, ONE_RETRY, POOL, sources_tagged, spec_of
from orchestration.core.calendar import as_of_dates_for
from orchestration.core.errors import RekindleError
from orchestration.core.summary import markdown_table
from orchestration.own_tables import OWN_SOURCE, read_own_table
from orchestration.partitions import AS_OF_DATES, ONE_BUILD
from orchestration.progress import Progress
from orchestration.project import STAGING_DIR, Home
from orchestration.resources import BuildLock, Clock, Warehouse

if TYPE_CHECKING:
    from orchestration.loader import TableLoad

BUILD_INPUTS = {
    AssetKey(["rekindle", table])
    for table in (
        "as_of_dates", "builds", "definition_hashes", "sealed_decisions", "sealed_touches", "sealed_weeks",
    )
}  # fmt: skip
"""Rekindle's own tables that a build begins with."""

_SOURCES = [spec_of(unique_id) for unique_id in MANIFEST["sources"]]
_MADE_LATER = {spec.key for tag in MADE_LATER for spec in sources_tagged(tag)}
SOURCE_TABLE_SPECS = [spec for spec in _SOURCES if spec.key not in BUILD_INPUTS | _MADE_LATER]
BUILD_INPUT_SPECS = [
    spec.replace_attributes(deps=[before.key for before in (*SOURCE_TABLE_SPECS, *DEFINITION_SPECS)])
    for spec in _SOURCES
    if spec.key in BUILD_INPUTS
]


DELIVERED_SPECS = [spec for spec in SOURCE_TABLE_SPECS if spec.key.path[0] != OWN_SOURCE]
AS_USUAL = "deliveries_as_usual"
ASKED_BY_A_SENSOR = "dagster/sensor_name"
"""Tag of the runs that a sensor asked for."""


@multi_asset(
    name="load_deliveries",
    specs=SOURCE_TABLE_SPECS,
    check_specs=[
        AssetCheckSpec(
            AS_USUAL,
            asset=spec.key,
            description="The newest delivery as a whole is as usual (seeds/sources/delivery_checks.csv).",
        )
        for spec in DELIVERED_SPECS
    ],
    retry_policy=ONE_RETRY,
    pool=POOL,
)
def source_tables(
    context: AssetExecutionContext,
    home: ResourceParam[Home],
    lock: BuildLock,
    clock: Clock,
    progress: ResourceParam[Progress],
) -> Iterator[MaterializeResult]:
    """Validates new deliveries and loads what meets the contracts."""
    from orchestration.erasing.people import finish_purge, purge_requested
    from orchestration.loader import load
    from orchestration.loader.contracts import read_contracts
    from orchestration.loader.records import tell_what_is_loaded
    from orchestration.loader.settled import note_settled, what_is_read

    progress.begin("load")

    def say(message: str) -> None:
        progress.say(message)
        context.log.info(message)

    try:
        read = what_is_read(home)
        contracts = read_contracts(STAGING_DIR, home)
        finish_purge(home, contracts)
        load(home, contracts, say, today=clock.now().date())
        purge_requested(home, contracts, say)
        tables = tell_what_is_loaded(home, contracts)
        note_settled(home, read)
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
    rows = sorted(tables, key=lambda row: (row.contract, row.table, row.source, str(row.delivered_on)))
    by_table = {key: list(group) for key, group in groupby(rows, lambda row: (row.contract, row.table))}
    for spec in SOURCE_TABLE_SPECS:
        deliveries = by_table.get(tuple(spec.key.path), [])
        told = [as_usual(spec.key, deliveries)] if spec in DELIVERED_SPECS else []
        if not deliveries:
            yield MaterializeResult(asset_key=spec.key, check_results=told)
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
                "notes": MetadataValue.md(
                    markdown_table(
                        ["delivered", "note"],
                        [
                            (str(row.delivered_on), note)
                            for row in deliveries
                            for note in (*row.findings, *row.notes)
                        ],
                    )
                ),
            },
            check_results=told,
        )


def as_usual(asset: AssetKey, deliveries: list["TableLoad"]) -> AssetCheckResult:
    """Whether the newest delivery of a table is as usual: a warning, for it is loaded already."""
    findings = deliveries[-1].findings if deliveries else ()
    return AssetCheckResult(
        check_name=AS_USUAL,
        asset_key=asset,
        passed=not findings,
        severity=AssetCheckSeverity.WARN,
        metadata={"not as usual": "\n".join(findings) or "none"},
    )


def refuse_no_longer_due(tags: Mapping[str, str], asked: Collection[date], until: date | None) -> None:
    """Fail a run that a sensor asked for and whose day has no orders: only loading tells that none counts.

    Args:
        tags: The tags of the run.
        asked: Its as-of dates.
        until: Date of the newest delivery of orders of which any row counts.

    Raises:
        Failure: It was due by a delivery of which no row could be loaded.
    """
    if ASKED_BY_A_SENSOR in tags and (until is None or max(asked) > until):
        raise Failure(
            f"{max(asked)} is not due any more: no row of the orders delivered could be loaded "
            f"(orders count until {until or 'never'}). Nothing was built. See: rekindle quarantine",
            allow_retries=False,
        )


class History(Config):
    """How far back a build goes."""

    weeks: int = Field(default=52, ge=0, description="Sundays before the as-of date that get a state too.")
    with_history: bool = Field(
        default=False,
        description="Decide those Sundays anew; else what an earlier version told of them stays.",
    )


@multi_asset(
    name=OPENS_A_BUILD,
    specs=BUILD_INPUT_SPECS,
    partitions_def=AS_OF_DATES,
    backfill_policy=ONE_BUILD,
    retry_policy=ONE_RETRY,
    pool=POOL,
)
def build_inputs(
    context: AssetExecutionContext,
    config: History,
    home: ResourceParam[Home],
    lock: BuildLock,
    warehouse: Warehouse,
) -> Iterator[MaterializeResult]:
    """Makes an empty build and tells dbt its as-of dates."""
    from orchestration.ledger.opening import start_build
    from orchestration.warehouse.code_version import code_version

    asked = [date.fromisoformat(key) for key in context.partition_keys]
    refuse_no_longer_due(context.run.tags, asked, warehouse.orders_delivered_until())
    dates = {day for as_of in asked for day in as_of_dates_for(as_of, config.weeks)}
    build = start_build(
        home,
        dates,
        run_id=context.run_id,
        code_version=code_version(),
        with_history=config.with_history,
    )
    because = [
        (str(row["as_of_date"]), row["computed_because"])
        for row in read_own_table(build, "as_of_dates")
        if row["is_computed"]
    ]
    for spec in BUILD_INPUT_SPECS:
        yield MaterializeResult(
            asset_key=spec.key,
            metadata={
                "build": build.build_id,
                "as of": build.as_of_date.isoformat(),
                "as-of dates": len(build.as_of_dates),
                "made anew": MetadataValue.md(markdown_table(["as-of date", "because"], because)),
                "code version": build.code_version,
            },
        )
