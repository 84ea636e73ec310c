"""DuckDB connections: confined ones that may touch only what they are given, read-only ones.

Belongs here: the settings of connections, beginning a file, SQL strings, what is said of a damaged file.
Does not: dbt (its plugin is in ``lockdown.py``), which file to open.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import RekindleError
from orchestration.files import exact_path
from orchestration.project import SEEDS_DIR, WORKING_FILE_NAME, Home, own_tables_beside

# The oldest format, so that tools with an older DuckDB open the published file too.
STORAGE_VERSION = "v1.0.0"


def begin_file(file: Path) -> None:
    """Make an empty DuckDB file where there is none, in the format that published files have."""
    if not file.exists():
        with closing(_engine().cursor()) as connection:
            connection.execute(f"attach {quoted(file)} as begun (storage_version '{STORAGE_VERSION}')")
            connection.execute("detach begun")


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """One that begins every file of this process: opening it takes longer than that. It has no threads."""
    return duckdb.connect(config={"threads": 1})


def attach_working(connection: duckdb.DuckDBPyConnection, file: Path, *, read_only: bool = False) -> None:
    """Attach the tables that readers do not get, where they lie beside a file; in it are views of them.

    They do in a build's folder. An engineer's development file holds everything itself.
    """
    working = file.with_name(WORKING_FILE_NAME)
    if working.exists():
        how = " (read_only)" if read_only else ""
        connection.execute(f"attach if not exists {quoted(working)} as {working.stem}{how}")


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
    # What is read by a pattern must be allowed as it is written there, too.
    written = dict.fromkeys(path for folder in readable for path in (str(folder), exact_path(folder)))
    folders = ", ".join(quoted(f"{path}/") for path in written)
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


def memory_limit() -> str:
    """What DuckDB may take while a file is built or written."""
    return os.environ.get("REKINDLE_MEMORY", "4GB")


def build_settings() -> dict[str, Any]:
    """What a connection that builds is opened with, as ``profiles.yml`` says it to dbt."""
    return {
        "memory_limit": memory_limit(),
        "threads": 2,
        "preserve_insertion_order": False,
    }


def lock_to_sources(connection: duckdb.DuckDBPyConnection, home: Home, file: Path) -> None:
    """Lock the instance that builds a file: loaded Parquet, its own tables and the seeds stay readable."""
    attach_working(connection, file)
    lock_down(connection, [home.loaded, _own_tables(home, file), SEEDS_DIR])


def tell_sources(cursor: duckdb.DuckDBPyConnection, home: Home, file: Path) -> None:
    """Set what sources read from; variables of the cursor, so that no path is baked into SQL or views."""
    cursor.execute(f"set variable loaded = {quoted(exact_path(home.loaded))}")
    cursor.execute(f"set variable build = {quoted(exact_path(_own_tables(home, file).parent))}")


def _own_tables(home: Home, file: Path) -> Path:
    """What a file is built for; one that an engineer named elsewhere reads what the development file does."""
    beside = own_tables_beside(file)
    return beside if beside.exists() else own_tables_beside(home.development_warehouse)


def connect_read_only(file: Path) -> duckdb.DuckDBPyConnection:
    """Open a file for reading, without any extension being fetched for it."""
    connection = duckdb.connect(str(file), read_only=True)
    # Set afterwards: DuckDB refuses to open a file twice in one process with different configurations.
    connection.execute("set global autoinstall_known_extensions = false")
    connection.execute("set global autoload_known_extensions = false")
    attach_working(connection, file, read_only=True)
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
