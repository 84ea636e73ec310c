"""Consent events that the contract refused: silence must not depend on how well an opt-out was written.

Belongs here: what can still be read of them, as one of Rekindle's own tables.
Does not: whom they silence (models/intermediate/int_unreadable_consents), validating rows (one_delivery.py).
"""

from __future__ import annotations

from typing import Any

import duckdb

from orchestration.core.contract import Column, SourceContract, Table
from orchestration.loader.row_rules import literal, quoted, typed
from orchestration.own_tables import schema_of
from orchestration.project import Home

CONSENTS = "consents"
UNREADABLE = "unreadable_consents"


def unreadable_consents(
    home: Home, contracts: dict[str, SourceContract], connection: duckdb.DuckDBPyConnection
) -> list[dict[str, Any]]:
    """Every refused consent event of every delivery; what cannot be read of it is empty."""
    return [
        row
        for contract in contracts.values()
        for table in contract.tables
        if table.name == CONSENTS
        for file in sorted(
            (home.quarantine / table.source / table.name).glob("delivered=*/quarantined.parquet")
        )
        for row in connection.sql(_readable(table, str(file), file.parent.name.removeprefix("delivered=")))
        .to_arrow_table()
        .to_pylist()
    ]


def _readable(table: Table, file: str, delivered_on: str) -> str:
    told = {"source": literal(table.source), "delivered_on": f"date {literal(delivered_on)}"}
    columns = {column.name: column for column in table.columns}
    values = ", ".join(
        f"{told.get(name) or (_value(columns[name]) if name in columns else quoted(name))} as {quoted(name)}"
        for name in schema_of(UNREADABLE).names
    )
    return (
        f"select {values} from read_parquet({literal(file)}) order by quarantine_file, quarantine_row_number"
    )


def _value(column: Column) -> str:
    value = typed(column, "VARCHAR")
    if column.allowed:
        codes = ", ".join(literal(code) for code in column.allowed)
        return f"case when {value} in ({codes}) then {value} end"
    return value
