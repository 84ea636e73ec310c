"""Deliveries in the landing folder: which there are, and whether their files are what the manifest says.

Belongs here: finding deliveries, manifests, checksums, names of columns, making every file readable as
    Parquet.
Does not: looking at rows (orchestration.loader.one_delivery), writing deliveries (orchestration.sources), how
    a CSV file is read (orchestration.csv_files).
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet

from orchestration.core.contract import Column, SourceContract, Table
from orchestration.core.errors import InputFault
from orchestration.csv_files import FAULT_COLUMN, CsvCopy, CsvFault, copy_csv
from orchestration.files import exact_path, sha256_of
from orchestration.loader.row_rules import is_readable, literal, quoted
from orchestration.loader.unreadable import slipped_rows_notes

MANIFEST = "manifest.json"
WHOLE, CHANGES = "whole", "changes"
"""What a delivery holds: every row its source has, or those that are new or changed."""
# Columns the loader asks Parquet's reader for, under names no delivered column may have.
FILE_COLUMN = "quarantine_file"
ROW_COLUMN = "file_row_number"
UNFINISHED = {".tmp", ".part", ".partial", ".filepart", ".crdownload"}
"""How programs that upload call a folder until it is whole."""
# DuckDB has no more digits, and reads a decimal that has as a rounded number.
_MOST_DIGITS = 38


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
        sha256: Of the file as delivered.
        faults: What is said, in ``FAULT_COLUMN``, of rows of a CSV file that do not fit its header.
    """

    name: str
    path: Path
    types: dict[str, str]
    sha256: str
    faults: tuple[str, ...] = ()


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
    files, extra, notes = [], set(), []
    for entry in listed:
        file = _check_file(delivery, entry, connection, staging, faults, extra, notes)
        if file is not None:
            files.append(file)
    if len(faults) > before:
        return None
    missing = sorted({c.name for c in delivery.table.columns for file in files if c.name not in file.types})
    notes += slipped_rows_notes(delivery.table, files, connection)
    notes += [f"not delivered, stays empty: {', '.join(missing)}"] if missing else []
    notes += [f"not in the contract, left out: {', '.join(sorted(extra))}"] if extra else []
    digest = manifest_sha256(delivery)
    assert digest is not None
    return CheckedDelivery(
        delivery,
        tuple(files),
        sum(entry["rows"] for entry in listed),
        digest,
        tuple(dict.fromkeys(notes)),
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


def refuse_changed(checked: CheckedDelivery) -> None:
    """Raise where a file is no longer the one that was checked: what was read may be neither.

    Raises:
        InputFault: A file was changed, replaced or removed since.
    """
    for file in checked.files:
        path = checked.delivery.folder / file.name
        if path.is_symlink() or not path.is_file() or sha256_of(path) != file.sha256:
            raise InputFault(
                f"{checked.delivery.where}, {file.name}: was changed while it was read, so nothing of this "
                "delivery was loaded.\nA delivery is never changed: remove its folder and deliver it again."
            )


def _check_file(
    delivery: Delivery,
    entry: dict[str, Any],
    connection: duckdb.DuckDBPyConnection,
    staging: Path,
    faults: list[str],
    extra: set[str],
    notes: list[str],
) -> DeliveredFile | None:
    where = f"{delivery.where}, {entry['name']}"
    path = delivery.folder / entry["name"]
    if not path.is_file() or path.is_symlink():
        faults.append(f"{where}: listed in the manifest, but there is no such file")
        return None
    digest = sha256_of(path)
    if digest != entry["sha256"]:
        faults.append(f"{where}: sha256 is {digest[:12]}..., the manifest says {entry['sha256'][:12]}...")
        return None
    copy: CsvCopy | None = None
    if path.suffix == ".csv":
        target = staging / f"{hashlib.sha256(str(path).encode()).hexdigest()}.parquet"
        try:
            copy = copy_csv(path, target, connection)
        except CsvFault as fault:
            faults.append(f"{where}: {fault}")
            return None
        path = target
    elif path.suffix != ".parquet":
        faults.append(
            f"{where}: a delivered file ends in .parquet or .csv; `rekindle deliver` unpacks .csv.gz, "
            "`rekindle import` reads other kinds"
        )
        return None
    try:
        schema = pyarrow.parquet.read_schema(path)
        rows = pyarrow.parquet.read_metadata(path).num_rows
        described = connection.execute(
            f"describe from read_parquet({literal(exact_path(path))}, hive_partitioning = false)"
        ).fetchall()
    except (pyarrow.ArrowException, OSError, duckdb.Error):
        faults.append(f"{where}: is not a readable Parquet file")
        return None
    if rows != entry["rows"]:
        faults.append(f"{where}: has {rows} rows, the manifest says {entry['rows']}")
    names = copy.header if copy else schema.names
    types = {name: data_type for name, data_type, *_ in described if name in names}
    for name in schema.names:
        data_type = schema.field(schema.names.index(name)).type
        if pyarrow.types.is_decimal(data_type) and data_type.precision > _MOST_DIGITS:
            types[name] = f"a decimal of more than {_MOST_DIGITS} digits"
    nearly = _check_names(delivery.table, names, where, faults, notes)
    _check_columns(delivery.table, types, where, faults)
    wanted = {column.name for column in delivery.table.columns}
    extra |= set(names) - wanted - nearly
    notes += [f"{entry['name']}: {copy.note}"] if copy and copy.note else []
    return DeliveredFile(
        entry["name"],
        path,
        {name: types[name] for name in types if name in wanted},
        digest,
        copy.faults if copy else (),
    )


def _check_names(
    table: Table, names: Iterable[str], where: str, faults: list[str], notes: list[str]
) -> set[str]:
    """Names that differ from the contract's in case, blanks, width or punctuation only; they are returned."""
    by_plain = {_plain(column.name): column for column in table.columns}
    found: dict[str, list[str]] = {}
    for name in names:
        column = by_plain.get(_plain(name))
        if column is not None:
            found.setdefault(column.name, []).append(name)
    nearly: set[str] = set()
    for column in table.columns:
        like = found.get(column.name, [])
        nearly |= set(like) - {column.name}
        if len(like) > 1:
            listed = " and ".join(map(repr, like))
            faults.append(f"{where}: {listed} both look like column {column.name}; deliver one of them")
        elif like and like != [column.name]:
            text = f"found {like[0]!r}: rename it to {column.name}"
            if _must_be_there(column):
                faults.append(f"{where}: {text}")
            else:
                notes.append(f"{text}; until then it is left out")
    return nearly


def _must_be_there(column: Column) -> bool:
    """An opt-out that is left out for its name would silence nobody."""
    return column.required or column.opt_out is not None


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum())


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
    # The engine does not tell upper from lower case.
    for name in sorted({FILE_COLUMN, ROW_COLUMN, FAULT_COLUMN} & {name.lower() for name in types}):
        faults.append(f"{where}: a column may not be called {name}; the loader uses that name")


def scan(files: tuple[DeliveredFile, ...]) -> str:
    """SQL that reads files of one shape: their contract columns, each row's file, number and fault."""
    paths = ", ".join(literal(exact_path(file.path)) for file in files)
    fault = FAULT_COLUMN if files[0].faults else f"cast(null as varchar) as {FAULT_COLUMN}"
    names = ", ".join([*(quoted(name) for name in files[0].types), FILE_COLUMN, ROW_COLUMN, fault])
    return (
        f"select {names} from read_parquet([{paths}], filename = '{FILE_COLUMN}', file_row_number = true, "
        "hive_partitioning = false)"
    )


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))
