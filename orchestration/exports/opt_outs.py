"""What was said since the publication: whoever opted out by then gets nothing, until a build has heard it.

Belongs here: which tables can carry an opt-out, refusing those that nobody loaded, reading those that the
    published version does not know.
Does not: permission as published, which is ``core.fct_contact_permission`` (``audience.py`` asks it).

Only what takes away is read, whatever its date, and nothing here gives permission: a grant, also one that
overrules such an opt-out, counts with the next publication. What an earlier delivery said already is no news.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.contract import Column, SourceContract, Table
from orchestration.core.errors import RekindleError
from orchestration.core.folding import identifier_sql
from orchestration.csv_files.copying import HEADER_AGAIN
from orchestration.exports.definitions import Definitions
from orchestration.exports.vault import ADDRESSES, record_key
from orchestration.files import exact_path
from orchestration.loader.deliveries import find_deliveries, manifest_sha256
from orchestration.loader.records import RECORD
from orchestration.loader.row_rules import is_written, literal, quoted
from orchestration.loader.unreadable import SLIPPED, names_somebody
from orchestration.project import Home

Contracts = dict[str, SourceContract]

# A complaint about a touch is meant for every channel; so is what names none, such as a ticket.
_COMPLAINED = "complained_at"
_WHO = ("system", "member_id", "planned_touch_id", "channel")
# What of a row is news, beside what opts out: with all of it the same, an earlier delivery said it already.
_TELLING = (*_WHO, "purpose", "happened_at", _COMPLAINED)


def refuse_unloaded(home: Home, contracts: Contracts) -> None:
    """Stop what may not happen while an opt-out may lie in landing.

    Raises:
        RekindleError: Deliveries that can carry one are not loaded, or were changed since, or something lies
            there that may be one; all are named.
    """
    strange: list[str] = []
    waiting = [
        delivery.where
        for delivery in find_deliveries(home.landing, contracts, strange)
        if _can_opt_out(delivery.table)
        and (
            (record := _record(home, delivery.table, delivery.folder.name)) is None
            or manifest_sha256(delivery) not in (None, record["manifest"])
        )
    ]
    if strange:
        raise RekindleError(
            f"{home.landing} has what is no delivery and may hold opt-outs: {'; '.join(strange)}. "
            "Nothing was exported. Name it as a delivery and `rekindle load`, or remove it"
        )
    if waiting:
        raise RekindleError(
            f"{home.landing} has deliveries that may hold opt-outs and are not loaded: {', '.join(waiting)}. "
            "Nothing was exported. `rekindle load`, then export again"
        )


def hear_opt_outs(
    home: Home, published: duckdb.DuckDBPyConnection, contracts: Contracts, definitions: Definitions
) -> int:
    """Make two temporary tables of what the published version does not know.

    ``opted_out`` (record_key, channel): who said no since; an empty channel stands for all of them.
    ``silent_points`` (channel, point, is_since): addresses of whoever said no, since then or as published.
    The latter are for numbers that changed hands since: the publication does not know who shares them now.

    Args:
        home: The home, with everything loaded.
        published: The published version, with the temporary table ``vault``.
        contracts: By source name.
        definitions: Purpose of consent needed, address by channel.

    Returns:
        Opt-outs that name nobody who is known.

    Raises:
        RekindleError: What is loaded cannot be read.
    """
    known = {
        (source, name, f"delivered={day}"): rows
        for source, name, day, *rows in published.execute(
            "select source, table_name, delivered_on, rows_loaded, rows_quarantined "
            "from staging.stg_rekindle__loads where status = 'loaded'"
        ).fetchall()
    }
    published.execute(
        f"create or replace temp table told (source text, for_all boolean, {' text, '.join(_WHO)} text)"
    )
    published.execute(
        "create or replace temp table opted_out (opt_out bigint, record_key bigint, channel text)"
    )
    tables = [table for contract in contracts.values() for table in contract.tables if _can_opt_out(table)]
    for table in tables:
        news = _news(home, table, known, definitions.purpose)
        try:
            published.execute(f"insert into told {news}" if news else "select 1")
        except duckdb.Error as error:
            raise RekindleError(
                f"what is loaded of {table.full_name} cannot be read through ({type(error).__name__}), so "
                "who opted out since is not known; nothing was exported. `rekindle load`; what is damaged "
                "must leave loaded and quarantine before, to be made anew from landing"
            ) from None
    for table in tables:
        published.execute(_named_by_number(table))
    sealed = sorted(str(file) for file in home.ledger.glob("*/*/v*/touches.parquet"))
    if sealed:
        published.execute(_NAMED_BY_TOUCH, {"sealed": list(map(exact_path, sealed))})
    by_channel = [(channel, kind) for channel, kind in definitions.addresses.items() if kind in ADDRESSES]
    points = " union all ".join(
        f"select {literal(channel)} as channel, record_key, {kind}_point as point from vault"
        for channel, kind in by_channel
    )
    published.execute(f"create or replace temp view points as {points}")
    published.execute(_SILENT_POINTS, {"purpose": definitions.purpose})
    [(of_nobody,)] = published.execute(_OF_NOBODY).fetchall()
    return of_nobody


def _can_opt_out(table: Table) -> bool:
    return any(column.opt_out is not None for column in table.columns)


def _record(home: Home, table: Table, delivery: str) -> dict[str, Any] | None:
    try:
        file = home.loaded / table.place / delivery / RECORD
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _news(home: Home, table: Table, known: dict[tuple[str, str, str], list[int]], purpose: str) -> str | None:
    """SQL: the opt-outs of a table's deliveries that the publication does not know, without those it does."""
    said: dict[bool, list[str]] = {True: [], False: []}
    for folder in sorted((home.loaded / table.place).glob("delivered=*")):
        record = _record(home, table, folder.name)
        counts = [record["rows_loaded"], record["rows_quarantined"]] if record else []
        is_known = known.get((table.source, table.name, folder.name)) == counts
        refused = home.quarantine / table.source / table.name / folder.name / "quarantined.parquet"
        loaded = sorted(folder.glob("month=*/*.parquet"))
        said[is_known] += [_opt_outs(table, loaded, purpose, is_refused=False)] if loaded else []
        said[is_known] += [_opt_outs(table, [refused], purpose, is_refused=True)] if refused.exists() else []
    if not said[False]:
        return None
    news = " union all ".join(said[False])
    if said[True]:
        news = f"({news}) except ({' union all '.join(said[True])})"
    names = {column.name: column for column in table.columns}
    channels = ", ".join(literal(code) for code in names["channel"].allowed) if "channel" in names else ""
    unclear = f"coalesce(channel not in ({channels}), true)" if channels else "false"
    is_for_all = f"coalesce({_COMPLAINED} <> '', false) or {unclear}"
    return f"select {literal(table.source)}, {is_for_all}, {', '.join(_WHO)} from ({news})"


