"""The vault's file of one delivery: contact details, their pseudonyms, and the numbers to dial.

Belongs here: writing it, counting what of the contact details is none.
Does not: what a contact detail is (orchestration.core.pseudonyms), hashing it (file_shapes.py), making it
    visible (loading.py).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.core.contract import Table
from orchestration.loader.monthly_files import MEMBER_COLUMNS
from orchestration.loader.row_rules import literal, quoted


def write_vault(connection: duckdb.DuckDBPyConnection, table: Table, path: Path) -> None:
    """Write the contact details of the accepted rows of the view ``validated``."""
    # Whose they are, so that an export and an erasure find them.
    members = [column.name for column in table.columns if column.name in MEMBER_COLUMNS]
    names = list(dict.fromkeys([*table.key, *members]))
    for column in table.contacts:
        names += [column.name, f"{column.name}_pseudonym"]
    names += [f"{column.name}_dialled" for column in table.contacts if column.contact == "phone"]
    connection.execute(
        f"copy (select {', '.join(quoted(name) for name in names)} from validated "
        f"where quarantine_code is null order by {', '.join(quoted(name) for name in table.key)}) "
        f"to {literal(str(path))} (format parquet, compression zstd)"
    )


def notes_of_no_contacts(connection: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    """What a load notes of values of accepted rows that are no contact details."""
    counts = ", ".join(
        f"count({quoted(column.name)}) - count({quoted(column.name + '_pseudonym')})"
        for column in table.contacts
    )
    (row,) = connection.execute(f"select {counts} from validated where quarantine_code is null").fetchall()
    notes = []
    for column, count in zip(table.contacts, row, strict=True):
        if count:
            country = f" (numbers of {table.settings.country})" if column.contact == "phone" else ""
            values = "1 value is" if count == 1 else f"{count:,} values are"
            notes.append(
                f"{column.name}: {values} no {column.contact}{country}; linking nobody and not sent to"
            )
    return notes
