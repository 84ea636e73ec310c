"""What readers get of a build's file: the newest date of what keeps no other, nothing private, comments.

Belongs here: taking that date, dropping what is not public with its blocks, counting and commenting what
    stays, its bytes.
Does not: when that happens (``builds.audit``), handing the file to readers (``publish.py``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import RekindleError
from orchestration.files import replacing
from orchestration.warehouse.connections import STORAGE_VERSION, memory_limit, quoted

PublicDocs = dict[str, dict[str, Any]]
"""What public relations say they are, by ``room.name``.

Each has its ``comment``, one for each of its ``columns``, and which as-of dates it ``keeps``.
"""

_NEWEST = "newest"

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


def lies_whole(told: Mapping[str, Any]) -> bool:
    """Whether a table lies in a build's file as it is made: by its ``meta``, public with every date it has.

    Any other lies in the file beside, and in the build's file is a view of it (materialization ``table``).
    """
    return bool(told.get("public")) and told.get("keeps") != _NEWEST


def take_newest(connection: duckdb.DuckDBPyConnection, docs: PublicDocs, newest: date) -> None:
    """Make tables of the newest date alone where no other is kept, once everything that looks back is made.

    Views over such tables follow. Their other dates were never in the file, so they leave no room in it.

    Args:
        connection: The file, opened for writing, the working tables beside it attached.
        docs: Its public relations.
        newest: The build's as-of date.
    """
    kinds = _kinds(connection)
    working = connection.execute(
        "select table_name from duckdb_tables() where database_name = 'working'"
    ).fetchall()
    for relation in _keeping_the_newest(docs):
        kind, place = kinds.get(relation), _place(relation)
        if kind == "table" or (kind and (relation.split(".")[1],) in working):
            connection.execute(
                f"""
                begin;
                create temp table newest as from {place} where as_of_date >= '{newest}';
                drop {kind} {place};
                create table {place} as from newest;
                drop table newest;
                commit
                """
            )


def faults_in_kept_dates(
    connection: duckdb.DuckDBPyConnection, docs: PublicDocs, newest: date
) -> Iterator[str]:
    """Where a table or view that keeps the newest date alone shows another."""
    for relation in _keeping_the_newest(docs):
        [(others,)] = connection.execute(
            f"select count(*) from {_place(relation)} where as_of_date is distinct from '{newest}'"
        ).fetchall()
        if others:
            yield (
                f"{relation} keeps the newest as-of date alone (meta: keeps) and shows {others} rows of "
                "others, from a table that keeps more"
            )


def _keeping_the_newest(docs: PublicDocs) -> list[str]:
    return [relation for relation, told in docs.items() if told.get("keeps") == _NEWEST]


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


def write_without_free_blocks(file: Path) -> None:
    """Write a file anew where tables that left it left blocks: the rows in them could still be read there.

    Few builds need it: one into whose file dbt loaded the seeds, and one that is audited again.
    """
    settings = {"memory_limit": memory_limit(), "temp_directory": str(file.parent / "spill")}
    with closing(duckdb.connect(config=settings)) as connection:
        # Under its own stem, since views name their tables in full.
        connection.execute(f"attach {quoted(file)} as {file.stem} (read_only)")
        [(blocks,)] = connection.execute(
            "select free_blocks from pragma_database_size() where database_name = ?", [file.stem]
        ).fetchall()
        if blocks:
            with replacing(file) as prepared:
                connection.execute(
                    f"attach {quoted(prepared)} as written (storage_version '{STORAGE_VERSION}')"
                )
                connection.execute(f"copy from database {file.stem} to written")
                connection.execute("detach written")


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
