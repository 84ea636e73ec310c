"""Why records are one member: links of the published version, with the numbers that systems gave records.

Belongs here: finding who is meant, asking the published ledger and links, the line that keeps apart.
Does not: deciding who is one person (macro `one_person`), contact details, which no table here has.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from orchestration.core.errors import InputFault
from orchestration.core.identity_decisions import COLUMNS, KEPT_APART, Record
from orchestration.core.summary import block, counted, text_table
from orchestration.definitions_files.seeds import sound_rows
from orchestration.loader.contracts import read_contracts
from orchestration.loader.identity_decisions import loaded_records, records_of_keys
from orchestration.project import STAGING_DIR, Home
from orchestration.warehouse.erasures import record_key
from orchestration.warehouse.versions import connect_published

Row = dict[str, Any]
_FOREVER = date.max
_REASONS = "identity/identity_reasons.csv"


@dataclass(frozen=True)
class MemberLinks:
    """A member and what holds it together.

    Attributes:
        member_key: The member.
        names: Source, system and number by record key, of its records and those it is kept apart from.
        ledger: Periods of its records, and of those that were with it once.
        links: Identifiers of its records that others hold too or that may not link.
        holders: Record keys by the value they share.
    """

    member_key: int
    names: dict[int, Record]
    ledger: list[Row]
    links: list[Row]
    holders: dict[int, list[int]]

    def name(self, record: int) -> str:
        """A record as people call it; its key where nothing that is loaded has it."""
        return " ".join(self.names[record]) if record in self.names else f"record {record}"


def why_merged_text(home: Home, words: Iterable[str]) -> str:
    """Why a member's records are one.

    Args:
        home: Whose published version.
        words: A member_key, or a record: system and number, with the source before where there are several.

    Raises:
        InputFault: Nobody of that name is published.
        NoSuchVersion: Nothing is published.
    """
    return "\n".join(_told(_read(home, list(words))))


def _read(home: Home, words: list[str]) -> MemberLinks:
    with closing(connect_published(home)) as published:
        member = _member_meant(home, published, words)
        ledger = _rows(
            published,
            "select * from core.fct_identity_ledger where record_key in ("
            "select record_key from core.fct_identity_ledger where member_key = $1) "
            "order by began_on, record_key",
            member,
        )
        links = _rows(
            published,
            "select links.* from core.fct_identity_link as links "
            "inner join core.fct_member_record as records using (record_key) "
            "where records.member_key = $1 order by links.record_key, links.identifier_type",
            member,
        )
        values = [row["value_key"] for row in links]
        holders = defaultdict(list)
        for value, record in published.execute(
            "select value_key, record_key from core.fct_identity_link where list_contains($1, value_key) "
            "order by all",
            [values],
        ).fetchall():
            holders[value].append(record)
    keys = {row["record_key"] for row in ledger} | {record for held in holders.values() for record in held}
    named = records_of_keys(home, read_contracts(STAGING_DIR, home), keys)
    return MemberLinks(
        member, {record_key(*record): record for record in named}, ledger, links, dict(holders)
    )


def _member_meant(home: Home, published: duckdb.DuckDBPyConnection, words: list[str]) -> int:
    """The member that a key or the name of a record leads to."""
    if len(words) == 1 and words[0].isdecimal():
        keys = [int(words[0])]
    elif len(words) in (2, 3):
        contracts = read_contracts(STAGING_DIR, home)
        system, number = (word.strip() for word in words[-2:])
        sources = [words[0].strip().lower()] if len(words) == 3 else sorted(contracts)
        written = [(source, system, number) for source in sources]
        delivered = loaded_records(home, contracts, written)
        keys = [record_key(*delivered.get(record, record)) for record in written]
    else:
        raise InputFault(
            "Name a member_key, or a record by its system and number: rekindle why-merged pos 1001 "
            "(with the source before where there are several: rekindle why-merged chain pos 1001)."
        )
    found = _rows(
        published,
        "select distinct member_key from core.fct_member_record "
        "where list_contains($1, record_key) or list_contains($1, member_key)",
        [key for key in keys if key < 2**63],
    )
    if not found:
        raise InputFault(
            f"The published version has no record or member {' '.join(words)}. Allowed: a member_key of "
            "core.fct_member_record, or system and number of a record as it was delivered; one that came "
            "since counts after the next rekindle run."
        )
    if len(found) > 1:
        raise InputFault(f"{' '.join(words)} is a record of several sources; name the source before it.")
    return int(found[0]["member_key"])


def _told(member: MemberLinks) -> Iterator[str]:
    own = [
        row for row in member.ledger if row["member_key"] == member.member_key and row["ended_on"] == _FOREVER
    ]
    former = [row for row in member.ledger if row not in own and row["member_key"] == member.member_key]
    earlier = [row for row in member.ledger if row["member_key"] != member.member_key
               and row["newest_member_key"] == member.member_key]  # fmt: skip
    yield f"Member {member.member_key}: {counted(len(own), 'record')}"
    yield text_table(
        ["record", "since", "why", "原因"],
        [(member.name(row["record_key"]), str(row["began_on"]), *_label(row)) for row in own],
    )
    if any(row["linked_records"] for row in member.links):
        yield "\nWhat links them today (values stay in the vault):"
        yield from _linking(member)
    refused = [row for row in member.links if row["refused_because"] or row["kept_apart_records"]]
    if refused:
        yield "\nWhat does not link:"
        for row in refused:
            why = row["refused_because"] or f"kept apart from {counted(row['kept_apart_records'], 'record')}"
            yield (
                f"  {row['identifier_type']} of {member.name(row['record_key'])}: {why}; "
                f"{counted(row['holders'], 'record')} {'holds' if row['holders'] == 1 else 'hold'} it"
            )
    for heading, rows in (
        ("\nWere with this member before, so that its history was restated:", former),
        ("\nBefore, records of it were other members:", earlier),
    ):
        if rows:
            yield heading
            yield text_table(
                ["record", "from", "until", "why then", "as member"],
                [
                    (
                        member.name(row["record_key"]),
                        *map(str, (row["began_on"], row["ended_on"])),
                        _label(row)[0],
                        str(row["member_key"]),
                    )
                    for row in rows
                ],
            )
    yield from _how_to_part(member, [row["record_key"] for row in own])


def _linking(member: MemberLinks) -> Iterator[str]:
    shown = set()
    own = {row["record_key"] for row in member.links}
    for row in member.links:
        if row["linked_records"] and row["value_key"] not in shown:
            shown.add(row["value_key"])
            names = [member.name(record) for record in member.holders[row["value_key"]] if record in own]
            yield block(row["identifier_type"], names)


def _how_to_part(member: MemberLinks, own: list[int]) -> Iterator[str]:
    """The lines that keep a record apart from the member's first one."""
    named = sorted(
        (record for record in own if record in member.names), key=lambda record: record != member.member_key
    )
    if len(named) < 2:
        return
    first, *others = named
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(COLUMNS)
    for other in others:
        lines.writerow([*member.names[first], *member.names[other], "YYYY-MM-DD", "", "WHY", "WHO"])
    yield (
        f"\nNot one person? Put the line that is right into identity/{KEPT_APART}.csv of the home, below the "
        f"header, then rekindle run:\n{written.getvalue().rstrip()}"
    )


def _label(row: Row) -> tuple[str, str]:
    """The reason of a period in both languages."""
    labels = {each["reason"]: (each["label_en"], each["label_zh"]) for each in sound_rows(_REASONS)}
    return labels.get(row["reason"], (row["reason"], ""))


def _rows(published: duckdb.DuckDBPyConnection, query: str, known: object) -> list[Row]:
    try:
        answer = published.execute(query, [known])
    except duckdb.CatalogException:
        raise InputFault(
            "The published version was built before there was a ledger of identity. Type: rekindle run"
        ) from None
    names = [name for name, *_ in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
