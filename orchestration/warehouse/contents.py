"""What a warehouse file holds, compared with what is said of it: rows per table, and the dates inside.

Belongs here: questions to the tables of one file, and the sentences about what is wrong with it.
Does not: size and fingerprint of the file (``versions.py``), what dbt's tests found (``builds.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Protocol

import duckdb

from orchestration.warehouse.connections import connect_read_only

_STAMP = "staging.stg_rekindle__builds"
_CALENDAR = "core.dim_as_of_date"
_SHOWN_DAYS = 3

Days = dict[str, set[date]]
"""By table, the days of its column ``as_of_date``."""


class Dated(Protocol):
    """Whatever says which build a file is, and as of when: a build, a manifest."""

    @property
    def build_id(self) -> str:
        """Its name."""
        ...

    @property
    def as_of_date(self) -> date:
        """The newest as-of date."""
        ...

    @property
    def as_of_dates(self) -> tuple[date, ...]:
        """All as-of dates, oldest first."""
        ...


def faults_in_file(file: Path, rows: dict[str, int], said: Dated) -> list[str]:
    """Where a published file is not what its manifest says: its tables, their rows, the dates inside."""
    try:
        with closing(connect_read_only(file)) as connection:
            return [
                *_faults_in_rows(connection, file, rows),
                *faults_in_dates(connection, file, rows, said),
            ]
    except duckdb.Error as error:
        return [f"{file} cannot be read: {error}"]


def faults_in_dates(
    connection: duckdb.DuckDBPyConnection, file: Path, tables: Collection[str], said: Dated
) -> list[str]:
    """Where the content of a file is that of another build, or of another day.

    Args:
        connection: The file, opened.
        file: Its path, for the sentences.
        tables: What to look at, ``core.dim_member``; of views the tables they read are.
        said: What the file is said to be.

    Raises:
        duckdb.Error: The file cannot be read.
    """
    days = {
        table: {day for (day,) in connection.execute(f"select distinct as_of_date from {source}").fetchall()}
        - {None}
        for table, source in connection.execute(
            """
            select schema_name || '.' || table_name, '"' || schema_name || '"."' || table_name || '"'
            from duckdb_columns() inner join duckdb_tables() using (schema_name, table_name)
            where column_name = 'as_of_date' order by all
            """
        ).fetchall()
        if table in tables
    }
    return [*_faults_in_stamp(connection, file, days, said), *_faults_in_days(file, days, said)]


def _faults_in_stamp(
    connection: duckdb.DuckDBPyConnection, file: Path, days: Days, said: Dated
) -> Iterator[str]:
    """Where a file names another build than it is said to be; one of an earlier version names none."""
    if _STAMP not in days:
        return
    named = connection.execute(f"select build_id, as_of_date from {_STAMP} order by all").fetchall()
    if named != [(said.build_id, said.as_of_date)]:
        told = ", ".join(f"{build_id} as of {as_of_date}" for build_id, as_of_date in named) or "nothing"
        yield (
            f"{file} holds another build: it names itself {told}, not {said.build_id} as of {said.as_of_date}"
        )


def _faults_in_days(file: Path, days: Days, said: Dated) -> Iterator[str]:
    asked = set(said.as_of_dates)
    of_states = {day for table, found in days.items() if _is_state(table) for day in found}
    if of_states and max(of_states) < said.as_of_date:
        yield (
            f"{file} holds another day: the newest state in it is of {max(of_states)}, not {said.as_of_date}"
        )
    for table, found in days.items():
        if _is_state(table) or table == _CALENDAR:
            strange = found - asked
        else:
            strange = {day for day in found if day > said.as_of_date}
        if strange:
            yield f"{file} holds another day: {table} has rows of {_told(strange)}, not asked for"
    missing = asked - days.get(_CALENDAR, asked)
    if missing:
        yield f"{file} holds another day: {_CALENDAR} lacks {_told(missing)}"


def _is_state(table: str) -> bool:
    """Whether it has rows for as-of dates only, as every ``member_<state>`` does."""
    return table.partition(".")[2].startswith("member_")


def _told(days: set[date]) -> str:
    shown = ", ".join(map(str, sorted(days)[:_SHOWN_DAYS]))
    return shown if len(days) <= _SHOWN_DAYS else f"{shown} and {len(days) - _SHOWN_DAYS} more"


def _faults_in_rows(
    connection: duckdb.DuckDBPyConnection, file: Path, expected: dict[str, int]
) -> Iterator[str]:
    """Where a file's tables or their row counts differ from those expected."""
    found = {
        f"{room}.{name}": connection.execute(f'select count(*) from "{room}"."{name}"').fetchall()[0][0]
        for room, name in connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "union all select schema_name, view_name from duckdb_views() where not internal"
        ).fetchall()
    }
    missing, unknown = expected.keys() - found.keys(), found.keys() - expected.keys()
    yield from (f"table {name} is missing from {file}" for name in sorted(missing))
    yield from (f"table {name} in {file} is not in its manifest" for name in sorted(unknown))
    yield from (
        f"table {name} has {found[name]} rows; its manifest says {rows}"
        for name, rows in expected.items()
        if name in found and found[name] != rows
    )
