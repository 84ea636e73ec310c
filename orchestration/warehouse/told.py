"""What an earlier version tells of past dates, as tables that a build can read while it is made.

Belongs here: attaching that version beside a build's file; its rows as ``told.<room>.<name>``; joining
    them to what a model says.
Does not: which dates and tables (``history.py``).

The views lie in a database of their own in memory, there in every connection that builds: compiled SQL names
them whether or not an earlier version is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from orchestration.own_tables import Place, read_own_table
from orchestration.project import FORMER_FILE_NAME, own_tables_beside
from orchestration.warehouse.connections import quoted
from orchestration.warehouse.history import tables_of_history


def attach_told(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Make what was told readable to a connection that builds a file; no rows where no version tells any.

    Args:
        connection: Not locked down yet.
        file: The build's file, or an engineer's own.
    """
    (there,) = connection.execute(
        "select count(*) from duckdb_databases() where database_name = 'told'"
    ).fetchall()[0]
    if there:  # dbt opened the same instance a second time
        return
    former = file.with_name(FORMER_FILE_NAME)
    days = _told_days(file) if former.exists() else []
    if days:
        connection.execute(f"attach {quoted(former)} as former (read_only)")
    statements = ["attach ':memory:' as told"]
    for table, columns in tables_of_history().items():
        room, name = table.split(".")
        if days:
            listed = ", ".join(quoted(day) for day in days)
            query = (
                f'select {", ".join(columns)} from former."{room}"."{name}" where as_of_date in ({listed})'
            )
        else:
            typed = ", ".join(f"cast(null as {kind}) as {column}" for column, kind in columns.items())
            query = f"select {typed} where false"
        statements += [
            f'create schema if not exists told."{room}"',
            f'create or replace view told."{room}"."{name}" as {query}',
        ]
    connection.execute("; ".join(statements))


def with_what_was_told(
    room: str, name: str, query: str, columns: Sequence[str], meta: Mapping[str, Any]
) -> str:
    """The query of a table that carries past dates on, as the materialization ``history`` makes it.

    Args:
        room: Where the table lies.
        name: Its name.
        query: What its model says of the dates that are computed.
        columns: Its columns, in the order of its ``.yml``.
        meta: The model's ``meta``, which says whose rows win.
    """
    keys = ", ".join(["as_of_date", *meta.get("told_with", [])])
    first, second = ("made", "told") if meta.get("renewed") else ("told", "made")
    order = ", ".join(meta.get("in_order_of", []))
    still_there = " where member_key in (select member_key from core.dim_member)"
    return (
        f"with made as (select {', '.join(columns)} from ({query}) as said), "
        f'told as (select * from "told"."{room}"."{name}"{still_there if "member_key" in columns else ""}) '
        f"select * from (select * from {first} union all by name select * from {second} "
        f"anti join (select distinct {keys} from {first}) as stays using ({keys})) as carried"
        + (f" order by {order}" if order else "")
    )


class _Beside(Place):
    """The own tables that lie beside a warehouse file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def own_tables(self) -> Path:
        """Their folder."""
        return own_tables_beside(self._file)


def _told_days(file: Path) -> list[str]:
    rows = read_own_table(_Beside(file), "as_of_dates")
    return [str(row["as_of_date"]) for row in rows if row["is_told"]]
