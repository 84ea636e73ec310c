"""Opt-outs that the contract refused: silence must not depend on how well the row around one was written.

Belongs here: which refused rows may tell an opt-out, and what can still be read of them, as one of Rekindle's
    own tables.
Does not: whom they silence (models/core/facts/int_unreadable_consents), validating rows (one_delivery.py).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.core.contract import Column, SourceContract, Table
from orchestration.loader.plausible import Plausible, is_plausible
from orchestration.loader.row_rules import is_written, literal, quoted, typed
from orchestration.own_tables import schema_of
from orchestration.project import Home

UNREADABLE = "unreadable_consents"
# In a table of this name every row may be one, whatever its contract says of it.
_CONSENTS = "consents"
_MOMENTS = ("date", "timestamp")
_SQL_TYPES = {
    pa.string(): "varchar",
    pa.int64(): "bigint",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp",
}


def unreadable_consents(
    home: Home,
    contracts: dict[str, SourceContract],
    connection: duckdb.DuckDBPyConnection,
    plausible: Plausible,
) -> list[dict[str, Any]]:
    """Every refused row of every delivery that may tell an opt-out; what cannot be read of it is empty."""
    return [
        row
        for contract in contracts.values()
        for table in contract.tables
        if table.name == _CONSENTS or _telling(table)
        for file in sorted(
            (home.quarantine / table.source / table.name).glob("delivered=*/quarantined.parquet")
        )
        for row in connection.sql(_readable(table, file, plausible)).to_arrow_table().to_pylist()
    ]


def _readable(table: Table, file: Path, plausible: Plausible) -> str:
    columns = {column.name: column for column in table.columns}
    delivered_on = file.parent.name.removeprefix("delivered=")
    known = {
        "source": literal(table.source),
        "table_name": literal(table.name),
        "delivered_on": f"date {literal(delivered_on)}",
        "happened_at": _moment(table, plausible, date.fromisoformat(delivered_on)),
    }
    values = []
    for field in schema_of(UNREADABLE):
        if field.name.startswith("quarantine_"):
            value = quoted(field.name)
        elif field.name in known:
            value = known[field.name]
        else:
            value = _value(table, columns[field.name]) if field.name in columns else "null"
        # Another source may write as text what is a number here.
        values.append(f"try_cast({value} as {_SQL_TYPES[field.type]}) as {quoted(field.name)}")
    telling = " or ".join(_may_opt_out(table, column) for column in _telling(table))
    told = "true" if table.name == _CONSENTS else telling
    return (
        f"select {', '.join(values)} from read_parquet({literal(str(file))}) where {told} "
        "order by quarantine_file, quarantine_row_number"
    )


def _telling(table: Table) -> list[Column]:
    return [column for column in table.columns if column.opt_out is not None]


def _may_opt_out(table: Table, column: Column) -> str:
    """Whether the column tells an opt-out, or may have told one: what cannot be read can be anything."""
    is_there = "true" if column.required else f"coalesce({quoted(column.name)}, '') <> ''"
    if not column.opt_out:
        return f"({is_there})"
    codes = ", ".join(literal(code) for code in column.opt_out)
    return f"coalesce({_value(table, column)} in ({codes}), {is_there})"


def _moment(table: Table, plausible: Plausible, delivered_on: date) -> str:
    """When it was: by the times of the opt-out, else by that of the row; null where one cannot be read.

    A time that cannot be so is none either: an opt-out of 1970 would be overruled by any consent since.
    """

    def moment(column: Column) -> str:
        value = _value(table, column)
        return f"case when {is_plausible(column, value, plausible, delivered_on)} then {value} end"

    times = [column for column in _telling(table) if column.data_type in _MOMENTS]
    if not times:
        return moment(table.column(table.month_of)) if table.month_of else "null"
    unread = " or ".join(f"({_may_opt_out(table, column)} and {moment(column)} is null)" for column in times)
    return f"case when not ({unread}) then greatest({', '.join(map(moment, times))}) end"


def _value(table: Table, column: Column) -> str:
    value = typed(column, "VARCHAR", table.settings)
    if column.allowed:
        codes = ", ".join(literal(code) for code in column.allowed)
        return f"case when {value} in ({codes}) then {value} end"
    if column.pattern:
        return f"case when {is_written(value, column.pattern)} then {value} end"
    return value
