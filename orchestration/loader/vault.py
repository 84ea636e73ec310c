"""The vault's file of one delivery: contact details, their pseudonyms, and the numbers to dial.

Belongs here: writing it, counting what of the contact details is none.
Does not: what a contact detail is (orchestration.core.pseudonyms), making the file visible (loading.py).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.core.contract import Table
from orchestration.core.phones import phone_sql
from orchestration.core.pseudonyms import ContactRules, pseudonym_sql
from orchestration.loader.monthly_files import MEMBER_COLUMNS
from orchestration.loader.row_rules import literal, quoted


def write_vault(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    source: str,
    condition: str,
    path: Path,
    contacts: ContactRules,
) -> None:
    """Write the contact details, and make the table ``accepted`` with their pseudonyms beside them.

    Hashing is the dear part, so it is done once for the vault and the loaded files.
    """
    pseudonyms = ", ".join(
        f"{pseudonym_sql(column.contact or '', quoted(column.name), contacts)} "
        f"as {quoted(column.name + '_pseudonym')}"
        for column in table.contacts
    )
    # What a sending tool dials: only here a number's country is known.
    numbers = [column.name for column in table.contacts if column.contact == "phone"]
    for name in numbers:
        pseudonyms += f", {phone_sql(quoted(name), contacts.country)} as {quoted(name + '_dialled')}"
    connection.execute(
        "create or replace temp table accepted as select * exclude (quarantine_faults, quarantine_texts), "
        f"{pseudonyms} from {source} where {condition}"
    )
    # Whose they are, so that an export and an erasure find them.
    members = [column.name for column in table.columns if column.name in MEMBER_COLUMNS]
    names = list(dict.fromkeys([*table.key, *members]))
    for column in table.contacts:
        names += [column.name, f"{column.name}_pseudonym"]
    names += [f"{name}_dialled" for name in numbers]
    connection.execute(
        f"copy (select {', '.join(quoted(name) for name in names)} from accepted "
        f"order by {', '.join(quoted(name) for name in table.key)}) "
        f"to {literal(str(path))} (format parquet, compression zstd)"
    )


def notes_of_no_contacts(connection: duckdb.DuckDBPyConnection, table: Table) -> list[str]:
    """What a load notes of values of the table ``accepted`` that are no contact details."""
    counts = ", ".join(
        f"count({quoted(column.name)}) - count({quoted(column.name + '_pseudonym')})"
        for column in table.contacts
    )
    (row,) = connection.execute(f"select {counts} from accepted").fetchall()
    notes = []
    for column, count in zip(table.contacts, row, strict=True):
        if count:
            country = f" (numbers of {table.settings.country})" if column.contact == "phone" else ""
            values = "1 value is" if count == 1 else f"{count:,} values are"
            notes.append(
                f"{column.name}: {values} no {column.contact}{country}; linking nobody and not sent to"
            )
    return notes
