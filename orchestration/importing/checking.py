"""What the loader will say of converted rows, before anything is delivered: it is asked, on trial.

Belongs here: a home on trial in a private folder, its deliveries, what loading them finds.
Does not: rules of its own: there are none.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import duckdb

from orchestration.core.contract import SourceContract
from orchestration.loader.loading import load
from orchestration.loader.row_rules import literal
from orchestration.project import Home
from orchestration.sources.delivering import deliver


@dataclass(frozen=True)
class TableCheck:
    """What the loader finds in the rows of one table.

    Attributes:
        rows: How many there are.
        refused: How many would be quarantined, by column and reason.
        duplicates: How many repeat another exactly; one of them counts.
    """

    rows: int
    refused: Mapping[tuple[str, str], int] = field(default_factory=dict)
    duplicates: int = 0

    @property
    def rows_refused(self) -> int:
        """How many would be quarantined."""
        return sum(self.refused.values())


def check_tables(
    files: Mapping[str, Sequence[Path]], contract: SourceContract, delivered_on: date, folder: Path
) -> dict[str, TableCheck]:
    """Deliver every table into a home on trial, and load it there.

    Args:
        files: For each table its files.
        contract: Of the shop.
        delivered_on: Day of the deliveries.
        folder: Private folder for the home.

    Raises:
        InputFault: A delivery would be refused as a whole.
    """
    home = Home(folder)
    for name, paths in files.items():
        deliver(home.landing, contract.name, name, delivered_on, copying(paths))
    # Today's files may be some tables only; the others were delivered before.
    tables = tuple(replace(table, required=False) for table in contract.tables)
    summary = load(home, {contract.name: replace(contract, tables=tables)}, lambda _: None)
    return {
        table.table: TableCheck(table.rows_in, _refused(home, table.table), table.exact_duplicates)
        for table in summary.tables
        if table.delivered_on is not None
    }


def _refused(home: Home, table: str) -> dict[tuple[str, str], int]:
    found = list(home.quarantine.glob(f"*/{table}/delivered=*/*.parquet"))
    if not found:
        return {}
    listed = ", ".join(literal(str(path)) for path in found)
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select quarantine_column, quarantine_reason, count(*) "
            f"from read_parquet([{listed}], hive_partitioning = false) group by all"
        ).fetchall()
    return {(column, reason): count for column, reason, count in rows}


def copying(paths: Sequence[Path]) -> Callable[[Path], None]:
    """What puts files into the folder of a delivery."""

    def copy(folder: Path) -> None:
        for path in paths:
            shutil.copyfile(path, folder / path.name)

    return copy
