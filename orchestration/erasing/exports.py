"""Rows of erased members leave the exports that were written: contact details, texts, counts.

Belongs here: rewriting an export's files and its manifest.
Does not: copies handed to others (``--out``), of which nothing is known here.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.erasing.unsearched import Unsearched
from orchestration.exports.handing_over import remove_unfinished
from orchestration.exports.writing import files_of, is_recall, write_csv
from orchestration.files import replacing, sha256_of, write_json
from orchestration.ledger.seals import MANIFEST
from orchestration.project import Home


def erase_from_exports(home: Home, touches: Collection[str], unsearched: Unsearched) -> None:
    """Remove touches from every file that was exported.

    Args:
        home: The home.
        touches: Planned touches of the people to erase.
        unsearched: Gets what could not be read.
    """
    remove_unfinished(home)
    wanted = pa.array(sorted(touches), pa.string())
    for folder in sorted(home.exports.glob("*/*/*")):
        with unsearched.unless_read(folder):
            _erase_from_one(folder, wanted, *files_of(folder))
        for file in folder.iterdir() if folder.is_dir() else []:
            if file.name not in (*files_of(folder), MANIFEST):
                unsearched.note(file, "is no file of an export")


def _erase_from_one(folder: Path, wanted: pa.Array, as_csv: str, as_parquet: str) -> None:
    for leftover in folder.glob(".*"):
        leftover.unlink()
    rows = pq.read_table(folder / as_parquet)
    kept = rows.filter(pc.invert(pc.is_in(rows["planned_touch_id"], value_set=wanted)))
    manifest = folder / MANIFEST
    told = json.loads(manifest.read_text(encoding="utf-8"))
    if len(kept) == told["rows"]:
        return
    # The Parquet file last: as long as it holds the rows, whoever starts again finds them.
    with replacing(folder / as_csv) as prepared:
        write_csv(prepared, kept.to_pylist(), kept.schema.names)
    if len(kept) < len(rows):
        with replacing(folder / as_parquet) as prepared:
            prepared.touch(mode=0o600)
            pq.write_table(kept, prepared)
    counts = {"rows": len(kept)}
    if not is_recall(folder):
        left_out = told["left_out"]
        counts["left_out"] = left_out | {"erased": left_out.get("erased", 0) + told["rows"] - len(kept)}
    hashes = {name: sha256_of(folder / name) for name in (as_csv, as_parquet)}
    write_json(manifest, told | counts | {"sha256": hashes})
    manifest.chmod(0o600)
