"""How every source hands over a table: one immutable delivery, visible whole or not at all.

Belongs here: the delivery folder, its manifest, the refusal to overwrite.
Does not: what is in the files (the source's business) and whether it is right (the loader's).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from orchestration.core.errors import InputFault

MANIFEST = "manifest.json"
FORMATS = (".parquet", ".csv")


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


def deliver(
    landing: Path,
    source: str,
    table: str,
    delivered_on: date,
    write: Callable[[Path], None],
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
            entries = list(pool.map(_described, files))
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


def _described(path: Path) -> dict[str, str | int]:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        rows = _rows(path)
    except pa.ArrowInvalid as fault:
        raise InputFault(
            f"'{path.name}' is not a readable {path.suffix[1:]} file; write it anew and deliver again."
        ) from fault
    _to_disk(path)
    return {"name": path.name, "rows": rows, "sha256": sha256}


def _rows(path: Path) -> int:
    if path.suffix == ".parquet":
        return pq.read_metadata(path).num_rows
    parsing = pa_csv.ParseOptions(newlines_in_values=True)
    with pa_csv.open_csv(path, parse_options=parsing) as batches:
        # Rows are counted as text, so that a late odd value is for the loader to find, no failure here.
        names = batches.schema.names
    as_text = pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
    with pa_csv.open_csv(path, parse_options=parsing, convert_options=as_text) as batches:
        return sum(batch.num_rows for batch in batches)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
