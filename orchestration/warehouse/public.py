"""What readers get of a build's file: everything else leaves it, and what stays says what it is.

Belongs here: dropping what is not public, counting and commenting the rest, what the rooms that stay take up.
Does not: when that happens (``builds.audit``), handing the file to readers (``publish.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import duckdb

from orchestration.core.errors import RekindleError
from orchestration.warehouse.connections import quoted

PublicDocs = dict[str, dict[str, Any]]
"""What public relations say they are, by ``room.name``: ``comment``, and one for each of ``columns``."""

# Small tables share a block: each counts for its part.
_ROOM_BYTES = """
    with segments as ({segments}),
    used as (
        select room, name, block_id from segments
        union select room, name, unnest(additional_block_ids) from segments
    ),
    shared as (select *, count(*) over (partition by block_id) as tables from used where block_id >= 0)
    select room, cast(sum(block_size / tables) as bigint)
    from shared, pragma_database_size() where database_name = current_database()
    group by room order by room
"""


def drop_private(connection: duckdb.DuckDBPyConnection, public: Collection[str]) -> None:
    """Drop from a file what is not public, with the rooms that hold nothing then; all of it or nothing.

    Args:
        connection: The file, opened for writing.
        public: Its public relations.
    """
    kinds = _kinds(connection)
    rooms = {relation.partition(".")[0] for relation in public}
    statements = [
        *(f"drop {kind} {_place(name)}" for name, kind in kinds.items() if name not in public),
        *(f'drop schema "{room}"' for room in {name.partition(".")[0] for name in kinds} - rooms - {"main"}),
    ]
    connection.execute("; ".join(["begin", *statements, "commit"]))


def public_rows(connection: duckdb.DuckDBPyConnection, public: Iterable[str]) -> dict[str, int]:
    """Rows per public relation.

    Raises:
        RekindleError: One cannot be read from the file alone.
    """
    rows = {}
    for relation in public:
        try:
            counted = connection.execute(f"select count(*) from {_place(relation)}").fetchall()
        except duckdb.Error as error:
            raise RekindleError(
                f"{relation} cannot be read from the build's file alone: {error}\n"
                "What is published must be what was audited: a public view may read only what is public "
                "too, not source files. Materialise it, or the staging model under it, as a table."
            ) from error
        rows[relation] = counted[0][0]
    return rows


def write_comments(connection: duckdb.DuckDBPyConnection, docs: PublicDocs) -> None:
    """Say of every public table, view and column what it is."""
    statements = []
    for name, kind in _kinds(connection).items():
        said = {f"{kind} {_place(name)}": docs[name]["comment"]} | {
            f'column {_place(name)}."{column}"': comment for column, comment in docs[name]["columns"].items()
        }
        statements += [f"comment on {what} is {quoted(text)}" for what, text in said.items() if text]
    # Two thousand comments, each committed alone, would cost more than all the rest.
    connection.execute("; ".join(["begin", *statements, "commit"]))


def _kinds(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Whether each relation of the file is a table or a view."""
    found = connection.execute(
        """
        select schema_name || '.' || view_name, 'view' from duckdb_views()
        where not internal and database_name = current_database()
        union all
        select schema_name || '.' || table_name, 'table' from duckdb_tables()
        where database_name = current_database()
        order by all
        """
    ).fetchall()
    return dict(found)


def _place(relation: str) -> str:
    room, name = relation.split(".")
    return f'"{room}"."{name}"'


def bytes_by_room(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """What the tables of each room take up in a file."""
    segments = " union all ".join(
        f"select {quoted(room)} as room, {quoted(name)} as name, block_id, additional_block_ids "
        f"from pragma_storage_info({quoted(f'{room}.{name}')})"
        for room, name in connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where database_name = current_database() order by all"
        ).fetchall()
    )
    return dict(connection.execute(_ROOM_BYTES.format(segments=segments)).fetchall()) if segments else {}
