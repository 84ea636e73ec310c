"""What the command line says about a home: read from manifests and own tables, never from member rows.

Belongs here: gathering what is published, loaded, quarantined, due and under way, and laying it out.
Does not: changing anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import duckdb

from orchestration.core.errors import RekindleError
from orchestration.core.summary import block, counted, in_a_row, share, text_table
from orchestration.files import exact_path, is_alive
from orchestration.loader.contracts import read_contracts
from orchestration.project import STAGING_DIR, Home
from orchestration.readers.deliveries import order_days, orders_delivered_until, tables_of_orders
from orchestration.readers.due import business_today, due_now
from orchestration.readers.loads import NOTED_ANEW, loaded_deliveries, newest_of_each_table, told_sections
from orchestration.readers.quarantine import quarantine_section
from orchestration.readers.states import (
    CHURN_ALARMS,
    SIGNAL_HEADINGS,
    SILENT_SIGNALS,
    STATES,
    UNMATCHED,
    UNMATCHED_HEADINGS,
)
from orchestration.warehouse.asked_dates import given_up_dates
from orchestration.warehouse.builds import SECONDS, WARNINGS
from orchestration.warehouse.connections import telling
from orchestration.warehouse.erasures import open_requests, read_registry, under_way
from orchestration.warehouse.history import DEFINITIONS, HISTORY, MADE_ANEW, TAKEN_OVER
from orchestration.warehouse.versions import (
    ROOM_HEADINGS,
    Manifest,
    connect_published,
    current_version,
    list_versions,
    read_manifest,
)

DATES_HEADINGS = ("as-of dates made anew or taken over", "dates", "first", "last")
SHOWN_DUE_DATES = 7
SHOWN_STORES = 3
# Of what was found when a version was built: the headings of its rows; alarms are sentences.
_TOLD = {
    SILENT_SIGNALS: SIGNAL_HEADINGS,
    CHURN_ALARMS: (),
    UNMATCHED: UNMATCHED_HEADINGS,
    WARNINGS: ("test", "rows"),
}


def tables_text(home: Home) -> str:
    """Rows per table of the published version."""
    current = current_version(home)
    if current is None:
        raise RekindleError(f"Nothing is published in {home.root} yet. Type: rekindle run")
    return text_table(["table", "rows"], read_manifest(home, current).rows.items())


def without_probabilities(rows: dict[str, int]) -> list[str]:
    """What to do where no fit could score anybody; nothing to say otherwise.

    Args:
        rows: Rows per published table.
    """
    if rows.get("marts.member_churn_probability", 1):
        return []
    return [
        "marts.member_churn_probability is empty: a build fits the purchase model by itself, but fewer "
        "members had bought than minimum_members of seeds/churn/churn_settings.csv asks for.\n"
        "Deliver more, then type: rekindle run"
    ]


def loads_text(home: Home) -> str:
    """Rows in, loaded, quarantined and dropped per table, over all deliveries."""
    rows = _rows_of(
        home,
        "select source || '.' || table_name, count(*), sum(rows_in), sum(rows_loaded), "
        "sum(rows_quarantined), sum(exact_duplicates) "
        "from loads where status = 'loaded' group by 1 order by 1",
    )
    if not rows:
        return "Nothing is loaded yet. Deliver something (rekindle sample), then: rekindle load"
    headings = ["table", "deliveries", "rows in", "loaded", "quarantined", "exact duplicates"]
    table = text_table(headings, [(name, *map(int, counts)) for name, *counts in rows])
    return "\n\n".join(
        [
            table,
            *quarantine_section(home),
            *_silent_tables(home),
            *later_orders(home),
        ]
    )


def no_order_text(home: Home) -> str:
    """Why there is no day to build: none was delivered, or all are in quarantine."""
    refused = {
        load.table_name for load in loaded_deliveries(home) if not load.rows_loaded and load.has_quarantine
    } & {table.full_name for table in tables_of_orders(home)}
    if refused:
        return (
            f"No order could be loaded: every row of {', '.join(sorted(refused))} is in quarantine.\n"
            f"See why: rekindle quarantine --table {min(refused)}"
        )
    return f"{home.loaded} holds no order yet. Deliver some, then: rekindle load"


def status_text(home: Home) -> str:
    """Everything an operator asks first."""
    versions = list_versions(home)
    kept = [
        (
            "→" if version.current else "",
            version.build_id,
            str(version.manifest.as_of_date),
            len(version.manifest.as_of_dates),
            f"{version.manifest.published_at:%Y-%m-%d %H:%M} UTC",
            sum(version.manifest.rows.values()),
            f"{version.manifest.bytes / 1e6:,.1f} MB",
        )
        for version in versions
    ]
    sections = [f"Home {home.root}", f"Working now: {_at_work(home)}"]
    if kept:
        sections.append(text_table(["", "version", "as of", "dates", "published", "rows", "size"], kept))
        sections += [
            section
            for version in versions
            if version.current
            for section in [
                *_held(version.manifest),
                *_state_sections(version.manifest),
                *told_details(version.manifest.details),
            ]
        ]
    else:
        sections.append("Nothing is published yet. Type: rekindle run")
    sections += [
        *_erasures(home),
        *_unreadable_consents(home),
        *_duplicates(home),
        loads_text(home),
        *told_sections(newest_of_each_table(loaded_deliveries(home))),
        f"Due: {_due(home)}",
    ]
    return "\n\n".join(sections)


def _held(manifest: Manifest) -> list[str]:
    """What the file holds, room by room, and how long its making took."""
    if not manifest.room_bytes:
        return []  # Published before it was noted.
    took, dates = manifest.details.get(SECONDS, {}).items(), manifest.details.get(HISTORY, {})
    told = in_a_row(f"{step} {seconds:,.1f}" for step, seconds in took)
    return [
        f"As-of dates {manifest.as_of_dates[0]} to {manifest.as_of_date}\n"
        + text_table(ROOM_HEADINGS, manifest.rooms()),
        *told_history(dates),
        *([f"{SECONDS[0].upper()}{SECONDS[1:]}:\n{told}"] if told else []),
    ]


def told_history(dates: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Which as-of dates a build made anew and which it took over; nothing where none is noted.

    Args:
        dates: What :func:`~orchestration.warehouse.history.dates_in` said.
    """
    if not dates:
        return []
    reasons: dict[str, list[str]] = {}
    for day, because in dates[MADE_ANEW].items():
        reasons.setdefault(because, []).append(day)
    told = [(because, len(days), days[0], days[-1]) for because, days in reasons.items()]
    over = sorted(dates[TAKEN_OVER])
    kinds = len(set(dates[DEFINITIONS].values()))
    return [
        text_table(
            DATES_HEADINGS, [*told, *([("as told before", len(over), over[0], over[-1])] if over else [])]
        )
        + (
            f"\nDecided by {kinds} states of definitions and SQL; one for all: rekindle run --history"
            * (kinds > 1)
        )
    ]


