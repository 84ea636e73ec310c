"""Rows of erased member records leave every delivery: as landed, loaded and quarantined, and the vault.

Belongs here: which rows those are, rewriting the files, keeping manifests and counts true.
Does not: finding a person's records, published versions, the ledger (orchestration.erasing.people).

A table that can tell a fact without a member (an order at the till) keeps it, as an anonymous one; from all
others the rows leave. Nothing needs to happen in one go: whoever starts again ends with the same files.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.core.contract import SourceContract, Table
from orchestration.files import flush_tree, private_folder, sync, write_file
from orchestration.loader.deliveries import MANIFEST
from orchestration.loader.loading import RECORD
from orchestration.loader.row_rules import literal, quoted
from orchestration.project import Home

# Columns that say whose a row is: the number, and beside it the system where a source has several.
_NUMBERS = ("member_id", "household_id")
_SYSTEM = "system"
_TOUCH = "planned_touch_id"
# Columns of loaded and quarantined files that the loader added.
_OWN = frozenset(
    ["delivered_on", "quarantine_file", "quarantine_row_number", "quarantine_reason", "quarantine_column"]
)


@dataclass(frozen=True)
class _Whose:
    """How a table tells whose a row is, and what becomes of it.

    Attributes:
        source: Its source.
        columns: Those with the member, the system or the touch.
        systems: Systems a row may name; any other text may stand for each of them.
        known: All columns of the contract; empty where there is none.
        stays: Whether the fact stays without its member.
    """

    source: str
    columns: tuple[str, ...]
    systems: tuple[str, ...]
    known: frozenset[str]
    stays: bool

    def tells_of_a_member(self, column: str) -> bool:
        """Whether a column of a fact that stays is emptied: nobody knows what unknown columns hold."""
        return column in self.columns or column not in self.known | _OWN

    def condition(self, present: Iterable[str]) -> str:
        """SQL that is true for rows of ``landed`` to erase; for a file without these columns it is false."""
        there = [name for name in self.columns if name in present]
        if _TOUCH in there:
            return f"landed.{_TOUCH} in (select touch from erased_touches)"
        number = next((name for name in there if name in _NUMBERS), None)
        if number is None:
            return "false"
        known = ", ".join(literal(system) for system in self.systems) or "null"
        own = f"landed.{_SYSTEM}"
        system = f" and (erased.system = {own} or not coalesce({own} in ({known}), false))"
        same = f"erased.member_id = cast(landed.{quoted(number)} as varchar)"
        return (
            f"exists (select 1 from erased where erased.source = {literal(self.source)} and {same}"
            f"{system if _SYSTEM in there else ''})"
        )


def erase_rows(
    home: Home,
    contracts: dict[str, SourceContract],
    records: Iterable[tuple[str, str, str]],
    touches: Iterable[str],
) -> None:
    """Remove the rows of member records from all that was delivered.

    Args:
        home: The home.
        contracts: By source name.
        records: Source, system and member number of each record.
        touches: Planned touches of the same people, under which receipts came back.
    """
    settle(home)
    private_folder(_workspace(home))
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("set temp_directory = ?", [str(_workspace(home) / "spilled")])
        erased = pa.table(
            dict(zip(("source", "system", "member_id"), zip(*records, strict=True), strict=True))
        )
        erased_touches = pa.table({"touch": pa.array(list(touches), pa.string())})
        connection.register("erased", erased)
        connection.register("erased_touches", erased_touches)
        for contract in contracts.values():
            for table in contract.tables:
                whose = _whose(table)
                if whose.columns:
                    _erase_from_table(home, table, whose, connection)
        of_truth = _Whose("chain", (_SYSTEM, "member_id", _TOUCH), (), frozenset(), stays=False)
        for file in sorted(home.truth.glob("*.parquet")):
            _replace(file, of_truth, connection, _workspace(home))
    settle(home)


def settle(home: Home) -> None:
    """Finish what a killed erasure was about to put in its place, and remove what it left."""
    workspace = _workspace(home)
    for old in (workspace / "old").glob("*/*/*/delivered=*"):
        inside = old.relative_to(workspace / "old")
        # What was set aside leaves only for what was finished before.
        if not (home.root / inside).exists():
            (workspace / "new" / inside).rename(home.root / inside)
    shutil.rmtree(workspace, ignore_errors=True)


def _workspace(home: Home) -> Path:
    return home.root / ".erasing"


def _whose(table: Table) -> _Whose:
    own = [column for column in table.columns if column.name in (*_NUMBERS, _SYSTEM, _TOUCH)]
    numbered = any(column.name != _SYSTEM for column in own)
    return _Whose(
        table.source,
        tuple(column.name for column in own) if numbered else (),
        next((column.allowed for column in own if column.name == _SYSTEM), ()),
        frozenset(column.name for column in table.columns),
        stays=not any(column.required for column in own),
    )


def _erase_from_table(home: Home, table: Table, whose: _Whose, connection: duckdb.DuckDBPyConnection) -> None:
    inside = Path(table.source) / table.name
    for folder in sorted((home.landing / inside).glob("delivered=*")):
        _erase_from_landing(home, folder, whose, connection)
    for file in sorted((home.vault / "contacts" / inside).glob("delivered=*.parquet")):
        _replace(file, whose, connection, _workspace(home), mode=0o600)
    for file in sorted((home.quarantine / inside).glob("delivered=*/quarantined.parquet")):
        _replace(file, whose, connection, _workspace(home))
    for folder in sorted((home.loaded / inside).glob("delivered=*")):
        if (folder / RECORD).exists():
            _erase_from_loaded(home, folder, whose, connection)


def _erase_from_landing(
    home: Home, folder: Path, whose: _Whose, connection: duckdb.DuckDBPyConnection
) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    new = _new_folder(home, folder)
    is_changed = False
    for entry in manifest["files"]:
        target = new / entry["name"]
        rewrite = _write_csv_without if target.suffix == ".csv" else _write_without
        rows = rewrite(folder / entry["name"], target, whose, connection)
        if rows is None:
            os.link(folder / entry["name"], target)
            continue
        with target.open("rb") as file:
            entry |= {"rows": rows, "sha256": hashlib.file_digest(file, "sha256").hexdigest()}
        is_changed = True
    if is_changed:
        write_file(new / MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())
        _switch(home, folder, new)
    else:
        shutil.rmtree(new)


def _erase_from_loaded(
    home: Home, folder: Path, whose: _Whose, connection: duckdb.DuckDBPyConnection
) -> None:
    """Last of a delivery's places: its record tells of all others."""
    record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    new = _new_folder(home, folder)
    rows_loaded, is_changed = 0, False
    for file in sorted(folder.glob("month=*/*.parquet")):
        target = new / file.relative_to(folder)
        target.parent.mkdir(exist_ok=True)
        rows = _write_without(file, target, whose, connection)
        if rows is None:
            os.link(file, target)
            rows = pq.read_metadata(file).num_rows
        else:
            is_changed = True
        rows_loaded += rows
    quarantined = home.quarantine / folder.relative_to(home.loaded) / "quarantined.parquet"
    landed = home.landing / folder.relative_to(home.loaded) / MANIFEST
    rows_quarantined = pq.read_metadata(quarantined).num_rows if quarantined.exists() else 0
    gone = record["rows_loaded"] + record["rows_quarantined"] - rows_loaded - rows_quarantined
    told = record | {
        "rows_loaded": rows_loaded,
        "rows_quarantined": rows_quarantined,
        "rows_in": record["rows_in"] - gone,
    }
    if landed.exists():
        content = landed.read_bytes()
        told["rows_in"] = sum(entry["rows"] for entry in json.loads(content)["files"])
        told["manifest"] = hashlib.sha256(content).hexdigest()
    told["exact_duplicates"] = told["rows_in"] - rows_loaded - rows_quarantined
    if is_changed or told != record:
        write_file(new / RECORD, f"{json.dumps(told, indent=2)}\n".encode())
        _switch(home, folder, new)
    else:
        shutil.rmtree(new)


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


