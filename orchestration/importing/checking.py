"""What the loader will say of converted rows, before anything is delivered.

Belongs here: deliveries made on trial in a private folder, the loader's own checks of them.
Does not: rules of its own: there are none.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from orchestration.core.contract import SourceContract
from orchestration.core.errors import InputFault
from orchestration.loader.deliveries import Delivery, check_delivery
from orchestration.loader.one_delivery import refused_rows
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
    connection: duckdb.DuckDBPyConnection,
    files: Mapping[str, Sequence[Path]],
    contract: SourceContract,
    delivered_on: date,
    folder: Path,
) -> dict[str, TableCheck]:
    """Deliver every table into a private folder and let the loader check it.

    Raises:
        InputFault: A delivery would be refused as a whole.
    """
    found: dict[str, TableCheck] = {}
    staging = folder / "staging"
    staging.mkdir(parents=True)
    for name, paths in files.items():
        table = contract.table(name)
        if table is None:
            continue
        delivered = deliver(folder, contract.name, name, delivered_on, copying(paths))
        faults: list[str] = []
        checked = check_delivery(Delivery(table, delivered_on, delivered), connection, staging, faults)
        if checked is None:
            listed = "\n".join(f"  - {fault}" for fault in faults)
            raise InputFault(f"The files would be refused:\n{listed}")
        found[name] = TableCheck(checked.rows, *refused_rows(connection, checked))
    return found


def copying(paths: Sequence[Path]) -> Callable[[Path], None]:
    """What puts files into the folder of a delivery."""

    def copy(folder: Path) -> None:
        for path in paths:
            shutil.copyfile(path, folder / path.name)

    return copy
