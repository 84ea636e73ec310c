"""The loaded files of one delivery: one sorted file per month.

Belongs here: where rows are kept until they are written, in which order they lie in the files.
Does not: which rows are loaded and what is in them (one_delivery.py).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from orchestration.core.contract import Table
from orchestration.files import exact_path
from orchestration.loader.deliveries import CheckedDelivery
from orchestration.loader.row_rules import literal, quoted

# Columns that say which member a row is about; sorting by them lays a member's rows together.
MEMBER_COLUMNS = ("system", "member_id")
KEPT = "kept"
# Rows that take up to this share of the engine's memory are kept in it until the months are written: sorting
# takes as much again where all are of one month. More lie in private files, cut by month.
_SHARE_OF_MEMORY = 0.5
# What a value takes in memory; what of a text is beyond its first twelve bytes lies beside.
_BYTES_OF_A_VALUE, _BYTES_OF_A_TEXT, _BYTES_INSIDE = 8, 16, 12
_ROWS_LOOKED_AT = 10_000
# Of fewer, looking would cost more than it saves.
_FEW_ROWS = 500_000


def keep_rows(
    connection: duckdb.DuckDBPyConnection, checked: CheckedDelivery, typed_rows: str, folder: Path
) -> bool:
    """Make the view ``rows_as_typed``: the delivered files are read, and every value made, only here.

    Args:
        connection: Where to make it.
        checked: The delivery.
        typed_rows: SQL of its rows.
        folder: Not there yet, private: what does not fit in memory goes there.

    Returns:
        Whether they fit in memory, as the table ``KEPT``.
    """
    month_of = checked.delivery.table.month_of
    in_memory = _fit_in_memory(connection, checked.rows, typed_rows)
    if in_memory:
        connection.execute(f"create temp table {KEPT} as {typed_rows}")
        rows = KEPT
    else:
        month = f"strftime({quoted(month_of)}, '%Y-%m')" if month_of else "'all'"
        connection.execute(
            f"copy (select *, case when quarantine_code is null then {month} end as _month "
            f"from ({typed_rows})) "
            f"to {literal(str(folder))} (format parquet, compression lz4, partition_by (_month))"
        )
        files = literal(f"{exact_path(folder)}/*/*.parquet")
        rows = f"read_parquet({files}, hive_partitioning = false)"
    connection.execute(f"create or replace temp view rows_as_typed as from {rows}")
    return in_memory


def _fit_in_memory(connection: duckdb.DuckDBPyConnection, rows: int, typed_rows: str) -> bool:
    """Whether so many rows fit, as wide as the first ones; where those mislead, the engine spills."""
    if rows <= _FEW_ROWS:
        return True
    first = f"(from ({typed_rows}) limit {_ROWS_LOOKED_AT})"
    kinds = {name: kind for name, kind, *_ in connection.execute(f"describe from {first}").fetchall()}
    texts = [quoted(name) for name, kind in kinds.items() if kind == "VARCHAR"]
    beside = " + ".join(f"greatest(strlen({text}) - {_BYTES_INSIDE}, 0)" for text in texts) or "0"
    ((limit, long),) = connection.execute(
        f"select parse_formatted_bytes(current_setting('memory_limit')), avg({beside}) from {first}"
    ).fetchall()
    width = len(texts) * _BYTES_OF_A_TEXT + (len(kinds) - len(texts)) * _BYTES_OF_A_VALUE + long
    return rows * width <= limit * _SHARE_OF_MEMORY


def write_months(
    connection: duckdb.DuckDBPyConnection,
    checked: CheckedDelivery,
    months: list[date | None],
    folder: Path,
) -> None:
    """Write the accepted rows of the view ``validated``, one sorted file per month."""
    table = checked.delivery.table
    columns = ", ".join(
        f"{quoted(column.name + '_pseudonym')} as {quoted(column.name)}"
        if column.contact and checked.has_contacts
        else quoted(column.name)
        for column in table.columns
    )
    source_name, delivered_on = literal(table.source), f"date '{checked.delivery.delivered_on}'"
    kept = f"{columns}, {source_name} as source, {delivered_on} as delivered_on"
    order = ", ".join(quoted(name) for name in _sort_columns(table))
    folder.mkdir()
    for month in months:
        name = f"{month.year:04d}-{month.month:02d}" if month else "all"
        within = f" and {_within(quoted(table.month_of or ''), month)}" if month and len(months) > 1 else ""
        target = folder / f"month={name}" / "part-0.parquet"
        target.parent.mkdir()
        connection.execute(
            f"copy (select {kept} from validated where quarantine_code is null{within} order by {order}) "
            # Nothing looks for single values in these files, and filters for that are a tenth of the time.
            f"to {literal(str(target))} (format parquet, compression zstd, write_bloom_filter false)"
        )


def _within(moment: str, month: date) -> str:
    """SQL: whether a moment is of a month."""
    after = f"{moment} >= date '{month}'"
    return (
        after
        if (month.year, month.month) == (9999, 12)
        else f"{after} and {moment} < date '{_next_month(month)}'"
    )


def _sort_columns(table: Table) -> list[str]:
    names = {column.name for column in table.columns}
    if names.issuperset(MEMBER_COLUMNS):
        first = [*MEMBER_COLUMNS, *([table.month_of] if table.month_of else [])]
        return first + [name for name in table.key if name not in first]
    return list(table.key)


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
