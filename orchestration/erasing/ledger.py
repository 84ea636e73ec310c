"""Rows of erased members in the ledger: they stay as tombstones, so that what was decided still adds up.

Belongs here: which columns a tombstone keeps, rewriting sealed files so that the registry explains it.
Does not: sealing, and verifying files by manifests (ledger.seals).

The registry is written before the files: a sealed file with another hash than its first is accepted only
where the registry names that hash.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.erasing.unsearched import Unsearched
from orchestration.files import replacing, write_json
from orchestration.ledger.seals import MANIFEST
from orchestration.own_tables import schema_of
from orchestration.project import Home
from orchestration.warehouse.erasures import read_registry, write_registry

_TABLES = {"decisions.parquet": "sealed_decisions", "touches.parquet": "sealed_touches"}
# What a tombstone keeps besides names of campaign, week and touch: what counts are made of.
_KEPT = {
    "decisions.parquet": {
        "campaign", "campaign_week", "ledger_version", "as_of_date", "is_included", "drop_reason", "arm",
        "arm_role", "propensity", "priority", "expected_cost_amount", "definition_hash",
    },
    "touches.parquet": {
        "campaign", "campaign_week", "ledger_version", "entry_week", "arm", "step_no", "planned_on",
        "channel", "template", "benefit", "status",
    },
}  # fmt: skip


def sealed_touches_of(home: Home, keys: Collection[int]) -> list[str]:
    """The planned touches of members in every version of every sealed week."""
    wanted = pa.array(sorted(keys), pa.int64())
    return sorted(
        {
            touch
            for file in home.ledger.glob("*/*/v*/touches.parquet")
            for touch in pq.read_table(file, filters=pc.field("member_key").isin(wanted))[
                "planned_touch_id"
            ].to_pylist()
        }
    )


def erase_from_ledger(home: Home, keys: Collection[int], unsearched: Unsearched) -> None:
    """Put tombstones in the place of members, in every version of every sealed week.

    Args:
        home: The home.
        keys: Record keys; a sealed member key is one.
        unsearched: Gets what could not be read.
    """
    for folder in sorted(home.ledger.glob("*/*/v*")):
        with unsearched.unless_read(folder):
            _erase_from_version(home, folder, keys)


def _erase_from_version(home: Home, folder: Path, keys: Collection[int]) -> None:
    new = {name: _without(folder / name, keys) for name in _TABLES}
    erased = int((new["decisions.parquet"][0]["member_key"].to_numpy() < 0).sum())
    if not erased:
        return
    manifest = folder / MANIFEST
    told = json.loads(manifest.read_text(encoding="utf-8"))
    hashes = {name: hashlib.sha256(content).hexdigest() for name, (_, content) in new.items()}
    registry = read_registry(home)
    inside = str(folder.relative_to(home.ledger))
    if registry.sealed.get(inside) != hashes:
        registry.sealed[inside] = hashes
        write_registry(home, registry)
    for name, (_, content) in new.items():
        if (folder / name).read_bytes() != content:
            with replacing(folder / name) as prepared:
                prepared.write_bytes(content)
                prepared.chmod(0o444)
    if told["sha256"] != hashes or told.get("erased") != erased:
        write_json(manifest, told | {"sha256": hashes, "erased": erased})
        manifest.chmod(0o444)


def _without(file: Path, keys: Collection[int]) -> tuple[pa.Table, bytes]:
    """The file's rows with tombstones, and its bytes; those it has where there is nobody to erase."""
    rows = pq.read_table(file)
    members = rows["member_key"].to_numpy()
    erased = np.isin(members, np.array(sorted(keys), dtype="int64"))
    if not erased.any():
        return rows, file.read_bytes()
    numbers = members.copy()
    numbers[erased] = min(members.min(), 0) - np.arange(1, erased.sum() + 1)
    mask = pa.array(erased)
    schema = schema_of(_TABLES[file.name])
    columns = {}
    for field in schema:
        if field.name == "member_key":
            columns[field.name] = pa.array(numbers, pa.int64())
        elif field.name == "planned_touch_id":
            week = "/".join(file.parent.parts[-3:])
            names = pa.array([f"erased/{week}/{-number}" for number in numbers], pa.string())
            columns[field.name] = pc.if_else(mask, names, rows[field.name])
        elif field.name in _KEPT[file.name]:
            columns[field.name] = rows[field.name]
        else:
            columns[field.name] = pc.if_else(mask, pa.scalar(None, field.type), rows[field.name])
    # In an order of its own: the former place would tell between which keys the erased one lay.
    made = pa.table(columns, schema=schema).sort_by([("member_key", "ascending")])
    written = io.BytesIO()
    pq.write_table(made, written)
    return made, written.getvalue()
