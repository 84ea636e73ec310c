"""What readers get of a build's file: everything else leaves it, and what stays says what it is.

Belongs here: dropping what is not public, writing comments, what the rooms that stay take up.
Does not: when that happens (``builds.audit``), handing the file to readers (``publish.py``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

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


def leave_public(connection: duckdb.DuckDBPyConnection, docs: PublicDocs) -> None:
    """Drop from a file what is not public, and comment the rest; all of it or nothing.

    Args:
        connection: The file, opened for writing.
        docs: Its public relations.
    """
    relations = connection.execute(
        """
        select 'view', schema_name, view_name from duckdb_views()
        where not internal and database_name = current_database()
        union all
        select 'table', schema_name, table_name from duckdb_tables() where database_name = current_database()
        order by all
        """
    ).fetchall()
    rooms = {relation.partition(".")[0] for relation in docs}
    statements = [
        *(
            f'drop {kind} "{room}"."{name}"'
            for kind, room, name in relations
            if f"{room}.{name}" not in docs
        ),
        *(f'drop schema "{room}"' for room in {room for _, room, _ in relations} - rooms - {"main"}),
        *_comments(docs, {f"{room}.{name}": kind for kind, room, name in relations}),
    ]
    # Two thousand comments, each committed alone, would cost more than all the rest.
    connection.execute("; ".join(["begin", *statements, "commit"]))


def _comments(docs: PublicDocs, kinds: dict[str, str]) -> Iterator[str]:
    for relation in docs.keys() & kinds.keys():
        room, name = relation.split(".")
        place = f'"{room}"."{name}"'
        said = {f"{kinds[relation]} {place}": docs[relation]["comment"]} | {
            f'column {place}."{column}"': comment for column, comment in docs[relation]["columns"].items()
        }
        yield from (f"comment on {what} is {quoted(text)}" for what, text in said.items() if text)


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
