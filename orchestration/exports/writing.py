"""Writing an export: its folder appears whole, by one rename, or not at all, and is never written again.

Belongs here: the files, the manifest, what was exported and recalled before, the order of it all.
Does not: who is in a file (``audience.py``), what is taken back (``recalling.py``).
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.core.copy_texts import neutral
from orchestration.core.errors import RekindleError
from orchestration.exports.audience import COLUMNS, Audience, audience, touches_of
from orchestration.exports.definitions import read_definitions
from orchestration.exports.gate import (
    Sealed,
    as_of_date,
    consents_delivered_on,
    sealed_weeks,
    unreadable_of_nobody,
)
from orchestration.exports.handing_over import hand_over, refuse_unreachable, remove_unfinished
from orchestration.exports.opt_outs import hear_opt_outs, refuse_unloaded
from orchestration.exports.recalling import RECALL, RECALL_CSV, RECALL_PARQUET, RECALL_SCHEMA, recalled
from orchestration.exports.vault import open_vault, refuse_lost_contacts
from orchestration.files import private_folder, read_json, sha256_of, sync, write_json
from orchestration.ledger.seals import MANIFEST
from orchestration.loader.contracts import read_contracts
from orchestration.project import SEEDS_DIR, STAGING_DIR, Home
from orchestration.warehouse.erasures import refuse_unfinished
from orchestration.warehouse.lock import hold_build_lock
from orchestration.warehouse.versions import connect_published, current_version, verify

CSV, PARQUET = "touches.csv", "touches.parquet"
_TYPES = {"step_no": pa.int32(), "planned_on": pa.date32(), "expires_on": pa.date32()}
SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in COLUMNS])


@dataclass(frozen=True)
class Exported:
    """One file that is there after a run.

    Attributes:
        folder: Where it lies.
        manifest: What its manifest says.
        is_new: Whether this run wrote it; else an earlier one did.
        is_recall: Whether it takes back touches of earlier files.
    """

    folder: Path
    manifest: dict[str, Any]
    is_new: bool
    is_recall: bool = False


def export(
    home: Home, week: date | None = None, out: Path | None = None, seeds_dir: Path = SEEDS_DIR
) -> list[Exported]:
    """Write every file of a campaign week that was not written before, and take back what is not to be sent.

    Args:
        home: The home.
        week: A Monday; None for the newest published.
        out: Folder that gets a copy of what this run writes.
        seeds_dir: Definitions.

    Returns:
        The week's files, those of earlier runs included, and the recalls of this one.

    Raises:
        RekindleError: See :func:`orchestration.exports.gate.sealed_weeks`.
        RekindleError: See :func:`orchestration.exports.gate.consents_delivered_on`.
        RekindleError: Somebody waits to be erased.
        RekindleError: The published version is damaged, contact details are lost, or a delivery that may hold
            opt-outs is not loaded.
        RekindleError: The disk is full or not writable; whole files written before stay.
    """
    definitions, contracts = read_definitions(seeds_dir), read_contracts(STAGING_DIR, home)
    with hold_build_lock(home, "exporting"):
        refuse_unfinished(home, "exported")
        remove_unfinished(home)
        if out is not None:
            refuse_unreachable(home)
        _refuse_damaged(home)
        refuse_unloaded(home, contracts)
        with connect_published(home) as published, _current(home):
            consents_on = consents_delivered_on(published, definitions)
            as_of = as_of_date(published)
            sealed = sealed_weeks(home, published, week, seeds_dir)
            refuse_lost_contacts(home, published, contracts)
            open_vault(home, published)
            of_nobody = hear_opt_outs(home, published, contracts, definitions)
            unreadable = unreadable_of_nobody(published) + of_nobody
            found = touches_of(published, sealed[0].seal.campaign_week, definitions)
        stamp = {
            "build_id": current_version(home),
            "as_of_date": as_of.isoformat(),
            "consents_delivered_on": consents_on.isoformat(),
            "consents_of_nobody": unreadable,
        }
        private_folder(home.exports)
        exported, recalls = exported_before(home), recalled_before(home)
        made = []
        for each in sealed:
            for (channel, step_no), planned in sorted(each.planned.items()):
                folder = _folder(home, each, channel, step_no)
                if folder.exists():
                    manifest = read_json(folder / MANIFEST, "Bring it back from a copy.")
                    made.append(Exported(folder, manifest, is_new=False))
                    continue
                key = (each.seal.campaign, channel, step_no)
                file = audience(found.get(key, []), key, planned, exported, definitions)
                with _told(folder):
                    manifest = _write(home, folder, file, each, stamp)
                    if out is not None:
                        hand_over(home, folder, out / folder.relative_to(home.exports))
                made.append(Exported(folder, manifest, is_new=True))
            for (channel, step_no), _ in sorted(each.planned.items()):
                touches = found.get((each.seal.campaign, channel, step_no), [])
                rows = recalled(touches, exported, recalls, as_of)
                if rows:
                    folder = _recall_folder(home, each, channel, step_no)
                    with _told(folder):
                        manifest = _write_recall(home, folder, rows, each, stamp)
                        if out is not None:
                            hand_over(home, folder, out / folder.relative_to(home.exports))
                    made.append(Exported(folder, manifest, is_new=True, is_recall=True))
    return made


def exported_before(home: Home) -> set[str]:
    """Every touch of every earlier export.

    Raises:
        RekindleError: An export is not as it was written, so that nobody knows whom it went to.
    """
    _refuse_changed(home)
    return _touches_in((folder for folder in _exported(home) if not is_recall(folder)), PARQUET)


def recalled_before(home: Home) -> set[str]:
    """Every touch of every earlier recall.

    Raises:
        RekindleError: An export is not as it was written.
    """
    _refuse_changed(home)
    return _touches_in((folder for folder in _exported(home) if is_recall(folder)), RECALL_PARQUET)


def is_recall(folder: Path) -> bool:
    """Whether a folder below a campaign's week takes touches back."""
    return folder.name.startswith(RECALL)