def _opt_outs(table: Table, files: list[Path], purpose: str, *, is_refused: bool) -> str:
    """SQL: rows that say no, their cells as text; of a consent that was refused nobody knows what it said."""
    columns = {column.name: column for column in table.columns}
    telling = [column for column in table.columns if column.opt_out is not None]
    says_no = " or ".join(_says_no(column, is_refused) for column in telling)
    others = [code for code in columns["purpose"].allowed if code != purpose] if "purpose" in columns else []
    if others:
        says_no = f"({says_no}) and coalesce(purpose not in ({', '.join(map(literal, others))}), true)"
    if "member_id" in columns and not is_refused:
        says_no = f"({says_no}) and member_id <> ''"

    def cell(name: str) -> str:
        text = f"cast({quoted(name) if name in columns else 'null'} as text)"
        # What is loaded is folded already.
        return identifier_sql(text, table.settings.id_case) if is_refused and name in ids else text

    ids = {column.name for column in table.columns if column.is_id and not column.allowed}
    cells = {
        name: cell(name)
        for name in dict.fromkeys([*table.key, *_TELLING, *(column.name for column in telling)])
    }
    if is_refused:
        # Where its cells belong nobody knows; whom they name is read all the same.
        says_no = f"({SLIPPED} or ({says_no})) and quarantine_reason <> {literal(HEADER_AGAIN)}"
        cells |= {
            name: f"case when not {SLIPPED} then {cell} end"
            for name, cell in cells.items()
            if not names_somebody(table, name)
        }
    selected = ", ".join(f"{cell} as {quoted(name)}" for name, cell in cells.items())
    paths = ", ".join(literal(exact_path(file)) for file in files)
    return (
        f"select {selected} from read_parquet([{paths}], hive_partitioning = false, union_by_name = true) "
        f"where {says_no}"
    )


