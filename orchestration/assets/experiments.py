"""Experiments evaluated within a build: between its sums and what is made of verdicts.

Belongs here: evaluating the build under way, showing what was said, the check of arm sizes.
Does not: statistics (seeds.experiments), reading sums and keeping decisions (orchestration.warehouse).
Late imports: what brings scipy, dbt or pictures loads with the first run, not with every page.
"""

from collections.abc import Iterable, Iterator, Sequence

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    Failure,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    multi_asset,
)

from orchestration.assets.current_build import build_of_step
from orchestration.assets.models import ONE_RETRY, POOL, sources_tagged
from orchestration.core.errors import RekindleError
from orchestration.core.summary import figure, markdown_table
from orchestration.partitions import AS_OF_DATES, ONE_BUILD
from orchestration.progress import Progress
from orchestration.project import Home
from orchestration.resources import BuildLock

READS = [
    AssetKey(["rekindle", "builds"]),
    *(AssetKey(["experiments", name]) for name in ("exp_arm_stats", "exp_arm_sizes")),
]
"""The build under way and its sums."""

SPECS = [
    spec.replace_attributes(deps=READS, kinds={"parquet", "scipy"}, partitions_def=AS_OF_DATES)
    for spec in sources_tagged("evaluated")
]
EVALUATIONS = [spec.key for spec in SPECS]
RESULTS = AssetKey(["rekindle", "experiment_results"])
ARM_SIZES = "arms_have_their_sizes"
VERDICTS = ("experiment", "arm", "look_no", "members", "control_members", "effect", "verdict", "sentence_en")
PLANS = ("experiment", "arm", "planned_members", "smallest_effect", "minimal_effect", "power", "warning")
DECISIONS = ("experiment", "arm", "look_no", "verdict", "sentence_en")


@multi_asset(
    name="evaluate_experiments",
    specs=SPECS,
    check_specs=[
        AssetCheckSpec(
            ARM_SIZES,
            asset=RESULTS,
            description="The arms of every experiment have the sizes they were drawn with (chi-square).",
        )
    ],
    partitions_def=AS_OF_DATES,
    backfill_policy=ONE_BUILD,
    retry_policy=ONE_RETRY,
    pool=POOL,
)
def experiment_evaluations(
    context: AssetExecutionContext,
    home: ResourceParam[Home],
    lock: BuildLock,
    progress: ResourceParam[Progress],
) -> Iterator[MaterializeResult | AssetCheckResult]:
    """Every experiment read by the rule written down before its start; what was decided stays decided."""
    from orchestration.fits.evaluating import evaluate_build

    progress.begin("evaluate")
    build = build_of_step(context, home)
    try:
        evaluated = evaluate_build(home, build)
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
    verdicts = [row for row in evaluated.readings if row.verdict]
    shown = {
        "experiment_results": _table(VERDICTS, verdicts),
        "experiment_plans": _table(PLANS, evaluated.plans),
        "experiment_decisions": _table(DECISIONS, evaluated.decisions),
    }
    for key in EVALUATIONS:
        table = key.path[-1]
        metadata = {"table": MetadataValue.md(shown[table])} if table in shown else {}
        yield MaterializeResult(asset_key=key, metadata=metadata)
    stopped, warned = (
        sorted({row.experiment for row in verdicts if row.srm == srm}) for srm in ("stop", "warn")
    )
    yield AssetCheckResult(
        check_name=ARM_SIZES,
        asset_key=RESULTS,
        passed=not stopped and not warned,
        # Nothing of a stopped experiment is read, so its sizes need not hold up everything else.
        severity=AssetCheckSeverity.WARN,
        metadata={"stopped": ", ".join(stopped) or "none", "to be looked at": ", ".join(warned) or "none"},
    )


def _table(columns: Sequence[str], rows: Iterable[object]) -> str:
    return markdown_table(columns, [[_shown(getattr(row, column)) for column in columns] for row in rows])


def _shown(value: object) -> object:
    return figure(value) if isinstance(value, float) else value
