"""Consent events that the contract refused: silence must not depend on how well an opt-out was written.

Belongs here: what can still be read of them, as a control table.
Does not: whom they silence (models/intermediate/int_unreadable_consents), judging rows (one_delivery.py).
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from orchestration.core.contract import Column, SourceContract, Table
from orchestration.loader.row_rules import literal, quoted, typed
from orchestration.project import Home

CONSENTS = "consents"
UNREADABLE = "unreadable_consents"
SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("delivered_on", pa.date32()),
        ("held_file", pa.string()),
        ("held_row_number", pa.int64()),
        ("held_reason", pa.string()),
        ("held_column", pa.string()),
        ("consent_id", pa.int64()),
        ("system", pa.string()),
        ("member_id", pa.string()),
        ("channel", pa.string()),
        ("purpose", pa.string()),
        ("happened_at", pa.timestamp("us")),
    ]
)


def unreadable_consents(
    home: Home, contracts: dict[str, SourceContract], connection: duckdb.DuckDBPyConnection
) -> pa.Table:
    """Every refused consent event of every delivery; what cannot be read of it is empty."""
    parts = [
        connection.sql(_readable(table, str(file), file.parent.name.removeprefix("delivered=")))
        .to_arrow_table()
        .cast(SCHEMA)
        for contract in contracts.values()
        for table in contract.tables
        if table.name == CONSENTS
        for file in sorted((home.held / table.source / table.name).glob("delivered=*/held.parquet"))
    ]
    return pa.concat_tables([SCHEMA.empty_table(), *parts])


def _readable(table: Table, file: str, delivered_on: str) -> str:
    told = {"source": literal(table.source), "delivered_on": f"date {literal(delivered_on)}"}
    columns = {column.name: column for column in table.columns}
    values = ", ".join(
        f"{told.get(name) or (_value(columns[name]) if name in columns else quoted(name))} as {quoted(name)}"
        for name in SCHEMA.names
    )
    return f"select {values} from read_parquet({literal(file)}) order by held_file, held_row_number"


def _value(column: Column) -> str:
    value = typed(column, "VARCHAR")
    if column.allowed:
        codes = ", ".join(literal(code) for code in column.allowed)
        return f"case when {value} in ({codes}) then {value} end"
    return value