def files_of(folder: Path) -> tuple[str, str]:
    """Names of the rows of an export or a recall, as CSV and as Parquet."""
    return (RECALL_CSV, RECALL_PARQUET) if is_recall(folder) else (CSV, PARQUET)


def export_faults(home: Home) -> list[str]:
    """A line for each export or recall whose files are not, byte for byte, those that were written."""
    faults = []
    for folder in _exported(home):
        try:
            told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["sha256"]
            changed = [name for name in files_of(folder) if told[name] != sha256_of(folder / name)]
        except (OSError, ValueError, TypeError, KeyError):
            changed = ["one of its files is missing or cannot be read"]
        if changed:
            faults.append(f"{folder} is not as it was exported: {', '.join(changed)}")
    return faults


def _refuse_changed(home: Home) -> None:
    faults = export_faults(home)
    if faults:
        raise RekindleError(
            "\n".join(faults) + "\nSo it is not known whom it went to; nothing was exported. Bring its files "
            f"back from a copy ({MANIFEST} has their SHA-256)"
        )


def _touches_in(folders: Iterable[Path], file: str) -> set[str]:
    touches: set[str] = set()
    for folder in folders:
        touches.update(
            pq.read_table(folder / file, columns=["planned_touch_id"])["planned_touch_id"].to_pylist()
        )
    return touches


def _exported(home: Home) -> list[Path]:
    return sorted(home.exports.glob("[!.]*/*/*"))


def _refuse_damaged(home: Home) -> None:
    faults = verify(home)
    if faults:
        raise RekindleError(
            "what is published is not what was audited, so nothing was exported:\n"
            + "\n".join(f"  - {fault}" for fault in faults)
            + "\nGo back to a version that is whole (rekindle rollback), or type: rekindle run"
        )


def _folder(home: Home, each: Sealed, channel: str, step_no: int) -> Path:
    seal = each.seal
    return home.exports / seal.campaign / seal.campaign_week.isoformat() / f"{channel}_{step_no}"


