"""How every source hands over a table: one immutable delivery, visible whole or not at all.

Belongs here: the delivery folder, its manifest, the refusal to overwrite, the names of handed-over files.
Does not: what is in the files (the source's business) and whether it is right (the loader's).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.core.errors import InputFault
from orchestration.csv_files.cells import CsvFault, opened
from orchestration.csv_files.copying import copy_csv
from orchestration.files import sha256_of

MANIFEST = "manifest.json"
FORMATS = (".parquet", ".csv")
PACKED = ".csv.gz"


def delivery_folder(landing: Path, source: str, table: str, delivered_on: date) -> Path:
    """Where the delivery of one table on one day lies, whether it exists or not."""
    return landing / source / table / f"delivered={delivered_on.isoformat()}"


def refuse_existing(folder: Path) -> None:
    """Raise if the delivery exists: what was delivered is never changed.

    Args:
        folder: The delivery's folder, from ``delivery_folder``.

    Raises:
        InputFault: The folder is there already.
    """
    if folder.exists():
        raise InputFault(
            f"{folder}: this delivery exists already, and deliveries are immutable. "
            "Deliver under a later date, or remove the folder if it was a trial."
        )


def names_within(files: Iterable[Path]) -> dict[Path, str]:
    """The name of each file within a delivery: its own, or with a number where another has that name.

    Endings become lower case, and what is packed is delivered unpacked.

    Raises:
        InputFault: A file is given twice, is no file, or is of a kind that cannot be delivered.
    """
    names: dict[Path, str] = {}
    taken: set[str] = set()
    given: set[Path] = set()
    for file in files:
        name = file.name[: -len(".gz")] if file.name.lower().endswith(PACKED) else file.name
        path = Path(name)
        if not file.is_file():
            raise InputFault(f"'{file}' is not a file, so it cannot be delivered; name the files one by one.")
        if file.resolve() in given:
            raise InputFault(f"'{file}' is given twice; name every file once.")
        if path.suffix.lower() not in FORMATS or name.startswith("."):
            raise InputFault(
                f"'{file.name}' cannot be delivered; allowed are .csv, .csv.gz and .parquet files without "
                "hidden names. For other kinds: rekindle import"
            )
        if not name.isprintable():
            raise InputFault(f"{file.name!a} has a name that cannot be shown; rename it and deliver again.")
        given.add(file.resolve())
        number, wanted = 1, f"{path.stem}{path.suffix.lower()}"
        while wanted.lower() in taken:
            number += 1
            wanted = f"{path.stem}-{number}{path.suffix.lower()}"
        taken.add(wanted.lower())
        names[file] = wanted
    return names


def hand_over(file: Path, target: Path) -> None:
    """Copy a file into a delivery, unpacked where it is packed.

    Raises:
        InputFault: It cannot be read or unpacked.
    """
    try:
        with opened(file) as unpacked, target.open("wb") as stream:
            shutil.copyfileobj(unpacked, stream)
    except CsvFault as fault:
        raise InputFault(f"'{file.name}' {fault}.") from None
    except PermissionError:
        raise InputFault(f"'{file}' may not be read; give yourself the right to read it.") from None


def deliver(
    landing: Path,
    source: str,
    table: str,
    delivered_on: date,
    write: Callable[[Path], None],
    say: Callable[[str], None] = lambda _: None,
    *,
    is_whole: bool = False,
) -> Path:
    """Write one delivery and make it visible in one step.

    Args:
        landing: The home's landing folder.
        source: Name of the source.
        table: Name of the table in the source's contract.
        delivered_on: Day of the delivery.
        write: Puts ``*.parquet`` or ``*.csv`` files (UTF-8, header, comma) into the folder it is given.
        say: Gets a line per CSV file with rows that will be quarantined because they do not fit its header.
        is_whole: Whether it has every row the source has, so that what is missing was deleted.

    Returns:
        The folder of the delivery, with its manifest.

    Raises:
        InputFault: The delivery exists, or ``write`` left no file, a broken one or one of another kind.
    """
    final = delivery_folder(landing, source, table, delivered_on)
    refuse_existing(final)
    final.parent.mkdir(parents=True, exist_ok=True)
    # The dot hides it from every reader's glob; the folder is private because landing holds contact details.
    making = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
    try:
        write(making)
        files = sorted(making.iterdir())
        _refuse_strangers(files, source, table)
        with ThreadPoolExecutor(max_workers=2) as pool:
            entries = list(pool.map(lambda path: _described(path, say), files))
        manifest = {
            "source": source,
            "table": table,
            "delivered_on": delivered_on.isoformat(),
            "covers": "whole" if is_whole else "changes",
            "files": entries,
        }
        (making / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        for path in (making / MANIFEST, making):
            _to_disk(path)
        try:
            making.rename(final)
        except OSError:
            refuse_existing(final)  # someone else was faster
            raise
        _to_disk(final.parent)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return final


def _refuse_strangers(files: list[Path], source: str, table: str) -> None:
    if not files:
        raise InputFault(
            f"{source}.{table}: the delivery holds no file; deliver at least one, even if empty."
        )
    for path in files:
        if not path.is_file() or path.suffix not in FORMATS or path.name.startswith("."):
            raise InputFault(
                f"{source}.{table}: '{path.name}' cannot be delivered; allowed are files named "
                "*.parquet or *.csv, without folders and hidden names."
            )


def _described(path: Path, say: Callable[[str], None]) -> dict[str, str | int]:
    try:
        rows = pq.read_metadata(path).num_rows if path.suffix == ".parquet" else _csv_rows(path, say)
    except CsvFault as fault:
        raise InputFault(f"'{path.name}': {fault}. Nothing was delivered.") from None
    except (pa.ArrowException, OSError):
        raise InputFault(
            f"'{path.name}' is not a readable Parquet file; write it anew and deliver again."
        ) from None
    _to_disk(path)
    return {"name": path.name, "rows": rows, "sha256": sha256_of(path)}


def _csv_rows(path: Path, say: Callable[[str], None]) -> int:
    """Rows as the loader will count them: it reads the file in the same way."""
    with (
        tempfile.TemporaryDirectory(prefix=".counted.", dir=path.parent) as folder,
        duckdb.connect() as connection,
    ):
        copy = copy_csv(path, Path(folder) / "rows.parquet", connection)
    if copy.note:
        say(f"{path.name}: {copy.note}")
    return copy.rows


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
