"""Whether the published tags are what their definitions promise.

Belongs here: evaluating the counts of the published tags, and showing them with each check.
Does not: counting (dbt's models, readers.tags), faults of definitions (core.tag_definitions).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dagster import AssetCheckResult, AssetCheckSeverity, AssetCheckSpec, MetadataValue, multi_asset_check

from orchestration.assets.publishing import WAREHOUSE
from orchestration.core.summary import markdown_table
from orchestration.resources import Clock, Warehouse

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """A check on all published tags.

    Attributes:
        name: Of the check.
        proves: What it says when it passes.
        asked: Which answer of the warehouse it evaluates.
        is_fault: Whether a row of it is at fault; also gets the age of the publication in days.
    """

    name: str
    proves: str
    asked: str
    is_fault: Callable[[Row, int], bool]


QUESTIONS = (
    Question(
        "tags_are_as_common_as_expected",
        "Each tag is held by a share of members within the range that its definition expects.",
        "coverage",
        lambda row, _: not row["is_as_expected"],
    ),
    Question(
        "tags_are_steady",
        "No tag's share changed more than is ordinary since the week before (tag_settings.csv).",
        "drift",
        lambda row, _: not row["is_steady"],
    ),
    Question(
        "tags_are_as_fresh_as_promised",
        "The published as-of date is as new as each tag's refresh promises (tag_refreshes.csv).",
        "promises",
        lambda row, age: age > row["most_days_old"],
    ),
    Question(
        "overridden_tags_are_still_held",
        "Of each pair that excludes each other, the overridden tag is still held by somebody.",
        "conflicts",
        lambda row, _: not row["members_left"],
    ),
    Question(
        "tags_are_used",
        "Each tag is used by a strategy or a campaign, on its way from the attributes it is made of.",
        "uses",
        lambda row, _: row["uses"] == 0,
    ),
    Question(
        "tags_have_lift",
        "Members with a tag buy more or less often in the following days than members without it.",
        "lift",
        lambda row, _: not row["has_lift"],
    ),
)


@multi_asset_check(
    name="published_tags",
    specs=[
        AssetCheckSpec(question.name, asset=WAREHOUSE, description=question.proves) for question in QUESTIONS
    ],
)
def published_tags(warehouse: Warehouse, clock: Clock) -> Iterator[AssetCheckResult]:
    """Warnings: a tag that drifts or that nobody uses harms no reader of the others."""
    yield from evaluations(warehouse, clock.now().date())


def evaluations(warehouse: Warehouse, today: date) -> Iterator[AssetCheckResult]:
    """Every question with its numbers."""
    health = warehouse.tag_health()
    for question in QUESTIONS:
        rows = health.rows[question.asked] if health else []
        age = (today - health.as_of_date).days if health else 0
        faults = [row for row in rows if question.is_fault(row, age)]
        metadata: dict[str, Any] = {"tags at fault": len(faults), "rows looked at": len(rows)}
        if health:
            metadata |= {
                "as of": health.as_of_date.isoformat(),
                "days old": age,
                "at fault": MetadataValue.md(_table(health.columns[question.asked], faults)),
                "all": MetadataValue.md(_table(health.columns[question.asked], rows)),
            }
        yield AssetCheckResult(
            check_name=question.name,
            asset_key=WAREHOUSE,
            passed=not faults,
            severity=AssetCheckSeverity.WARN,
            metadata=metadata,
        )


def _table(columns: list[str], rows: list[Row]) -> str:
    if not rows:
        return "none"
    return markdown_table(columns, [[_cell(row[column]) for column in columns] for row in rows])


def _cell(value: Any) -> str | int | None:
    return value if value is None or (isinstance(value, int) and not isinstance(value, bool)) else str(value)
