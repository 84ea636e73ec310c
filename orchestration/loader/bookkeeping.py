"""What the loader writes beside the data: loads, blocked identifiers, typed empty tables.

Belongs here: the rows of those tables, which tables were never delivered, the types of loaded files.
Does not: refused consents (``unreadable.py``), how a table is written (``own_tables``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.core.contract import ContractFault, SourceContract, Table
from orchestration.core.pseudonyms import CONTACT_KINDS, ContactRules, pseudonym
from orchestration.definitions_files.seeds import sound_rows
from orchestration.files import write_if_changed
from orchestration.loader.row_rules import BLOCKED_VARIABLE, literal
from orchestration.own_tables import arrow_type, read_own_table, write_own_table
from orchestration.project import Home

if TYPE_CHECKING:
    from orchestration.loader.records import TableLoad

BLOCKED_SEED = "identity/blocked_identifiers.csv"


def write_loads(home: Home, loads: Iterable[TableLoad]) -> None:
    """One row per delivery loaded, and one per table never delivered."""
    rows = [
        {
            "source": load.source,
            "contract": load.contract,
            "table_name": load.table,
            "delivered_on": load.delivered_on,
            "status": load.status,
            "rows_in": load.rows_in,
            "rows_loaded": load.rows_loaded,
            "rows_quarantined": load.rows_quarantined,
            "exact_duplicates": load.exact_duplicates,
            "covers": load.covers,
            "notes": "\n".join(load.notes),
            "findings": "\n".join(load.findings),
        }
        for load in loads
    ]
    write_own_table(home, "loads", rows)


def missing_lines(tables: list[TableLoad], contracts: dict[str, SourceContract]) -> list[str]:
    """One line per source: which of its tables were never delivered."""
    lines = []
    for source in contracts:
        of_source = [table for table in tables if table.source == source]
        missing = [table.table for table in of_source if table.status == "missing"]
        if len(missing) == len(of_source):
            lines.append(f"{source}: nothing delivered, left out")
        elif missing:
            lines.append(f"{source}: not delivered: {', '.join(missing)}; what needs them stays silent")
    return lines


def blocked_identifiers(
    contracts: Mapping[str, SourceContract], seeds_dir: Path, secret: str
) -> dict[tuple[str, str], str]:
    """Kind and pseudonym of the placeholder values that identify nobody, each with the reason.

    A number is one in each country that a source dials in.

    Raises:
        ContractFault: The seed names an unknown kind of identifier.
        InputFault: The seed is not as it is declared.
    """
    rows: dict[tuple[str, str], str] = {}
    countries = sorted(
        {table.settings.country for contract in contracts.values() for table in contract.tables}
    )
    for row in sound_rows(BLOCKED_SEED, seeds_dir):
        kind = row["identifier_type"]
        if kind not in CONTACT_KINDS:
            raise ContractFault(
                f"seeds/{BLOCKED_SEED}: unknown identifier_type {kind!r}; allowed: {', '.join(CONTACT_KINDS)}"
            )
        for country in countries:
            hashed = pseudonym(secret, kind, row["value"], ContactRules(country))
            # Two spellings of one value are one row; a value that is none is empty in the data too.
            if hashed is not None:
                rows.setdefault((kind, hashed), row["reason"])
    return rows


def tell_placeholders(connection: duckdb.DuckDBPyConnection, pseudonyms: Iterable[str]) -> None:
    """Give a connection the pseudonyms that are nobody's."""
    values = ", ".join(literal(hashed) for hashed in sorted(pseudonyms))
    connection.execute(f"set variable {BLOCKED_VARIABLE} = cast([{values}] as varchar[])")


def write_blocked_identifiers(home: Home, blocked: dict[tuple[str, str], str]) -> None:
    """The same as a table, so that dbt can tell them from real ones."""
    rows = [
        {"identifier_type": kind, "pseudonym": hashed, "reason": reason}
        for (kind, hashed), reason in sorted(blocked.items())
    ]
    write_own_table(home, "blocked_identifiers", rows)


def blocked_pseudonyms(home: Home) -> dict[str, list[str]]:
    """The same as the last load wrote them, by kind of identifier."""
    found: dict[str, list[str]] = {}
    for row in read_own_table(home, "blocked_identifiers"):
        found.setdefault(row["identifier_type"], []).append(row["pseudonym"])
    return found


def write_empty_tables(home: Home, contracts: dict[str, SourceContract]) -> None:
    """A file without rows but with the right types for every table: dbt can read tables never delivered."""
    for contract in contracts.values():
        for table in contract.tables:
            folder = home.loaded / table.place / "delivered=none" / "month=none"
            written = pa.BufferOutputStream()
            pq.write_table(loaded_schema(table).empty_table(), written)
            write_if_changed(folder / "empty.parquet", written.getvalue().to_pybytes())


def loaded_schema(table: Table) -> pa.Schema:
    """Columns and types of a table's loaded files."""
    fields = [(column.name, arrow_type(column.data_type)) for column in table.columns]
    return pa.schema([*fields, ("source", pa.string()), ("delivered_on", pa.date32())])
