"""Rows of erased members leave the exports that were written: contact details, texts, counts.

Belongs here: rewriting an export's files and its manifest.
Does not: copies handed to others (``--out``), of which nothing is known here.
"""

from __future__ import annotations

import json
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.exports.writing import CSV, PARQUET, remove_unfinished, write_csv
from orchestration.files import replacing, sha256_of, write_json
from orchestration.ledger.seals import MANIFEST
from orchestration.project import Home


def erase_from_exports(home: Home, touches: Collection[str]) -> None:
    """Remove touches from every file that was exported.

    Args:
        home: The home.
        touches: Planned touches of the people to erase.
    """
    remove_unfinished(home)
    wanted = pa.array(sorted(touches), pa.string())
    for manifest in sorted(home.exports.glob(f"*/*/*/{MANIFEST}")):
        folder = manifest.parent
        for leftover in folder.glob(".*"):
            leftover.unlink()
        rows = pq.read_table(folder / PARQUET)
        kept = rows.filter(pc.invert(pc.is_in(rows["planned_touch_id"], value_set=wanted)))
        told = json.loads(manifest.read_text(encoding="utf-8"))
        if len(kept) == told["rows"]:
            continue
        # The Parquet file last: as long as it holds the rows, whoever starts again finds them.
        with replacing(folder / CSV) as prepared:
            write_csv(prepared, kept.to_pylist())
        if len(kept) < len(rows):
            with replacing(folder / PARQUET) as prepared:
                prepared.touch(mode=0o600)
                pq.write_table(kept, prepared)
        left_out = told["left_out"]
        left_out["erased"] = left_out.get("erased", 0) + told["rows"] - len(kept)
        hashes = {name: sha256_of(folder / name) for name in (CSV, PARQUET)}
        write_json(manifest, told | {"rows": len(kept), "left_out": left_out, "sha256": hashes})
        manifest.chmod(0o600)
