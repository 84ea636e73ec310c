"""The audit and the switch: a build becomes what readers get.

Belongs here: the order audit, then publish; what both show.
Does not: how either is done (orchestration.warehouse).
Late imports: what brings scipy, dbt or pictures loads with the first run, not with every page.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetObservation,
    Config,
    Failure,
    FreshnessPolicy,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    asset,
)
from pydantic import Field

from orchestration.assets.current_build import build_of_step
from orchestration.assets.models import ONE_RETRY, POOL, fitted_models, result_models, warehouse_models
from orchestration.core.errors import RekindleError
from orchestration.core.summary import markdown_table
from orchestration.partitions import AS_OF_DATES, ONE_BUILD
from orchestration.progress import Progress
from orchestration.project import Home
from orchestration.readers.states import (
    CHURN_ALARMS,
    SIGNAL_HEADINGS,
    SILENT_SIGNALS,
    STATES,
    UNMATCHED,
    UNMATCHED_HEADINGS,
    churn_alarms,
    members_by_state,
    signals_that_cannot_fire,
    unmatched_rows,
)
from orchestration.resources import BuildLock

GROUP = "publishing"
AUDIT = AssetKey([GROUP, "audit"])
WAREHOUSE = AssetKey([GROUP, "warehouse"])

READ_BY_BI = sorted({*warehouse_models.keys, *fitted_models.keys, *result_models.keys})


@asset(
    key=AUDIT,
    group_name=GROUP,
    kinds={"duckdb"},
    deps=READ_BY_BI,
    partitions_def=AS_OF_DATES,
    backfill_policy=ONE_BUILD,
    pool=POOL,
)
def build_audit(
    context: AssetExecutionContext,
    home: ResourceParam[Home],
    lock: BuildLock,
    progress: ResourceParam[Progress],
) -> Iterator[AssetObservation | MaterializeResult]:
    """The build's file, complete in itself, after every test passed."""
    from orchestration.fits.failed_builds import let_fits_stand
    from orchestration.warehouse.builds import audit, lend_to_development

    progress.begin("audit")
    build = build_of_step(context, home)
    try:
        rows = audit(build)
        let_fits_stand(home, build)
        lend_to_development(home, build)
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
    members = members_by_state(build.file)
    counted = [state for state in STATES if state.title in members]
    tables = {state.title: MetadataValue.md(state.as_markdown(members[state.title])) for state in counted}
    silent = signals_that_cannot_fire(build.file)
    tables[SILENT_SIGNALS] = MetadataValue.md(markdown_table(SIGNAL_HEADINGS, silent))
    for name, count in rows.items():
        own = {state.title: tables[state.title] for state in counted if f"{state.room}.{state.table}" == name}
        if name == "marts.dim_churn_signal":
            own[SILENT_SIGNALS] = tables[SILENT_SIGNALS]
        yield AssetObservation(name.split("."), metadata={"dagster/row_count": count, **own})
    for table, reason, count, amount in unmatched_rows(build.file):
        progress.say(f"{UNMATCHED}: {table}, {reason}: {count} ({amount})")
    if silent:
        progress.say(f"{SILENT_SIGNALS}: {', '.join(code for code, *_ in silent)}")
    for alarm in churn_alarms(build.file):
        progress.say(f"{CHURN_ALARMS}: {alarm}")
    yield MaterializeResult(
        metadata={
            "build": build.build_id,
            "rows": MetadataValue.md(markdown_table(["table", "rows"], rows.items())),
            **tables,
        }
    )


class Chosen(Config):
    """Which build is published."""

    build: str = Field(
        default="",
        description="Its name, where several of the date are audited or readers have a later date.",
    )


@asset(
    key=WAREHOUSE,
    group_name=GROUP,
    kinds={"duckdb"},
    deps=[AUDIT],
    partitions_def=AS_OF_DATES,
    backfill_policy=ONE_BUILD,
    retry_policy=ONE_RETRY,
    pool=POOL,
    # Whatever the data's dates are: somebody should have published within a day and a half.
    freshness_policy=FreshnessPolicy.time_window(fail_window=timedelta(hours=36)),
)
def warehouse_file(
    context: AssetExecutionContext,
    config: Chosen,
    home: ResourceParam[Home],
    lock: BuildLock,
    progress: ResourceParam[Progress],
) -> MaterializeResult:
    """The file every reader opens; switched in one step, and never to an earlier date by itself."""
    from orchestration.erasing.people import close
    from orchestration.ledger.index import VOUCHED, vouched
    from orchestration.warehouse.builds import SECONDS, WARNINGS, warnings_of
    from orchestration.warehouse.history import HISTORY, MADE_ANEW, TAKEN_OVER, dates_in
    from orchestration.warehouse.publish import publish
    from orchestration.warehouse.versions import ROOM_HEADINGS, current_version, told_aside

    progress.begin("publish")
    build = build_of_step(context, home, config.build)

    def details() -> dict[str, Any]:
        return {
            "members": members_by_state(build.file),
            SILENT_SIGNALS: signals_that_cannot_fire(build.file),
            CHURN_ALARMS: churn_alarms(build.file),
            UNMATCHED: unmatched_rows(build.file),
            WARNINGS: warnings_of(build),
            VOUCHED: vouched(home),
            HISTORY: dates_in(build.file),
            SECONDS: {
                step.step_key: round(step.end_time - step.start_time, 1)
                for step in context.instance.get_run_step_stats(build.run_id)
                if step.start_time and step.end_time
            },
        }

    try:
        # Whoever names a build means it, whatever its date; nobody else sets readers back.
        manifest = publish(home, build, details=details, whatever_its_date=bool(config.build))
        close(home, progress.say)
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
    kept = manifest.details
    current = current_version(home)
    if current != manifest.build_id:
        context.log.warning(told_aside(manifest, current))
    return MaterializeResult(
        metadata={
            "build": manifest.build_id,
            "as of": manifest.as_of_date.isoformat(),
            "as-of dates": f"{len(manifest.as_of_dates)}, since {manifest.as_of_dates[0]}",
            MADE_ANEW: MetadataValue.md(
                markdown_table(["as-of date", "because"], kept.get(HISTORY, {}).get(MADE_ANEW, {}).items())
            ),
            TAKEN_OVER: len(kept.get(HISTORY, {}).get(TAKEN_OVER, {})),
            "file": MetadataValue.path(str(home.published_file)),
            "bytes": manifest.bytes,
            "rooms": MetadataValue.md(markdown_table(ROOM_HEADINGS, manifest.rooms())),
            SECONDS: MetadataValue.md(markdown_table(["step", "seconds"], kept.get(SECONDS, {}).items())),
            "sha256": manifest.sha256,
            "replaces": manifest.replaces or "nothing",
            "readers get": current or "nothing",
            SILENT_SIGNALS: ", ".join(code for code, *_ in kept.get(SILENT_SIGNALS, [])) or "none",
            CHURN_ALARMS: "\n".join(kept.get(CHURN_ALARMS, [])) or "none",
            UNMATCHED: MetadataValue.md(markdown_table(UNMATCHED_HEADINGS, kept.get(UNMATCHED, []))),
            WARNINGS: MetadataValue.md(markdown_table(["test", "rows"], kept.get(WARNINGS, {}).items())),
        }
    )