def _says_no(column: Column, is_refused: bool) -> str:
    """SQL: a flag says no where it is false, a code where it is named, anything else where it is there."""
    text = f"cast({quoted(column.name)} as text)"
    if column.data_type == "boolean":
        return "true" if is_refused else f"not {quoted(column.name)}"
    if column.opt_out:
        harmless = ", ".join(literal(code) for code in column.allowed if code not in column.opt_out)
        return f"coalesce({text} not in ({harmless}), {is_refused})"
    return f"coalesce({text} <> '', false)"


def _named_by_number(table: Table) -> str:
    """SQL: the records that opt-outs name; a system that cannot be read may be any that has a record."""
    column = next((column for column in table.columns if column.name == "system"), None)
    allowed = ", ".join(map(literal, column.allowed if column else ("",))) or "null"
    is_readable = f"told.system in ({allowed})"
    if column and column.pattern:
        is_readable = is_written("told.system", column.pattern)
    return f"""
        insert into opted_out
        select
            told.rowid, {record_key("told.source", "coalesce(known.system, told.system)", "told.member_id")},
            case when not told.for_all then told.channel end
        from told
        inner join (select system from vault union select system from told where {is_readable}) as known
            on told.system = known.system or not coalesce({is_readable}, false)
        where told.source = {literal(table.source)} and told.member_id <> ''
    """


# The member a touch was sealed for is named by the key of one of their records.
_NAMED_BY_TOUCH = """
    insert into opted_out
    select told.rowid, sealed.member_key, case when not told.for_all then sealed.channel end
    from told
    inner join (
        select distinct planned_touch_id, member_key, channel
        from read_parquet($sealed, hive_partitioning = false)
    ) as sealed on told.planned_touch_id = sealed.planned_touch_id
"""

_OF_NOBODY = """
    select count(*) from told where rowid not in (
        select opt_out from opted_out
        where record_key in (select record_key from vault)
            or record_key in (select record_key from core.fct_member_record)
            or record_key in (select member_key from core.fct_member_record)
    )
"""

# As in the warehouse, a withdrawal counts for everyone who is reached under an address of whoever withdrew.
_SILENT_POINTS = """
    create or replace temp table silent_points as
    with persons as (
        select channel, record_key from opted_out
        union
        select opted_out.channel, others.record_key
        from opted_out
        inner join core.fct_member_record as own using (record_key)
        inner join core.fct_member_record as others on own.member_key = others.member_key
        union
        select opted_out.channel, others.record_key
        from opted_out
        inner join core.fct_member_record as others on opted_out.record_key = others.member_key
    )
    select distinct points.channel, points.point, true as is_since
    from points
    inner join persons
        on points.record_key = persons.record_key
        and points.channel = coalesce(persons.channel, points.channel)
    where points.point is not null
    union all
    select distinct points.channel, points.point, false
    from points
    inner join core.fct_member_record as records using (record_key)
    inner join core.fct_contact_permission as permissions
        on records.member_key = permissions.member_key and points.channel = permissions.channel
    cross join staging.stg_rekindle__builds as build
    where points.point is not null and permissions.purpose = $purpose
        and permissions.next_on > build.as_of_date and not permissions.is_allowed
"""