def _state_sections(manifest: Manifest) -> list[str]:
    members = manifest.details.get("members", {})
    return [
        f"{state.title[0].upper()}{state.title[1:]}\n{state.as_text(members[state.title])}"
        for state in STATES
        if state.title in members
    ]


def told_details(details: Mapping[str, Any]) -> list[str]:
    """What was found when a version was built; nothing where nothing was.

    Args:
        details: Details of a published version's manifest.
    """
    sections = []
    for title, headings in _TOLD.items():
        found = details.get(title)
        if found:
            rows = found.items() if isinstance(found, Mapping) else found
            told = text_table(headings, rows) if headings else "\n".join(f"  {each}" for each in rows)
            sections.append(f"{title[0].upper()}{title[1:]}\n{told}")
    return sections


def _erasures(home: Home) -> list[str]:
    """How many people were erased and who waits; nothing where nobody ever asked."""
    waiting, erasure, done = open_requests(home), under_way(home), read_registry(home).done
    if not (waiting or erasure or done):
        return []
    begun = set(erasure.requests) if erasure else set()
    faults = [f"  stays open: {request.fault}" for request in waiting.values() if request.fault]
    given_up = [each for entry in done for each in entry.get("given_up", [])] + list(
        erasure.given_up if erasure else []
    )
    faults += [f"  given up by hand: {file} ({reason})" for file, reason in given_up]
    told = (
        f"Erasures: {counted(sum(each['requests'] for each in done), 'request')} done "
        f"({counted(sum(each['records'] for each in done), 'member record')}), {len(waiting):,} open"
    )
    if erasure:
        told += f", {len(begun):,} of them under way ({counted(len(erasure.records), 'record')})"
    return ["\n".join([told + (". Type: rekindle run" if waiting or erasure else ""), *faults])]


def _unreadable_consents(home: Home) -> list[str]:
    """Refused rows that count as opt-outs, by what they were refused for."""
    if current_version(home) is None:
        return []
    with connect_published(home) as published:
        try:
            rows = published.execute(
                "select quarantine_reason, quarantine_column, count(*), sum(members), "
                "count(*) filter (where members = 0) "
                "from core.fct_unreadable_consent group by all order by all"
            ).fetchall()
        except duckdb.CatalogException:
            return []  # Published before there was the table.
    if not rows:
        return []
    headings = ["opt-outs refused for", "column", "rows", "members silenced", "of nobody known"]
    table = text_table(headings, [(*row[:2], *map(int, row[2:])) for row in rows])
    asked = "\nThose of nobody known silence nobody: ask the source (rekindle quarantine)"
    return [table + (asked if any(row[-1] for row in rows) else "")]