def _recall_folder(home: Home, each: Sealed, channel: str, step_no: int) -> Path:
    """Where the next recall of a file goes: they are numbered."""
    week = _folder(home, each, channel, step_no).parent
    number = 1
    while (week / f"{RECALL}{channel}_{step_no}.{number}").exists():
        number += 1
    return week / f"{RECALL}{channel}_{step_no}.{number}"


def _write(home: Home, folder: Path, file: Audience, each: Sealed, stamp: dict[str, Any]) -> dict[str, Any]:
    counts = {
        "planned": sum(file.left_out.values()) + len(file.rows),
        "rows": len(file.rows),
        "left_out": file.left_out,
    }
    about = _about(each, file.channel, file.step_no) | counts
    return _write_folder(home, folder, (CSV, PARQUET), SCHEMA, file.rows, about, _stamped(each, stamp))


def _write_recall(
    home: Home, folder: Path, rows: list[dict[str, Any]], each: Sealed, stamp: dict[str, Any]
) -> dict[str, Any]:
    about = _about(each, rows[0]["channel"], rows[0]["step_no"]) | {
        "rows": len(rows),
        "recalled": dict(sorted(Counter(row["reason"] for row in rows).items())),
    }
    names = (RECALL_CSV, RECALL_PARQUET)
    return _write_folder(home, folder, names, RECALL_SCHEMA, rows, about, _stamped(each, stamp))


def _about(each: Sealed, channel: str, step_no: int) -> dict[str, Any]:
    return {
        "campaign": each.seal.campaign,
        "campaign_week": each.seal.campaign_week.isoformat(),
        "channel": channel,
        "step_no": step_no,
    }


def _stamped(each: Sealed, stamp: dict[str, Any]) -> dict[str, Any]:
    return stamp | {"ledger_version": each.seal.version, "definition_hash": each.seal.definition_hash}


def _write_folder(
    home: Home,
    folder: Path,
    names: tuple[str, str],
    schema: pa.Schema,
    rows: list[dict[str, Any]],
    about: Mapping[str, Any],
    stamp: Mapping[str, Any],
) -> dict[str, Any]:
    """Rows as CSV and Parquet with a manifest, in a folder that appears whole."""
    as_csv, as_parquet = names
    unfinished = home.exports / f".unfinished.{os.getpid()}"
    private_folder(unfinished)
    try:
        write_csv(unfinished / as_csv, rows, schema.names)
        (unfinished / as_parquet).touch(mode=0o600)
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), unfinished / as_parquet)
        manifest = {
            **about,
            "columns": [{"name": field.name, "type": str(field.type)} for field in schema],
            "sha256": {name: sha256_of(unfinished / name) for name in names},
            **stamp,
        }
        write_json(unfinished / MANIFEST, manifest)
        for written in unfinished.iterdir():
            written.chmod(0o600)
            sync(written)
        sync(unfinished)
        private_folder(folder.parent.parent)
        private_folder(folder.parent)
        unfinished.rename(folder)
        sync(folder.parent)
        sync(folder.parent.parent)
        sync(home.exports)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return manifest


def write_csv(path: Path, rows: list[dict[str, Any]], columns: Sequence[str] = COLUMNS) -> None:
    """Write the rows of a file, no cell of which a spreadsheet takes for a formula."""
    path.touch(mode=0o600)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([neutral(str(row[name])) for name in columns] for row in rows)


@contextmanager
def _current(home: Home) -> Iterator[None]:
    try:
        yield
    except duckdb.CatalogException as error:
        raise RekindleError(
            f"{current_version(home)} was published by a version of Rekindle that knew no exports: it lacks "
            "a table they read. `rekindle run`, then export"
        ) from error


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        state = "it is whole, copy it from there" if folder.exists() else "nothing of it was exported"
        raise RekindleError(
            f"{folder} could not be written or handed over ({error.strerror}): {state}. Free space or make "
            "the folder writable, then `rekindle export` again; what was exported before stays as it is"
        ) from error
