"""Rows of erased member records leave every delivery: as landed, loaded and quarantined, and the vault.

Belongs here: which rows those are, rewriting the files, keeping manifests and counts true.
Does not: finding a person's records, published versions, the ledger (orchestration.erasing.people).

A table that can tell a fact without a member (an order at the till) keeps it, as an anonymous one; from all
others the rows leave. Nothing needs to happen in one go: whoever starts again ends with the same files. What
cannot be read stays as it is and is named; everything beside it is rewritten.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.core.contract import SourceContract, Table
from orchestration.core.folding import identifier
from orchestration.csv_files.cells import rows_of
from orchestration.csv_files.copying import fault_of, is_blank, without_waiting_writers
from orchestration.erasing.unsearched import Unsearched
from orchestration.erasing.whose import SLIPPED, SYSTEM, TOUCH, Whose, whose_rows
from orchestration.files import exact_path, flush_tree, private_folder, sha256_of, sync, write_file
from orchestration.loader.bookkeeping import tell_placeholders
from orchestration.loader.deliveries import MANIFEST
from orchestration.loader.records import RECORD
from orchestration.loader.row_rules import literal, quoted
from orchestration.loader.secret import read_secret, tell_key
from orchestration.own_tables import read_own_table
from orchestration.project import Home

# So many lines of a CSV file are in memory at once.
_LINES = 50_000


def erase_rows(
    home: Home,
    contracts: dict[str, SourceContract],
    records: Iterable[tuple[str, str, str]],
    touches: Iterable[str],
    unsearched: Unsearched,
) -> None:
    """Remove the rows of member records from all that was delivered.

    Args:
        home: The home.
        contracts: By source name.
        records: Source, system and member number of each record.
        touches: Planned touches of the same people, under which receipts came back.
        unsearched: Gets what could not be read.

    Raises:
        OSError: The disk is full or not writable; whoever starts again goes on.
    """
    settle(home)
    private_folder(_workspace(home))
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        without_waiting_writers(connection)
        # Guests are found in landing by the pseudonyms of what they told.
        tell_key(connection, read_secret(home))
        blocked = read_own_table(home, "blocked_identifiers")
        tell_placeholders(connection, [row["pseudonym"] for row in blocked])
        connection.execute("set temp_directory = ?", [str(_workspace(home) / "spilled")])
        erased = pa.table(
            dict(zip(("source", "system", "member_id"), zip(*records, strict=True), strict=True))
        )
        erased_touches = pa.table({"touch": pa.array(list(touches), pa.string())})
        connection.register("erased", erased)
        connection.register("erased_touches", erased_touches)
        search = _Search(home, connection, unsearched)
        for contract in contracts.values():
            for table in contract.tables:
                whose = whose_rows(table)
                if whose.columns:
                    search.erase_from_table(table, whose)
        of_truth = Whose("chain", (SYSTEM, "member_id", TOUCH), None, frozenset(), stays=False)
        for file in sorted(home.truth.glob("*.parquet")):
            search.replace(file, of_truth)
    settle(home)


def settle(home: Home) -> None:
    """Finish what a killed erasure was about to put in its place, and remove what it left."""
    workspace = _workspace(home)
    for old in (workspace / "old").rglob("delivered=*"):
        inside = old.relative_to(workspace / "old")
        # What was set aside leaves only for what was finished before.
        if not (home.root / inside).exists():
            (workspace / "new" / inside).rename(home.root / inside)
    shutil.rmtree(workspace, ignore_errors=True)


def _workspace(home: Home) -> Path:
    return home.root / ".erasing"


@dataclass(frozen=True)
class _Search:
    """The search for rows to erase, with what it needs in every place.

    Attributes:
        home: The home.
        connection: Knows the tables ``erased`` and ``erased_touches``.
        unsearched: Gets what could not be read.
    """

    home: Home
    connection: duckdb.DuckDBPyConnection
    unsearched: Unsearched

    def erase_from_table(self, table: Table, whose: Whose) -> None:
        """Every delivery of a table, in all its places."""
        home, inside = self.home, Path(table.source) / table.name
        landing = home.landing / inside
        for folder in sorted(landing.iterdir()) if landing.is_dir() else []:
            if folder.is_dir() and not folder.name.startswith("."):
                with self.unsearched.unless_read(folder):
                    self._erase_from_landing(folder, whose)
            else:
                self.unsearched.note(folder, "is no delivery, or half of one")
        for file in sorted((home.vault / "contacts" / inside).glob("delivered=*.parquet")):
            self.replace(file, whose, mode=0o600)
        for file in sorted((home.quarantine / inside).glob("delivered=*/quarantined.parquet")):
            self.replace(file, whose)
        # The folder without rows, delivered=none, is there for dbt.
        for folder in sorted((home.loaded / table.place).glob("delivered=[0-9]*")):
            with self.unsearched.unless_read(folder):
                self._erase_from_loaded(folder, inside / folder.name, whose)

    def _erase_from_landing(self, folder: Path, whose: Whose) -> None:
        """Whatever lies in a delivery, whether a manifest lists it or there is none any more."""
        new = _new_folder(self.home, folder)
        rewritten: dict[str, dict[str, Any]] = {}
        for file in sorted(folder.iterdir()):
            if file.name == MANIFEST:
                continue
            target = new / file.name
            rows = None
            if file.is_symlink():
                self.unsearched.note(file, "is a link")
            elif file.suffix not in (".csv", ".parquet"):
                self.unsearched.note(file, "is neither a CSV nor a Parquet file")
            else:
                with self.unsearched.unless_read(file):
                    if file.suffix == ".csv":
                        rows = self._write_csv_without(file, target, whose)
                    else:
                        rows = self._write_without(file, target, whose, is_hashed=False)
            if rows is None:
                _keep(file, target)
            else:
                rewritten[file.name] = {"rows": rows, "sha256": sha256_of(target)}
        told = _manifest_of(folder)
        if told is not None:
            for entry in told["files"]:
                entry |= rewritten.get(entry["name"], {})
            write_file(new / MANIFEST, (json.dumps(told, indent=2) + "\n").encode())
        elif (folder / MANIFEST).exists():
            _keep(folder / MANIFEST, new / MANIFEST)
        if rewritten:
            _switch(self.home, folder, new)
        else:
            shutil.rmtree(new)

    def _erase_from_loaded(self, folder: Path, inside: Path, whose: Whose) -> None:
        """Last of a delivery's places: its record tells of all others."""
        new = _new_folder(self.home, folder)
        rows_loaded, is_changed = 0, False
        for file in sorted(folder.glob("month=*/*.parquet")):
            target = new / file.relative_to(folder)
            target.parent.mkdir(exist_ok=True)
            rows = self._write_without(file, target, whose)
            if rows is None:
                _keep(file, target)
                rows = pq.read_metadata(file).num_rows
            else:
                is_changed = True
            rows_loaded += rows
        if (folder / RECORD).exists():
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            told = self._told(inside, record, rows_loaded)
            is_changed = is_changed or told != record
            write_file(new / RECORD, f"{json.dumps(told, indent=2)}\n".encode())
        if is_changed:
            _switch(self.home, folder, new)
        else:
            shutil.rmtree(new)

    def _told(self, inside: Path, record: dict[str, Any], rows_loaded: int) -> dict[str, Any]:
        """What the record of a loaded delivery says now; ``inside`` is where it lies in any place."""
        quarantined = self.home.quarantine / inside / "quarantined.parquet"
        landed = self.home.landing / inside
        rows_quarantined = 0
        if str(quarantined.relative_to(self.home.root)) in self.unsearched.why:
            rows_quarantined = record["rows_quarantined"]
        elif quarantined.exists():
            rows_quarantined = pq.read_metadata(quarantined).num_rows
        gone = record["rows_loaded"] + record["rows_quarantined"] - rows_loaded - rows_quarantined
        told = record | {
            "rows_loaded": rows_loaded,
            "rows_quarantined": rows_quarantined,
            "rows_in": record["rows_in"] - gone,
        }
        delivered = _manifest_of(landed)
        if delivered is not None:
            told["rows_in"] = sum(entry["rows"] for entry in delivered["files"])
            told["manifest"] = sha256_of(landed / MANIFEST)
        told["exact_duplicates"] = told["rows_in"] - rows_loaded - rows_quarantined
        return told

    def replace(self, file: Path, whose: Whose, mode: int = 0o644) -> None:
        """The same in one file by itself; one that would have no row left leaves."""
        target = _workspace(self.home) / "rewritten.parquet"
        with self.unsearched.unless_read(file):
            rows = self._write_without(file, target, whose)
            if rows is None:
                return
            if rows:
                target.chmod(mode)
                sync(target)
                target.replace(file)
            else:
                file.unlink()
                target.unlink()
            sync(file.parent)

    def _write_without(self, file: Path, target: Path, whose: Whose, *, is_hashed: bool = True) -> int | None:
        """Write a Parquet file without the rows, or without their members; None where nothing is to do."""
        names = pq.read_schema(file).names
        condition = f"coalesce({whose.condition(names, is_hashed=is_hashed)}, false)"
        rows = f"read_parquet({literal(exact_path(file))}, hive_partitioning = false) as landed"
        if not self.connection.execute(f"select count(*) from {rows} where {condition}").fetchall()[0][0]:
            return None
        if whose.stays:
            kept = ", ".join(
                f"case when not {condition} then {quoted(name)} end as {quoted(name)}"
                if whose.tells_of_a_member(name)
                else quoted(name)
                for name in names
            )
            slipped = f"{SLIPPED} and {condition}" if "quarantine_column" in names else "false"
            query = f"select {kept} from {rows} where not ({slipped})"
        else:
            query = f"select * from {rows} where not {condition}"
        self.connection.execute(
            f"copy ({query}) to {literal(str(target))} (format parquet, compression zstd)"
        )
        return pq.read_metadata(target).num_rows

    def _write_csv_without(self, file: Path, target: Path, whose: Whose) -> int | None:
        """The same for a CSV file, line by line; its cells stay as they were written."""
        found = self._lines_to_erase(file, whose)
        if not found:
            return None
        written = 0
        with rows_of(file) as lines, target.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            _, header = next(lines)
            writer.writerow(header)
            for number, (_, line) in enumerate(lines):
                # Where the cells do not fit the header nobody knows which of them to empty.
                if number in found and (not whose.stays or fault_of(line, header)):
                    continue
                if number in found:
                    line = [
                        "" if whose.tells_of_a_member(name) else cell
                        for name, cell in zip(header, line, strict=False)
                    ]
                writer.writerow(line)
                written += 1
        return written

    def _lines_to_erase(self, file: Path, whose: Whose) -> set[int]:
        found: set[int] = set()
        names, id_case = self._names_to_erase(whose), whose.settings.id_case
        with rows_of(file) as lines:
            _, header = next(lines, (1, []))
            own = {name: header.index(name) for name in whose.columns if name in header}
            condition = f"coalesce({whose.condition(own, is_hashed=False)}, false)"
            for first in itertools.count(0, _LINES):
                block = [line for _, line in itertools.islice(lines, _LINES)]
                if not block:
                    return found
                found.update(
                    number
                    for number, line in enumerate(block, first)
                    if not is_blank(line, header)
                    and fault_of(line, header)
                    and (
                        whose.is_withheld(line, header)
                        or not names.isdisjoint(identifier(cell, id_case) for cell in line)
                    )
                )
                cells = [[line[at] if at < len(line) else "" for at in own.values()] for line in block]
                columns = {
                    name: pa.array(values, pa.string())
                    for name, values in zip(own, zip(*cells, strict=True), strict=False)
                }
                self.connection.register(
                    "cells", pa.table({"number": range(first, first + len(cells)), **columns})
                )
                query = f"select number from cells as landed where {condition}"
                found.update(number for (number,) in self.connection.execute(query).fetchall())
                self.connection.unregister("cells")
        return found

    def _names_to_erase(self, whose: Whose) -> set[str]:
        """Numbers and touches of the erased people: any cell of a row that does not fit may hold one."""
        return {
            name
            for (name,) in self.connection.execute(
                "select member_id from erased where source = $source "
                "union all select touch from erased_touches",
                {"source": whose.source},
            ).fetchall()
        }


def _manifest_of(delivery: Path) -> dict[str, Any] | None:
    """What a delivery's manifest says; None where there is none that can be read, which a load finds."""
    try:
        told = json.loads((delivery / MANIFEST).read_text(encoding="utf-8"))
        return told if all(isinstance(entry["name"], str) for entry in told["files"]) else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _keep(file: Path, target: Path) -> None:
    """Leave a file, or a folder where there should be none, as it is."""
    target.unlink(missing_ok=True)  # what was begun of it
    if file.is_dir() and not file.is_symlink():
        shutil.copytree(file, target, copy_function=os.link)
    else:
        os.link(file, target, follow_symlinks=False)


def _new_folder(home: Home, folder: Path) -> Path:
    new = _workspace(home) / "new" / folder.relative_to(home.root)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    shutil.copystat(folder, new)
    return new


def _switch(home: Home, visible: Path, new: Path) -> None:
    """Put a finished folder in the place of another; :func:`settle` finishes it after a crash between."""
    flush_tree(new)
    old = _workspace(home) / "old" / visible.relative_to(home.root)
    old.parent.mkdir(parents=True, exist_ok=True)
    visible.rename(old)
    new.rename(visible)
    sync(visible.parent)
    shutil.rmtree(old)
