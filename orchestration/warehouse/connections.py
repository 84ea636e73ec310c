"""DuckDB connections: confined ones that may touch only what they are given, read-only ones.

Belongs here: the settings of connections, SQL strings, what is said of a damaged file.
Does not: dbt (its plugin is in ``lockdown.py``), which file to open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.core.errors import RekindleError


def lock_down(connection: duckdb.DuckDBPyConnection, readable: Iterable[Path]) -> None:
    """Close a connection's whole DuckDB instance: files, network, extensions, settings.

    The order matters: each statement would be refused after the later ones. DuckDB itself adds the folder
    it spills to, so work under low memory is not hindered.

    Args:
        connection: A connection of the instance.
        readable: The folders that stay open. DuckDB has no read-only folders: inside these a statement
            could write as well. That models only select is held by the tests of the house.
    """
    (locked,) = connection.execute("select current_setting('lock_configuration')").fetchall()[0]
    if locked:  # dbt opened the same instance a second time
        return
    folders = ", ".join(quoted(f"{folder}/") for folder in readable)
    for statement in (
        # GLOBAL: a plain SET is not inherited by cursors.
        "set global TimeZone = 'UTC'",
        "set global autoinstall_known_extensions = false",
        "set global autoload_known_extensions = false",
        "set global allow_community_extensions = false",
        f"set global allowed_directories = [{folders}]",
        "set global enable_external_access = false",
        "set global lock_configuration = true",
    ):
        connection.execute(statement)


def connect_read_only(file: Path) -> duckdb.DuckDBPyConnection:
    """Open a file for reading, without any extension being fetched for it."""
    connection = duckdb.connect(str(file), read_only=True)
    # Set afterwards: DuckDB refuses to open a file twice in one process with different configurations.
    connection.execute("set global autoinstall_known_extensions = false")
    connection.execute("set global autoload_known_extensions = false")
    return connection


@contextmanager
def telling(folder: Path, advice: str) -> Iterator[None]:
    """Tells where Parquet files cannot be read.

    Args:
        folder: Where they lie.
        advice: What to do, as a sentence.

    Raises:
        RekindleError: DuckDB could not read one.
    """
    try:
        yield
    except duckdb.Error as error:
        first = str(error).strip().partition("\n")[0]
        raise RekindleError(f"A file of {folder} cannot be read: {first}. {advice}") from error


def quoted(text: str | Path) -> str:
    """A text as a SQL string."""
    return "'" + str(text).replace("'", "''") + "'"