def _duplicates(home: Home) -> list[str]:
    """How many records are a second one of a member, by source, and in which stores most."""
    if current_version(home) is None:
        return []
    with connect_published(home) as published:
        try:
            rows = published.execute(
                "select source, store_id, count(*), count(*) filter (where is_duplicate) "
                "from core.fct_member_record group by grouping sets ((), (source), (source, store_id)) "
                "having grouping(store_id) = 1 or store_id is not null "
                "order by grouping(source, store_id) desc, 4 desc, 3, 1, 2"
            ).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException):
            return []  # Published before there was the column.
    (_, _, records, duplicates), *parts = rows
    told = [
        f"{' '.join(filter(None, (source, store)))} {share(found, of)} of {of:,}"
        for source, store, of, found in [
            *(part for part in parts if part[1] is None),
            *[part for part in parts if part[1] is not None and part[3]][:SHOWN_STORES],
        ]
    ]
    heading = (
        f"Duplicate rate: {share(duplicates, records)} of {counted(records, 'member record')} are a further "
        "one of a member; by source, and the stores with most:"
    )
    return [block(heading, told, indent="")] if records else []


def _silent_tables(home: Home) -> list[str]:
    """What is unknown because a delivering source left a table out, and which of its tables no model reads.

    A source not used at all is no gap.
    """
    rows = _rows_of(
        home,
        "select distinct source, table_name, status = 'missing' from loads "
        "where source in (select source from loads where status = 'loaded') order by 1, 2",
    )
    contracts = read_contracts(STAGING_DIR, home) if rows else {}
    absent, unread = [], []
    for source, name, is_missing in rows:
        table = contracts[source].table(name) if source in contracts else None
        if table and table.is_read and is_missing:
            absent.append(block(table.full_name, [table.silences]))
        elif table and not (table.is_read or is_missing):
            unread.append(table.full_name)
    sections = []
    if absent:
        sections.append("\n".join(["Tables never delivered, so nothing is known of:", *absent]))
    if unread:
        sections.append(f"Loaded, but read by no model, so they change no figure: {', '.join(unread)}")
    return sections


def later_orders(home: Home) -> list[str]:
    """Orders that nobody can have seen happen; nothing to say where there are none."""
    orders = order_days(home, business_today())
    if not orders.later:
        return []
    more = [f"and {orders.later - len(orders.named):,} more"] if orders.later > len(orders.named) else []
    return [
        block(
            f"{counted(orders.later, 'order')} dated after the day of delivery. They decide no as-of date "
            "and count from their day on; where it is wrong, deliver them again:",
            [*orders.named, *more],
            indent="",
        )
    ]


def _rows_of(home: Home, query: str, table: str = "loads") -> list[tuple]:
    file = home.own_tables / f"{table}.parquet"
    if not file.exists():
        return []
    with telling(file, NOTED_ANEW), duckdb.connect() as connection:
        return connection.read_parquet(exact_path(file)).query(table, query).fetchall()


def _at_work(home: Home) -> str:
    try:
        holder = json.loads(home.lock_file.read_text(encoding="utf-8"))
        if is_alive(holder["pid"]):
            return f"process {holder['pid']}, {holder['doing']}, since {holder['since']}"
    except (OSError, ValueError, KeyError):
        pass
    return "nobody"


def _due(home: Home) -> str:
    due = due_now(home)
    given_up = "".join(f"\nGiven up: {day} ({why})" for day, why in given_up_dates(home).items())
    if not due:
        return f"nothing (orders are delivered until {orders_delivered_until(home) or 'never'}){given_up}"
    shown = ", ".join(map(str, due[:SHOWN_DUE_DATES]))
    more = f" and {len(due) - SHOWN_DUE_DATES} more" if len(due) > SHOWN_DUE_DATES else ""
    newest = max((version.manifest.as_of_date for version in list_versions(home)), default=due[0])
    again = "".join(
        f"\n{day} was asked for and is not published, though a later date is: it is asked for every morning, "
        f"or given up with: rekindle give-up {day} --why TEXT"
        for day in due
        if day < newest
    )
    return f"{shown}{more}. Type: rekindle run --as-of {due[0]}{again}{given_up}"
