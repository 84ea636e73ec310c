"""Definitions as assets: one per folder of `seeds/`, checked before anything is built of them.

Belongs here: counting their rows, the checks that block a build, how faults are shown.
Does not: what is a fault (core), reading files (definitions_files), loading them (dbt).
"""

from collections.abc import Callable, Iterable, Iterator
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
from orchestration.core.definition_rows import Fault, beside
from orchestration.core.errors import RekindleError
from orchestration.core.summary import markdown_table
from orchestration.core.tag_definitions import tag_faults
from orchestration.definitions_files.campaigns import read_campaigns
from orchestration.definitions_files.rows import read_rows
from orchestration.definitions_files.seeds import folder_faults
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
    """

    name: str
    folder: str
    proves: str

    @property
    def asset(self) -> AssetKey:
        """What it is a check of."""
        return AssetKey([DEFINITIONS, self.folder])

    @property
    def spec(self) -> AssetCheckSpec:
        """The check as Dagster shows it."""
        return AssetCheckSpec(self.name, asset=self.asset, description=self.proves, blocking=True)

    def answered(self, found: Iterable[Fault]) -> AssetCheckResult:
        """The check when these faults were found, with a row for each."""
        faults = sorted(found)
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


MEANINGS: dict[Question, Callable[[Path, date], Iterator[Fault]]] = {
    Question(
        "member_tags_have_no_fault",
        "tags",
        "Every tag of members can be built as it is written: `rekindle tags check`.",
    ): lambda seeds, on: tag_faults(read_definitions(seeds / "tags"), on),
    Question(
        "product_tags_have_no_fault",
        "tags",
        "Every tag of products can be built as it is written: `rekindle tags check`.",
    ): lambda seeds, on: tag_faults(read_definitions(seeds / "tags", subject="product"), on),
    Question(
        "campaigns_have_no_fault",
        "campaigns",
        "Campaigns, benefits and experiments can be decided as they are written: `rekindle campaigns check`.",
    ): lambda seeds, on: campaign_faults(read_campaigns(seeds), on),
}
"""What rows mean, and the faults of it in a folder of all seeds on an as-of date."""

FOLDERS = [folder.name for folder in sorted(SEEDS_DIR.iterdir()) if folder.is_dir()]
FILES = [
    Question(
        f"{folder}_files_are_as_declared",
        folder,
        "Every file has its columns, every cell is of its type, every row has a key of its own, and the "
        "codes it refers to are there.",
    )
    for folder in FOLDERS
]

SPECS = [
    AssetSpec(
        [DEFINITIONS, folder],
        description=f"Every row of seeds/{folder}, as the people who own them wrote it.",
        group_name=DEFINITIONS,
        kinds={"csv"},
    )
    for folder in FOLDERS
]


def answers(seeds: Path, on: date) -> Iterator[AssetCheckResult]:
    """Every check; of a row whose meaning is at fault, what is declared of it is not told as well."""
    told: set[Fault] = set()
    for question, faults in MEANINGS.items():
        found = set(faults(seeds, on))
        told |= found
        yield question.answered(found)
    for question in FILES:
        yield question.answered(beside(told, folder_faults(seeds / question.folder, seeds)))


@multi_asset(
    name="check_definitions",
    specs=SPECS,
    check_specs=[question.spec for question in (*MEANINGS, *FILES)],
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
        yield from list(answers(SEEDS_DIR, day))
    except RekindleError as error:
        raise Failure(str(error), allow_retries=False) from error
