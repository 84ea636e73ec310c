"""Definitions as assets: one per folder of `seeds/`, checked before anything is built of them.

Belongs here: counting their rows, the checks that block a build, how faults are shown.
Does not: what is a fault (core), reading files (definitions_files), loading them (dbt).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    AssetKey,
    AssetSpec,
    Failure,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    TableColumn,
    TableRecord,
    TableSchema,
    multi_asset,
)

from orchestration.assets.models import DEFINITIONS, POOL
from orchestration.core.campaign_definitions import campaign_faults
from orchestration.core.definition_rows import Fault
from orchestration.core.errors import RekindleError
from orchestration.core.summary import markdown_table
from orchestration.core.tag_definitions import tag_faults
from orchestration.definitions_files.campaigns import read_campaigns
from orchestration.definitions_files.rows import read_rows
from orchestration.definitions_files.tags import read_definitions
from orchestration.partitions import AS_OF_DATES, ONE_BUILD, as_of_date_of
from orchestration.progress import Progress
from orchestration.project import SEEDS_DIR
from orchestration.resources import BuildLock

COLUMNS = TableSchema(
    [
        TableColumn("file"),
        TableColumn("line", "int"),
        TableColumn("definition"),
        TableColumn("found"),
        TableColumn("allowed"),
    ]
)


@dataclass(frozen=True)
class Question:
    """A check of definitions; a fault of any keeps everything from being built.

    Attributes:
        name: Of the check.
        folder: The folder of seeds, and so the asset, that it belongs to.
        proves: What it says when it passes.
        faults: Every fault of the rows in a folder of all seeds, on an as-of date.
    """

    name: str
    folder: str
    proves: str
    faults: Callable[[Path, date], Iterator[Fault]]

    @property
    def asset(self) -> AssetKey:
        """What it is a check of."""
        return AssetKey([DEFINITIONS, self.folder])

    @property
    def spec(self) -> AssetCheckSpec:
        """The check as Dagster shows it."""
        return AssetCheckSpec(self.name, asset=self.asset, description=self.proves, blocking=True)

    def answered(self, seeds: Path, on: date) -> AssetCheckResult:
        """The check on these definitions, with a row per fault."""
        faults = sorted(set(self.faults(seeds, on)))
        return AssetCheckResult(
            check_name=self.name,
            asset_key=self.asset,
            passed=not faults,
            severity=AssetCheckSeverity.ERROR,
            metadata={
                "faults": len(faults),
                "rows at fault": MetadataValue.table([TableRecord(vars(fault)) for fault in faults], COLUMNS),
                "at fault": "\n".join(map(str, faults)) or "none",
            },
        )


QUESTIONS = (
    Question(
        "member_tags_have_no_fault",
        "tags",
        "Every tag of members can be built as it is written: `rekindle tags check`.",
        lambda seeds, on: tag_faults(read_definitions(seeds / "tags"), on),
    ),
    Question(
        "product_tags_have_no_fault",
        "tags",
        "Every tag of products can be built as it is written: `rekindle tags check`.",
        lambda seeds, on: tag_faults(read_definitions(seeds / "tags", subject="product"), on),
    ),
    Question(
        "campaigns_have_no_fault",
        "campaigns",
        "Campaigns, benefits and experiments can be decided as they are written: `rekindle campaigns check`.",
        lambda seeds, on: campaign_faults(read_campaigns(seeds), on),
    ),
)

SPECS = [
    AssetSpec(
        [DEFINITIONS, folder.name],
        description=f"Every row of seeds/{folder.name}, as the people who own them wrote it.",
        group_name=DEFINITIONS,
        kinds={"csv"},
    )
    for folder in sorted(SEEDS_DIR.iterdir())
    if folder.is_dir()
]


@multi_asset(
    name="check_definitions",
    specs=SPECS,
    check_specs=[question.spec for question in QUESTIONS],
    partitions_def=AS_OF_DATES,
    backfill_policy=ONE_BUILD,
    pool=POOL,
)
def definition_files(
    context: AssetExecutionContext, lock: BuildLock, progress: ResourceParam[Progress]
) -> Iterator[MaterializeResult | AssetCheckResult]:
    """Counts the rows of every definition and names each fault; with one nothing is built."""
    progress.begin("definitions")
    day = as_of_date_of(context)
    try:
        for spec in SPECS:
            rows = {
                file.stem: len(read_rows(file))
                for file in sorted((SEEDS_DIR / spec.key.path[-1]).glob("*.csv"))
            }
            yield MaterializeResult(
                asset_key=spec.key,
                metadata={
                    "dagster/row_count": sum(rows.values()),
                    "files": MetadataValue.md(markdown_table(["file", "rows"], rows.items())),
                },
            )
        yield from [question.answered(SEEDS_DIR, day) for question in QUESTIONS]
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
