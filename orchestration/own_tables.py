"""Rekindle's own tables: what it writes for dbt to read, each one a Parquet file.

Belongs here: their one definition (dbt's sources file) as Arrow schemas; reading and replacing such a table.
Does not: which rows a table has (loader, ledger, fits), contracts of sources (``loader.contracts``).

What is known of a home lies in ``loaded/rekindle/``; what a build is for lies in the build's own folder, so
that no two builds read each other's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from orchestration.core.contract_values import DECIMAL
from orchestration.core.errors import RekindleError
from orchestration.files import write_if_changed
from orchestration.project import STAGING_DIR, Home

OWN_SOURCE = "rekindle"
_SOURCES_FILE = STAGING_DIR / OWN_SOURCE / f"{OWN_SOURCE}__sources.yml"
_OF_A_BUILD = "getvariable('build')"
_ARROW_TYPES = {
    "varchar": pa.string(),
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
}


class Place(Protocol):
    """Whatever has own tables: a home, or a build."""

    @property
    def own_tables(self) -> Path:
        """Their folder."""
        ...


def arrow_type(data_type: str) -> pa.DataType:
    """The Arrow type of a column that a sources file describes, such as ``decimal(18,2)``."""
    decimal = DECIMAL.fullmatch(data_type)
    return pa.decimal128(int(decimal[1]), int(decimal[2])) if decimal else _ARROW_TYPES[data_type]


def schema_of(table: str) -> pa.Schema:
    """Columns and types of a table."""
    columns = _definitions()[table]["columns"]
    return pa.schema([(column["name"], arrow_type(column["data_type"])) for column in columns])


def tables_of_builds() -> set[str]:
    """The tables that each build has of its own; the others are the home's."""
    return {table for table, defined in _definitions().items() if _OF_A_BUILD in _location(defined)}


def write_own_table(place: Place, table: str, rows: Iterable[Mapping[str, object]]) -> None:
    """Replace a table; readers see the former rows or these.

    Raises:
        ValueError: A row has other columns than the table is defined with, or the table lies elsewhere.
    """
    _write(place, table, _as_arrow(table, rows))


def read_own_table(place: Place, table: str) -> list[dict[str, Any]]:
    """The rows of a table; none where it was never written.

    Raises:
        RekindleError: The file is damaged, or has other columns than the table is defined with today.
    """
    file = _file(place, table)
    if not file.exists():
        return []
    try:
        found, defined = pq.read_table(file), schema_of(table)
    except (OSError, pa.ArrowException) as error:
        raise RekindleError(
            f"{file} is damaged and cannot be read; nothing was changed. Bring it back from a copy. "
            "Without one, move it away: what is loaded and built is noted anew, fits begin anew."
        ) from error
    if found.schema != defined:
        raise RekindleError(
            f"{file} was written by another version of Rekindle: it has the columns "
            f"{', '.join(found.schema.names)}; this version writes {', '.join(defined.names)}.\n"
            "Nothing was changed. Go on with the version that wrote it, or move the file away to start anew."
        )
    return found.to_pylist()


def is_of_another_version(place: Place, table: str) -> bool:
    """Whether another version of Rekindle wrote a table, with other columns; not where it is damaged."""
    file = _file(place, table)
    try:
        return file.exists() and pq.read_schema(file) != schema_of(table)
    except (OSError, pa.ArrowException):
        return False


def add_rows(place: Place, table: str, rows: Iterable[Mapping[str, object]]) -> None:
    """Append rows to a table and keep every former row as it is."""
    write_own_table(place, table, [*read_own_table(place, table), *rows])


def provide_own_tables(place: Place) -> None:
    """Make the tables that are not there yet, without rows: a first build must be able to read them all."""
    of_builds = tables_of_builds()
    for table in _definitions().keys() - of_builds if isinstance(place, Home) else of_builds:
        if not _file(place, table).exists():
            _write(place, table, schema_of(table).empty_table())


@cache
def _definitions() -> dict[str, Any]:
    # The parser in C: a tenth of the time, and whoever writes one small table waits for it.
    [source] = yaml.load(_SOURCES_FILE.read_text(encoding="utf-8"), yaml.CSafeLoader)["sources"]
    return {table["name"]: table for table in source["tables"]}


def _location(defined: Mapping[str, Any]) -> str:
    """Where a table says that it lies; empty where it lies as its source says."""
    return defined.get("config", {}).get("meta", {}).get("external_location", "")


def _file(place: Place, table: str) -> Path:
    """Its only file; of a table that is a folder of files, the one without rows that makes it readable."""
    location = _location(_definitions()[table])
    if isinstance(place, Home) == (_OF_A_BUILD in location):
        raise ValueError(
            f"{table} is not a table of {place.own_tables}; {_SOURCES_FILE.name} says where it lies"
        )
    return place.own_tables / (f"{table}/empty.parquet" if "/*." in location else f"{table}.parquet")


def _as_arrow(table: str, rows: Iterable[Mapping[str, object]]) -> pa.Table:
    rows, schema = list(rows), schema_of(table)
    for row in rows:
        # Arrow would drop what it does not know, and leave empty what is missing.
        if row.keys() != set(schema.names):
            raise ValueError(
                f"a row for {table} has the columns {', '.join(row)}; "
                f"{_SOURCES_FILE.name} defines {', '.join(schema.names)}"
            )
    return pa.Table.from_pylist(rows, schema=schema)


def _write(place: Place, table: str, content: pa.Table) -> None:
    written = pa.BufferOutputStream()
    pq.write_table(content, written)
    file = _file(place, table)
    if isinstance(place, Home):
        write_if_changed(file, written.getvalue().to_pybytes())
    else:
        # A build that a power cut stopped is started anew: nothing of it needs to reach the disk.
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(written.getvalue())
