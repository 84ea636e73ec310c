"""A delivery as a whole: what the loader counts of it, and the thresholds it is looked at by.

Belongs here: reading the checks, counting filled columns, from load records to what core decides on.
Does not: deciding what is found (core.delivery_checks), rows (row_rules.py, one_delivery.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from orchestration.core.delivery_checks import Check, Counts, Finding, findings_of
from orchestration.definitions_files.seeds import sound_rows
from orchestration.project import SEEDS_DIR

CHECKS_SEED = "sources/delivery_checks.csv"


class RefusedAsAWhole(Exception):
    """A delivery is so far from usual that nothing of it is loaded; its arguments say why."""


def read_checks(seeds_dir: Path = SEEDS_DIR) -> list[Check]:
    """The checks of a delivery as a whole, in their order.

    Raises:
        InputFault: The seed is not as it is declared.
    """
    rows = sorted(sound_rows(CHECKS_SEED, seeds_dir), key=lambda row: int(row["check_order"]))
    return [
        Check(
            row["delivery_check"],
            row["level"],
            float(row["threshold"]),
            row["label_en"],
            *(int(row[name] or 0) for name in ("deliveries", "fewest_deliveries", "least_rows")),
        )
        for row in rows
    ]


def filled_columns(loaded: Path) -> dict[str, int]:
    """Rows in which a column is not empty, by column: the files' own statistics tell it."""
    filled: dict[str, int] = {}
    for file in sorted(loaded.glob("month=*/*.parquet")):
        metadata = pq.read_metadata(file)
        for group in map(metadata.row_group, range(metadata.num_row_groups)):
            for column in map(group.column, range(group.num_columns)):
                empty = column.statistics.null_count if column.statistics else 0
                name = column.path_in_schema
                filled[name] = filled.get(name, 0) + group.num_rows - (empty or 0)
    return filled


def find(
    record: Mapping[str, Any],
    earlier: Iterable[Mapping[str, Any]],
    checks: list[Check],
    today: date | None,
) -> list[Finding]:
    """What is not as usual with a delivery.

    Args:
        record: Its load record.
        earlier: Those of the other deliveries of its table.
        checks: From ``read_checks``.
        today: The current business date.
    """
    see = f"rekindle quarantine --source {record['source']} --table {record['table']}"
    return findings_of(_counts(record), [_counts(each) for each in earlier], checks, today, see)


def _counts(record: Mapping[str, Any]) -> Counts:
    return Counts(
        date.fromisoformat(record["delivered_on"]),
        record["rows_in"],
        record["rows_loaded"],
        record["rows_quarantined"],
        record.get("filled", {}),
        record.get("covers") or "changes",
    )


def told_refused(refused: Iterable[str]) -> str:
    """What to do about deliveries that were refused as a whole."""
    return (
        "Refused as a whole, nothing of it was loaded; everything else was:\n"
        + "\n".join(f"  - {each}" for each in refused)
        + f"\nRemove its folder from landing and deliver it again. What is refused: seeds/{CHECKS_SEED}."
    )
