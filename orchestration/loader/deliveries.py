"""Deliveries in the landing folder: which there are, and whether their files are what the manifest says.

Belongs here: finding deliveries, manifests, checksums, making every file readable as Parquet.
Does not: looking at rows (orchestration.loader.one_delivery), writing deliveries (orchestration.sources).
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet

from orchestration.core.contract import SourceContract, Table
from orchestration.loader.row_rules import is_readable, literal, quoted

MANIFEST = "manifest.json"
WHOLE, CHANGES = "whole", "changes"
"""What a delivery holds: every row its source has, or those that are new or changed."""
# Columns the loader asks Parquet's reader for, under names no delivered column may have.
FILE_COLUMN = "quarantine_file"
ROW_COLUMN = "file_row_number"
UNFINISHED = {".tmp", ".part", ".partial", ".filepart", ".crdownload"}
"""How programs that upload call a folder until it is whole."""
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Delivery:
    """One delivery of one table.

    Attributes:
        table: The table's contract.
        delivered_on: Its date.
        folder: Where it lies in the landing folder.
    """

    table: Table
    delivered_on: date
    folder: Path

    @property
    def where(self) -> str:
        """How messages call it."""
        return f"{self.table.full_name} delivered={self.delivered_on}"


@dataclass(frozen=True)
class DeliveredFile:
    """One file that passed the checks.

    Attributes:
        name: As delivered.
        path: The Parquet file to read: itself, or the copy of a CSV file.
        types: Delivered type by column of the contract; columns not there are left out.
    """

    name: str
    path: Path
    types: dict[str, str]


@dataclass(frozen=True)
class CheckedDelivery:
    """A delivery whose files are what its manifest says."""

    delivery: Delivery
    files: tuple[DeliveredFile, ...]
    rows: int
    manifest_sha256: str
    notes: tuple[str, ...]
    covers: str = CHANGES

    @property
    def has_contacts(self) -> bool:
        """Whether any of its files has a column for contact details."""
        return any(
            column.name in file.types for file in self.files for column in self.delivery.table.contacts
        )


def find_deliveries(
    landing: Path,
    contracts: dict[str, SourceContract],
    faults: list[str],
    say: Callable[[str], None] = lambda _: None,
) -> list[Delivery]:
    """Every delivery under a known source and table, oldest first.

    Uploads that are not finished are told; whatever else lies there is a fault.
    """
    deliveries: list[Delivery] = []
    for source_folder in _folders(landing):
        contract = contracts.get(source_folder.name)
        if contract is None:
            faults.append(
                f"landing/{source_folder.name}: unknown source; known: {', '.join(sorted(contracts))}"
            )
            continue
        for table_folder in _folders(source_folder):
            table = contract.table(table_folder.name)
            where = f"landing/{source_folder.name}/{table_folder.name}"
            if table is None:
                known = ", ".join(table.name for table in contract.tables)
                faults.append(f"{where}: unknown table; {contract.name} has: {known}")
                continue
            for folder in _folders(table_folder):
                delivered_on = delivery_date(folder.name)
                if folder.suffix in UNFINISHED:
                    say(f"{where}/{folder.name}: an upload that is not finished; it is left alone")
                elif delivered_on is None:
                    faults.append(
                        f"{where}/{folder.name}: a delivery is a folder called delivered=YYYY-MM-DD"
                    )
                else:
                    deliveries.append(Delivery(table, delivered_on, folder))
    return deliveries


def delivery_date(folder_name: str) -> date | None:
    """The date in ``delivered=YYYY-MM-DD``; None for any other name."""
    match = re.fullmatch(r"delivered=(\d{4}-\d{2}-\d{2})", folder_name, re.ASCII)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def manifest_sha256(delivery: Delivery) -> str | None:
    """What tells one manifest from another; None when there is none."""
    path = delivery.folder / MANIFEST
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def check_delivery(
    delivery: Delivery, connection: duckdb.DuckDBPyConnection, staging: Path, faults: list[str]
) -> CheckedDelivery | None:
    """Validate the files by the manifest and their columns by the contract.

    Args:
        delivery: What to check.
        connection: Used to read CSV files.
        staging: Private folder for Parquet copies of CSV files.
        faults: Every fault found is added here.

    Returns:
        The delivery, ready to load, or None when it has faults.
    """
    before = len(faults)
    manifest = _read_manifest(delivery, faults)
    if manifest is None:
        return None
    listed = manifest["files"]
    known = {entry["name"] for entry in listed} | {MANIFEST}
    for path in sorted(delivery.folder.iterdir()):
        if path.name not in known:
            faults.append(f"{delivery.where}: {path.name} is not in the manifest")
    files, extra = [], set()
    for entry in listed:
        file = _check_file(delivery, entry, connection, staging, faults, extra)
        if file is not None:
            files.append(file)
    if len(faults) > before:
        return None
    missing = sorted({c.name for c in delivery.table.columns for file in files if c.name not in file.types})
    notes = [f"not delivered, stays empty: {', '.join(missing)}"] if missing else []
    notes += [f"not in the contract, left out: {', '.join(sorted(extra))}"] if extra else []
    digest = manifest_sha256(delivery)
    assert digest is not None
    return CheckedDelivery(
        delivery,
        tuple(files),
        sum(entry["rows"] for entry in listed),
        digest,
        tuple(notes),
        manifest.get("covers", CHANGES),
    )


def _read_manifest(delivery: Delivery, faults: list[str]) -> dict[str, Any] | None:
    path = delivery.folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.append(f"{delivery.where}: no {MANIFEST}; a delivery is complete only with one")
        return None
    except (ValueError, OSError):
        faults.append(f"{delivery.where}: {MANIFEST} is not readable JSON")
        return None
    expected = {
        "source": delivery.table.source,
        "table": delivery.table.name,
        "delivered_on": delivery.delivered_on.isoformat(),
    }
    if not isinstance(manifest, dict):
        faults.append(
            f"{delivery.where}: {MANIFEST} must be an object with source, table, delivered_on, files"
        )
        return None
    before = len(faults)
    for word, value in expected.items():
        if manifest.get(word) != value:
            faults.append(
                f"{delivery.where}: {MANIFEST} says {word} {manifest.get(word)!r}, the folder {value!r}"
            )
    if manifest.get("covers", CHANGES) not in (WHOLE, CHANGES):
        faults.append(
            f"{delivery.where}: {MANIFEST} says covers {manifest['covers']!r}; allowed: {WHOLE} (every row "
            f"the source has, what is missing is deleted) and {CHANGES} (the default)"
        )
    listed = manifest.get("files")
    if not isinstance(listed, list) or not listed or not all(_is_entry(entry) for entry in listed):
        faults.append(f"{delivery.where}: {MANIFEST} must list files, each with name, rows and sha256")
    elif len({entry["name"] for entry in listed}) < len(listed):
        faults.append(f"{delivery.where}: {MANIFEST} lists a file twice")
    return manifest if len(faults) == before else None


def _is_entry(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and Path(entry["name"]).name == entry["name"]
        and type(entry.get("rows")) is int
        and entry["rows"] >= 0
        and isinstance(entry.get("sha256"), str)
    )


def _check_file(
    delivery: Delivery,
    entry: dict[str, Any],
    connection: duckdb.DuckDBPyConnection,
    staging: Path,
    faults: list[str],
    extra: set[str],
) -> DeliveredFile | None:
    where = f"{delivery.where}, {entry['name']}"
    path = delivery.folder / entry["name"]
    if not path.is_file() or path.is_symlink():
        faults.append(f"{where}: listed in the manifest, but there is no such file")
        return None
    digest, is_utf8 = _read_through(path)
    if digest != entry["sha256"]:
        faults.append(f"{where}: sha256 is {digest[:12]}..., the manifest says {entry['sha256'][:12]}...")
        return None
    if path.suffix == ".csv":
        if not is_utf8:
            faults.append(f"{where}: is not UTF-8; save it in that encoding")
            return None
        readable = _csv_as_parquet(path, where, connection, staging, faults)
        if readable is None:
            return None
        path = readable
    elif path.suffix != ".parquet":
        faults.append(f"{where}: a delivered file ends in .parquet or .csv")
        return None
    try:
        rows = pyarrow.parquet.read_metadata(path).num_rows
        described = connection.execute(
            f"describe from read_parquet({literal(str(path))}, hive_partitioning = false)"
        ).fetchall()
    except (pyarrow.ArrowException, OSError, duckdb.Error):
        faults.append(f"{where}: is not a readable Parquet file")
        return None
    if rows != entry["rows"]:
        faults.append(f"{where}: has {rows} rows, the manifest says {entry['rows']}")
    types = {name: data_type for name, data_type, *_ in described}
    _check_columns(delivery.table, types, where, faults)
    wanted = {column.name for column in delivery.table.columns}
    extra |= types.keys() - wanted
    return DeliveredFile(entry["name"], path, {name: types[name] for name in types if name in wanted})


def _check_columns(table: Table, types: dict[str, str], where: str, faults: list[str]) -> None:
    missing = [column.name for column in table.columns if column.required and column.name not in types]
    if missing:
        # Only names of the contract are shown: the first line of a CSV file without a header holds a person.
        found = [column.name for column in table.columns if column.name in types] or ["none"]
        faults.append(
            f"{where}: required columns missing: {', '.join(missing)}; found of the contract's: "
            f"{', '.join(found)} (names are lower-case, a CSV file has a header line)"
        )
    for column in table.columns:
        if column.name in types and not is_readable(column, types[column.name]):
            faults.append(
                f"{where}: column {column.name} is {types[column.name]}; the contract says {column.data_type}"
            )
    for name in (FILE_COLUMN, ROW_COLUMN):
        if name in types:
            faults.append(f"{where}: a column may not be called {name}; the loader uses that name")


def _read_through(path: Path) -> tuple[str, bool]:
    """SHA-256 of a file, and for a CSV file whether it is UTF-8, in one reading."""
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")() if path.suffix == ".csv" else None
    is_utf8 = True
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            if decoder is not None and is_utf8:
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError:
                    is_utf8 = False
    if decoder is not None and is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            is_utf8 = False
    return digest.hexdigest(), is_utf8


def _csv_as_parquet(
    path: Path, where: str, connection: duckdb.DuckDBPyConnection, staging: Path, faults: list[str]
) -> Path | None:
    """Copy a CSV file to Parquet, all columns as text, rows in order: from there on there is one format."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header = next(csv.reader(io.StringIO(stream.readline())), [])
    if not header or not all(header):
        faults.append(f"{where}: the first line must name every column")
        return None
    if len({name.lower() for name in header}) < len(header):
        faults.append(f"{where}: the header names a column twice")
        return None
    target = staging / f"{hashlib.sha256(str(path).encode()).hexdigest()}.parquet"
    columns = ", ".join(f"{literal(name)}: 'VARCHAR'" for name in header)
    # The numbers of quarantined rows refer to the order of the file.
    connection.execute("set preserve_insertion_order = true")
    try:
        connection.execute(
            f"copy (from read_csv({literal(str(path))}, header = true, auto_detect = false, delim = ',', "
            f"quote = '\"', escape = '\"', nullstr = '', strict_mode = true, "
            f"hive_partitioning = false, columns = {{{columns}}})) "
            f"to {literal(str(target))} (format parquet, compression snappy)"
        )
    except duckdb.InvalidInputException as error:
        # DuckDB's own text quotes the line, which may hold contact details.
        line = re.search(r"Line: (\d+)", str(error))
        faults.append(
            f"{where}: is not CSV with commas, double quotes and {len(header)} columns in every line"
            + (f"; look at line {line[1]}" if line else "")
        )
        return None
    finally:
        connection.execute("set preserve_insertion_order = false")
    return target


def scan(files: tuple[DeliveredFile, ...]) -> str:
    """SQL that reads files of one shape: their contract columns, and of each row its file and number."""
    paths = ", ".join(literal(str(file.path)) for file in files)
    names = ", ".join([*(quoted(name) for name in files[0].types), FILE_COLUMN, ROW_COLUMN])
    return (
        f"select {names} from read_parquet([{paths}], filename = '{FILE_COLUMN}', file_row_number = true, "
        "hive_partitioning = false)"
    )


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))
