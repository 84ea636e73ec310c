"""The loaded files of one delivery: one sorted file per month.

Belongs here: in how many readings they are written, in which order rows lie in them.
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

DELIVERED_MOMENT = "quarantine_delivered_moment"
"""When a row happened, as it was delivered: by it row groups are skipped. Its zone may be another one."""
STORED_MOMENTS = ("DATE", "TIMESTAMP")
"""Types of Parquet that have it as it is."""
_WIDEST_OFFSET = "interval 1 day"
# Columns that say which member a row is about; sorting by them lays a member's rows together.
MEMBER_COLUMNS = ("system", "member_id")
# So many rows are validated once and kept in memory while the months are written; more are read from files.
_MOST_ROWS_IN_MEMORY = 4_000_000
# Reading a delivery once per month pays when its row groups lie in few months each.
_MOST_ROWS_READ_TWICE = 2


def write_months(
    connection: duckdb.DuckDBPyConnection,
    checked: CheckedDelivery,
    source: str,
    condition: str,
    months: list[date | None],
    folder: Path,
    private: Path,
) -> None:
    """Write one sorted file per month, from memory, from the delivered files or from copies cut by month."""
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
    staged, lies_by_month = None, False
    if len(months) > 1 and source != "accepted":
        every = ", ".join(quoted(column.name) for column in table.columns)
        lies_by_month = _lies_by_month(connection, checked, months)
        if checked.rows <= _MOST_ROWS_IN_MEMORY and not (lies_by_month and source == "rows_as_typed"):
            connection.execute(
                f"create or replace temp table accepted as select {every} from {source} where {condition}"
            )
            source, condition = "accepted", "true"
        elif not lies_by_month:
            staged = private / "by_month"
            connection.execute(
                f"copy (select {every}, strftime({quoted(table.month_of or '')}, '%Y-%m') as _month "
                f"from {source} where {condition}) "
                f"to {literal(str(staged))} (format parquet, compression lz4, partition_by (_month))"
            )
    folder.mkdir()
    for month in months:
        name = f"{month.year:04d}-{month.month:02d}" if month else "all"
        rows, within = source, condition
        if staged is not None:
            paths = literal(f"{exact_path(staged)}/_month={name}/*.parquet")
            rows = f"read_parquet({paths}, hive_partitioning = false)"
            within = "true"
        elif month is not None and len(months) > 1:
            within = f"{condition} and {_within(quoted(table.month_of or ''), month)}"
            if lies_by_month and source != "accepted":
                within += f" and {_within(DELIVERED_MOMENT, month, _WIDEST_OFFSET)}"
        target = folder / f"month={name}" / "part-0.parquet"
        target.parent.mkdir()
        connection.execute(
            f"copy (select {kept} from {rows} where {within} order by {order}) "
            f"to {literal(str(target))} (format parquet, compression zstd)"
        )


def _within(moment: str, month: date, margin: str = "interval 0 day") -> str:
    """SQL: whether a moment is of a month, or so close to it that another zone could see it there."""
    after = f"{moment} >= date '{month}' - {margin}"
    if (month.year, month.month) == (9999, 12):
        return after
    return f"{after} and {moment} < date '{_next_month(month)}' + {margin}"


def _lies_by_month(
    connection: duckdb.DuckDBPyConnection, checked: CheckedDelivery, months: list[date | None]
) -> bool:
    """Whether reading the files once per month reads few rows twice, by the row groups' statistics."""
    table = checked.delivery.table
    moment = table.month_of or ""
    if any(file.types.get(moment) not in STORED_MOMENTS for file in checked.files):
        return False
    paths = ", ".join(literal(exact_path(file.path)) for file in checked.files)
    first, last = min(m for m in months if m), max(m for m in months if m)
    ((read,),) = connection.execute(
        f"""
        select sum(
            row_group_num_rows * coalesce(
                1 + date_diff(
                    'month',
                    greatest(try_cast(coalesce(stats_min_value, stats_min) as date), date '{first}'),
                    least(try_cast(coalesce(stats_max_value, stats_max) as date), date '{last}')
                ),
                {len(months)}
            )
        )
        from parquet_metadata([{paths}])
        where path_in_schema = {literal(moment)}
        """
    ).fetchall()
    return read is not None and read <= _MOST_ROWS_READ_TWICE * checked.rows


def _sort_columns(table: Table) -> list[str]:
    names = {column.name for column in table.columns}
    if names.issuperset(MEMBER_COLUMNS):
        first = [*MEMBER_COLUMNS, *([table.month_of] if table.month_of else [])]
        return first + [name for name in table.key if name not in first]
    return list(table.key)


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
