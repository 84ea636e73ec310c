"""The vault as an export reads it: the newest contact details of every member record, all of them or none.

Belongs here: comparing the vault with what was loaded, the SQL that reads it, leaving placeholders out.
Does not: which of a member's addresses is taken (``audience.py``), writing the vault (the loader).
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.core.contract import SourceContract
from orchestration.core.errors import RekindleError
from orchestration.files import exact_path
from orchestration.loader.bookkeeping import blocked_pseudonyms
from orchestration.project import Home
from orchestration.warehouse.connections import quoted

ADDRESSES = ("phone", "email", "union_id")
"""Contact details that a sending tool can reach somebody under."""

_RECORD = ("system", "member_id")
# What the loader wrote beside each kind of address.
_PARTS = dict.fromkeys(ADDRESSES, ("pseudonym",)) | {"phone": ("pseudonym", "dialled")}


def refuse_lost_contacts(
    home: Home, published: duckdb.DuckDBPyConnection, contracts: dict[str, SourceContract]
) -> None:
    """Stop an export that would leave people out because their contact details are lost, once and for ever.

    Args:
        home: The home.
        published: The published version, with the deliveries it was built from.
        contracts: By source name.

    Raises:
        RekindleError: There are none, or a delivery's are missing, damaged or fewer or more than were loaded.
    """
    told = published.execute(
        "select source, table_name, delivered_on, rows_loaded from staging.stg_rekindle__loads "
        "where status = 'loaded'"
    ).fetchall()
    expected = {(source, name, f"delivered={day}"): rows for source, name, day, rows in told}
    for record in home.load_records:
        name, source, delivered = record.parts[-4:-1]
        try:
            told_by_load = json.loads(record.read_text(encoding="utf-8"))
            has_contacts = told_by_load.get("has_contacts", True)
            expected[source, name, delivered] = told_by_load["rows_loaded"] if has_contacts else 0
        except (OSError, ValueError, KeyError):
            raise RekindleError(
                f"{record} cannot be read, so nothing was exported. Remove its folder, then `rekindle "
                "load` makes it anew from landing"
            ) from None
    contacts = home.vault / "contacts"
    with_contacts = {
        (table.source, table.name)
        for contract in contracts.values()
        for table in contract.tables
        if table.contacts
    }
    wanted = {place: rows for place, rows in expected.items() if rows and place[:2] in with_contacts}
    faults = [
        f"{'/'.join(place)}: {found}, loaded {rows:,}"
        for place, rows in sorted(wanted.items())
        if (found := _found(contacts.joinpath(*place[:2], f"{place[2]}.parquet"), rows))
    ]
    if not wanted:
        faults = ["no delivery brought any"]
    if faults:
        raise RekindleError(
            f"contact details are missing from {contacts}; whoever they belong to would be left out for "
            "ever, so nothing was exported:\n"
            + "\n".join(f"  - {fault}" for fault in faults)
            + "\nBring the folder back from a backup. Or have it made again from landing: remove each of "
            "these deliveries from loaded, then `rekindle load` and export again"
        )


def _found(file: Path, rows: int) -> str | None:
    """What is wrong with a file of the vault."""
    try:
        found = pq.read_metadata(file).num_rows
    except FileNotFoundError:
        return "no file"
    except (OSError, pa.ArrowException):
        return "a file that cannot be read"
    return None if found == rows else f"{found:,} rows"


def open_vault(home: Home, published: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary table ``vault`` of the newest contact details of every member record, under its key.

    Beside each address is its pseudonym (``phone_point``), and whether a delivery that the published
    version knows had it for this record (``phone_is_known``); beside a phone, the number to dial. What is no
    contact detail has no pseudonym, and neither it nor a placeholder is an address.

    Raises:
        RekindleError: No file of the vault says whose its contact details are, or one cannot be read.
    """
    known = {
        (source, name, f"delivered={day}")
        for source, name, day in published.execute(
            "select source, table_name, delivered_on from staging.stg_rekindle__loads"
        ).fetchall()
    }
    try:
        query = _query(home, known, _blocked(home))
        # What does not fit in memory would lie beside the published file, contact details and all.
        published.execute("set temp_directory = ''")
        published.execute(f"create or replace temp table vault as {query}")
    except (OSError, pa.ArrowException, duckdb.Error) as error:
        raise RekindleError(
            f"{home.vault / 'contacts'} cannot be read through ({type(error).__name__}), so nothing was "
            "exported. Bring it back from a backup"
        ) from None


def _query(home: Home, known: Collection[tuple[str, str, str]], blocked: dict[str, str]) -> str:
    parts = []
    for folder in sorted((home.vault / "contacts").glob("*/*")):
        files = sorted(folder.glob("delivered=*.parquet"))
        # What somebody told with an order tells who ordered; nobody gets a message there.
        if not files or not _is_of_records(pq.read_schema(files[-1]).names):
            continue
        for file in files:
            names = pq.read_schema(file).names
            wanted = [(kind, f"{kind}_{part}") for kind in ADDRESSES for part in _PARTS[kind]]
            if any(kind in names and name not in names for kind, name in wanted):
                raise RekindleError(
                    f"{file} is of an earlier version, so nothing was exported. `rekindle load`, then export "
                    "again"
                )
            columns = ", ".join(
                f"{name} as {name}" if name in names else f"cast(null as varchar) as {name}"
                for name in (*ADDRESSES, *(name for _, name in wanted))
            )
            is_known = (folder.parent.name, folder.name, file.stem) in known
            parts.append(
                f"select {quoted(folder.parent.name)} as source, {quoted(file.stem)} as delivered, "
                f"{is_known} as is_known, system, member_id, {columns} "
                f"from read_parquet({quoted(exact_path(file))})"
            )
    if not parts:
        raise RekindleError(
            f"no file of {home.vault / 'contacts'} names contact details by system and member_id, so "
            "nobody can be reached; nothing was exported"
        )
    points = ", ".join(f"{kind}_pseudonym as {kind}_point" for kind in ADDRESSES)
    addresses = "phone_dialled, " + ", ".join(
        f"case when {kind}_point not in ({blocked[kind]}) then {kind} end as {kind}, "
        f"case when {kind}_point not in ({blocked[kind]}) then {kind}_point end as {kind}_point, "
        f"bool_or(is_known) over (partition by source, system, member_id, {kind}_point) as {kind}_is_known"
        for kind in ADDRESSES
    )
    return f"""
        select {record_key("source", "system", "member_id")} as record_key, system, member_id, {addresses}
        from (select *, {points} from ({" union all ".join(parts)}))
        qualify row_number() over (partition by source, system, member_id order by delivered desc) = 1
    """


def _is_of_records(names: list[str]) -> bool:
    """Whether a file of the vault has a row per member record: no column but its key and contact details."""
    details = {name.removesuffix("_pseudonym") for name in names if name.endswith("_pseudonym")} | {
        *ADDRESSES
    }
    others = {
        name for name in names if name.removesuffix("_pseudonym").removesuffix("_dialled") not in details
    }
    return others == set(_RECORD)


def _blocked(home: Home) -> dict[str, str]:
    """SQL: by kind, the pseudonyms that identify nobody."""
    blocked = blocked_pseudonyms(home)
    return {kind: ", ".join(map(quoted, ["", *blocked.get(kind, [])])) for kind in ADDRESSES}


def record_key(source: str, system: str, member_id: str) -> str:
    """SQL: the key int_identity__records gives a record, which is 60 bits of md5."""
    text = f"{source} || ':' || {system} || ':' || {member_id}"
    return f"cast('0x' || substr(md5({text}), 1, 15) as bigint)"
