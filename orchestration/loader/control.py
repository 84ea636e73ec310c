"""The small files the loader writes beside the data: loads, blocked identifiers, typed empty tables.

Belongs here: their columns, writing each in one step.
Does not: the as-of dates and builds (orchestration.warehouse).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.core.contract import ContractFault, SourceContract, Table
from orchestration.core.pseudonyms import CONTACT_KINDS, pseudonym
from orchestration.files import write_file
from orchestration.loader.unreadable import UNREADABLE
from orchestration.project import Home

if TYPE_CHECKING:
    from orchestration.loader.loading import TableLoad

BLOCKED_SEED = Path("identity") / "blocked_identifiers.csv"

_LOADS = pa.schema(
    [
        ("source", pa.string()),
        ("table_name", pa.string()),
        ("delivered_on", pa.date32()),
        ("status", pa.string()),
        ("rows_in", pa.int64()),
        ("rows_loaded", pa.int64()),
        ("rows_held", pa.int64()),
        ("exact_duplicates", pa.int64()),
    ]
)
_BLOCKED = pa.schema([("identifier_type", pa.string()), ("pseudonym", pa.string()), ("reason", pa.string())])
_ARROW_TYPES = {
    "varchar": pa.string(),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


def write_loads(home: Home, loads: Iterable[TableLoad]) -> None:
    """One row per delivery loaded, and one per table never delivered."""
    rows = [
        {
            "source": load.source,
            "table_name": load.table,
            "delivered_on": load.delivered_on,
            "status": load.status,
            "rows_in": load.rows_in,
            "rows_loaded": load.rows_loaded,
            "rows_held": load.rows_held,
            "exact_duplicates": load.exact_duplicates,
        }
        for load in loads
    ]
    _write(home.control / "loads.parquet", pa.Table.from_pylist(rows, schema=_LOADS))


def write_blocked_identifiers(home: Home, seeds_dir: Path, secret: str) -> None:
    """Pseudonyms of the placeholder values that identify nobody, so that dbt can tell them from real ones.

    Raises:
        ContractFault: The seed names an unknown kind of identifier.
    """
    rows: dict[tuple[str, str], str] = {}
    with (seeds_dir / BLOCKED_SEED).open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            kind = row["identifier_type"]
            if kind not in CONTACT_KINDS:
                raise ContractFault(
                    f"seeds/{BLOCKED_SEED}: unknown identifier_type {kind!r}; "
                    f"allowed: {', '.join(CONTACT_KINDS)}"
                )
            hashed = pseudonym(secret, kind, row["value"])
            # Two spellings of one value are one row; a value with nothing left is empty in the data too.
            if hashed is not None:
                rows.setdefault((kind, hashed), row["reason"])
    columns = [
        {"identifier_type": kind, "pseudonym": hashed, "reason": reason}
        for (kind, hashed), reason in sorted(rows.items())
    ]
    _write(home.control / "blocked_identifiers.parquet", pa.Table.from_pylist(columns, schema=_BLOCKED))


def write_unreadable_consents(home: Home, rows: pa.Table) -> None:
    """Consent events that the contract refused, for dbt to find whom they silence."""
    _write(home.control / f"{UNREADABLE}.parquet", rows)


def write_empty_tables(home: Home, contracts: dict[str, SourceContract]) -> None:
    """A file without rows but with the right types for every table: dbt can read tables never delivered."""
    for contract in contracts.values():
        for table in contract.tables:
            folder = home.loaded / table.source / table.name / "delivered=none" / "month=none"
            _write(folder / "empty.parquet", loaded_schema(table).empty_table())


def loaded_schema(table: Table) -> pa.Schema:
    """Columns and types of a table's loaded files."""
    fields = [(column.name, _arrow_type(column.data_type)) for column in table.columns]
    return pa.schema([*fields, ("delivered_on", pa.date32())])


def _arrow_type(data_type: str) -> pa.DataType:
    decimal = re.fullmatch(r"decimal\((\d+),(\d+)\)", data_type)
    return pa.decimal128(int(decimal[1]), int(decimal[2])) if decimal else _ARROW_TYPES[data_type]


def _write(path: Path, table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    content = sink.getvalue().to_pybytes()
    if not path.exists() or path.read_bytes() != content:
        write_file(path, content)