def _replace(
    file: Path, whose: _Whose, connection: duckdb.DuckDBPyConnection, workspace: Path, mode: int = 0o644
) -> None:
    """The same in one file by itself; one that would have no row left leaves."""
    target = workspace / "rewritten.parquet"
    rows = _write_without(file, target, whose, connection)
    if rows is None:
        return
    if rows:
        target.chmod(mode)
        with target.open("rb") as stream:
            os.fsync(stream.fileno())
        target.replace(file)
    else:
        file.unlink()
        target.unlink()
    sync(file.parent)


def _write_without(
    file: Path, target: Path, whose: _Whose, connection: duckdb.DuckDBPyConnection
) -> int | None:
    """Write a Parquet file without the rows, or without their members; None where there is nothing to do."""
    names = pq.read_schema(file).names
    condition = f"coalesce({whose.condition(names)}, false)"
    rows = f"read_parquet({literal(str(file))}, hive_partitioning = false) as landed"
    if not connection.execute(f"select count(*) from {rows} where {condition}").fetchall()[0][0]:
        return None
    if whose.stays:
        kept = ", ".join(
            f"case when not {condition} then {quoted(name)} end as {quoted(name)}"
            if whose.tells_of_a_member(name)
            else quoted(name)
            for name in names
        )
        query = f"select {kept} from {rows}"
    else:
        query = f"select * from {rows} where not {condition}"
    connection.execute(f"copy ({query}) to {literal(str(target))} (format parquet, compression zstd)")
    return pq.read_metadata(target).num_rows


def _write_csv_without(
    file: Path, target: Path, whose: _Whose, connection: duckdb.DuckDBPyConnection
) -> int | None:
    """The same for a CSV file, whose cells stay as they were written."""
    with file.open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = list(csv.reader(stream)) or [[]]
    condition = f"coalesce({whose.condition(header)}, false)"
    own = [header.index(name) for name in whose.columns if name in header]
    columns = {header[at]: [row[at] if at < len(row) else "" for row in rows] for at in own}
    cells = pa.table(
        {"row_number": range(len(rows))} | {name: pa.array(v, pa.string()) for name, v in columns.items()}
    )
    connection.register("cells", cells)
    found = {
        number
        for (number,) in connection.execute(
            f"select row_number from cells as landed where {condition}"
        ).fetchall()
    }
    connection.unregister("cells")
    if not found:
        return None
    if whose.stays:
        for number in found:
            rows[number] = [
                "" if whose.tells_of_a_member(name) else cell
                for name, cell in zip(header, rows[number], strict=False)
            ]
        found = set()
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(row for number, row in enumerate(rows) if number not in found)
    return len(rows) - len(found)
