"""Opt-outs that the contract refused: silence must not depend on how well the row around one was written.

Belongs here: which refused rows may tell an opt-out, and what can still be read of them, as one of Rekindle's
    own tables.
Does not: whom they silence (models/core/facts/int_unreadable_consents), validating rows (one_delivery.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from orchestration.core.contract import Column, SourceContract, Table
from orchestration.csv_files.copying import FAULT_COLUMN, HEADER_AGAIN
from orchestration.files import exact_path
from orchestration.loader.plausible import Plausible, is_plausible
from orchestration.loader.row_rules import WHOLE_ROW, is_written, literal, quoted, typed
from orchestration.own_tables import schema_of
from orchestration.project import Home

if TYPE_CHECKING:
    from orchestration.loader.deliveries import DeliveredFile

UNREADABLE = "unreadable_consents"
# In a table of this name every row may be one, whatever its contract says of it.
_CONSENTS = "consents"
_MOMENTS = ("date", "timestamp")
SLIPPED = f"(quarantine_column = {literal(WHOLE_ROW)} and quarantine_reason <> {literal(HEADER_AGAIN)})"
"""SQL: a refused row whose cells do not fit the header; it may have said anything, at any time."""
_MEMBER = ("member_id", "planned_touch_id")
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
        if may_opt_out(table)
        for file in sorted(
            (home.quarantine / table.source / table.name).glob("delivered=*/quarantined.parquet")
        )
        for row in connection.sql(_readable(table, file, plausible)).to_arrow_table().to_pylist()
    ]


def slipped_rows_notes(
    table: Table, files: Iterable[DeliveredFile], connection: duckdb.DuckDBPyConnection
) -> list[str]:
    """What to tell of rows that do not fit the header where they may be opt-outs."""
    notes = []
    for file in files if may_opt_out(table) else ():
        if not file.faults:
            continue
        named = [f"coalesce({quoted(name)}, '') <> ''" for name in _MEMBER if name in file.types]
        ((rows, nameless),) = connection.execute(
            f"select count(*), count(*) filter (not ({' or '.join(named) or 'false'})) "
            f"from read_parquet({literal(exact_path(file.path))}) "
            f"where {FAULT_COLUMN} <> {literal(HEADER_AGAIN)}"
        ).fetchall()
        if rows:
            notes.append(
                f"{file.name}: whoever is named in a row that does not fit the header gets no messages until "
                f"it is delivered again; rows that name nobody and silence nobody: {nameless} of {rows}"
            )
    return notes


def may_opt_out(table: Table) -> bool:
    """Whether a row of the table may tell an opt-out."""
    return table.name == _CONSENTS or bool(_telling(table))


def names_somebody(table: Table, column: str) -> bool:
    """Whether a cell is read even of a row that does not fit the header: by the way it names a member."""
    return column in (*_MEMBER, *table.key, "system", "order_id")


def _readable(table: Table, file: Path, plausible: Plausible) -> str:
    columns = {column.name: column for column in table.columns}
    delivered_on = file.parent.name.removeprefix("delivered=")
    known = {
        "source": literal(table.source),
        "table_name": literal(table.name),
        "delivered_on": f"date {literal(delivered_on)}",
    }
    values = []
    for field in schema_of(UNREADABLE):
        if field.name.startswith("quarantine_"):
            value = quoted(field.name)
        elif field.name in known:
            value = known[field.name]
        elif field.name == "happened_at":
            moment = _moment(table, plausible, date.fromisoformat(delivered_on))
            value = f"case when not {SLIPPED} then {moment} end"
        elif field.name not in columns:
            value = "null"
        elif names_somebody(table, field.name):
            value = _value(table, columns[field.name])
        else:
            value = f"case when not {SLIPPED} then {_value(table, columns[field.name])} end"
        # Another source may write as text what is a number here.
        values.append(f"try_cast({value} as {_SQL_TYPES[field.type]}) as {quoted(field.name)}")
    may = (_may_opt_out(table, column) for column in _telling(table))
    told = ["true"] if table.name == _CONSENTS else [SLIPPED, *may]
    return (
        f"select {', '.join(values)} from read_parquet({literal(exact_path(file))}) "
        f"where ({' or '.join(told)}) and quarantine_reason <> {literal(HEADER_AGAIN)} "
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
