"""Rows in quarantine as people see them: why, what was found, what is allowed, what is still open.

Belongs here: laying them out for the terminal, writing a file for their correction.
Does not: reading them (readers.refused_rows), contact details; what may be one is never shown.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from orchestration.core.contract import Column, Table
from orchestration.core.contract_words import allowed_in_words
from orchestration.core.definition_rows import HIDDEN, has_contact
from orchestration.core.errors import InputFault
from orchestration.core.summary import clipped, counted, text_table
from orchestration.loader.contracts import read_contracts
from orchestration.loader.plausible import PLAUSIBLE
from orchestration.loader.quarantining import CORRECTS, KEY_REPEATED, WITHHELD
from orchestration.project import STAGING_DIR, Home
from orchestration.readers.loads import loaded_deliveries
from orchestration.readers.refused_rows import RefusedRow, Wanted, reasons_of, rows_of

SHOWN_ROWS = 20
SHOWN_REASONS = 5
_WHERE_FROM = (*CORRECTS, "what_is_wrong", "what_is_allowed")
"""Columns that the file for correction has after those of the contract; by the first a row is known again."""
_NUMBER = re.compile(r"\s*[+-]?\d+([.,]\d+)?\s*", re.ASCII)
_DAY = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?!\d)", re.ASCII)


def quarantine_text(home: Home, wanted: Wanted, limit: int = SHOWN_ROWS) -> str:
    """Reasons and counts; where a table, source or reason is named, the rows too."""
    reasons = reasons_of(home, wanted)
    if not reasons:
        return _none_found(home, wanted)
    told, opened = sum(each.rows for each in reasons), sum(each.open for each in reasons)
    sections = [
        f"{counted(told, 'row')} in quarantine, {opened:,} open: not corrected by a later delivery.",
        text_table(
            ["table", "reason", "column", "rows", "open"],
            [(each.table_name, each.reason, each.column, each.rows, each.open) for each in reasons],
        ),
    ]
    if wanted == Wanted():
        first = reasons[0]
        return "\n\n".join(
            [*sections, f"The rows: rekindle quarantine --source {first.source} --table {first.table}"]
        )
    contracts, shown, of_tables = read_contracts(STAGING_DIR, home), 0, rows_of(home, wanted, limit)
    for name, rows in of_tables.items():
        source, _, table = name.partition(".")
        sections += _told_rows(name, contracts[source].table(table) if source in contracts else None, rows)
        shown += len(rows)
    if shown < told:
        sections.append(
            f"{shown:,} of {told:,} rows are shown. More: --limit {told}; "
            "the open ones of a table as a file to correct: --csv FILE"
        )
    return "\n\n".join(sections)


def quarantine_section(home: Home) -> list[str]:
    """Open rows by table and what they were refused for; nothing where none is open."""
    rows: list[tuple[str, int, int, str]] = []
    for name, group in groupby(reasons_of(home), lambda each: each.table_name):
        opened = [each for each in group if each.open]
        first, others = opened[:SHOWN_REASONS], opened[SHOWN_REASONS:]
        rows += [(name, each.rows, each.open, f"{each.column}: {each.reason}") for each in first]
        if others:
            told, left = sum(each.rows for each in others), sum(each.open for each in others)
            rows.append((name, told, left, counted(len(others), "further reason")))
    if not rows:
        return []
    table = text_table(["in quarantine", "rows", "open", "why"], rows)
    return [f"{table}\nWhich, and what is allowed: rekindle quarantine --table {rows[0][0]}"]


def write_for_correction(home: Home, wanted: Wanted, file: Path) -> str:
    """Write the open rows of one table as a CSV file in delivered form; what to do with it.

    Contact details are not known here, and values that may be one are left empty.

    Raises:
        InputFault: No row or the rows of several tables are asked for, or the file exists.
    """
    found = rows_of(home, wanted, only_open=True)
    if not found:
        raise InputFault(f"{_none_found(home, wanted)} Nothing was written.")
    if len(found) > 1:
        raise InputFault(
            f"A file holds rows of one table; these are of {', '.join(found)}. Name one: --source, --table."
        )
    [(name, rows)] = found.items()
    source, _, table_name = name.partition(".")
    contract = read_contracts(STAGING_DIR, home).get(source)
    table = contract.table(table_name) if contract else None
    if table is None:
        raise InputFault(f"There is no contract of {name} any more, so nobody can deliver these rows again.")
    columns = [column for column in table.columns if not column.contact]
    try:
        with file.open("x", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow([*(column.name for column in columns), *_WHERE_FROM])
            for row in rows:
                writer.writerow(
                    [
                        *(_given_back(column, row.texts.get(column.name)) for column in columns),
                        row.delivered_on,
                        row.file,
                        row.row_number,
                        "; ".join(f"{about}: {reason}" for about, reason in row.faults),
                        "; ".join(
                            f"{about}: {_allowed(table, about, reason)}" for about, reason in row.faults
                        ),
                    ]
                )
    except FileExistsError:
        raise InputFault(f"{file} exists already. Name another file, or remove it first.") from None
    except OSError as error:
        raise InputFault(f"{file} cannot be written: {error.strerror or 'unknown reason'}.") from None
    newest = max(load.delivered_on for load in loaded_deliveries(home) if load.table_name == name)
    told = [
        f"{counted(len(rows), 'open row')} of {name} written to {file}.",
        f"Correct the cells and deliver the file under a date after {newest}:\n"
        f"  rekindle deliver {file} --source {source} --table {table_name} --date YYYY-MM-DD\n"
        f"Leave {', '.join(CORRECTS)} as they are: by them a row whose key was wrong is known again.",
    ]
    if table.contacts:
        told.append(
            f"Contact columns are not in it ({', '.join(column.name for column in table.contacts)}): only "
            "their hashes are kept.\nAdd them from the files the rows came in: a corrected row replaces the "
            "former one with all its columns,\nand what is not there is then empty. "
            "Values that may be contact details are empty too."
        )
    return "\n".join(told)


def _none_found(home: Home, wanted: Wanted) -> str:
    if wanted.reason is not None:
        reasons = sorted({each.reason for each in reasons_of(home, Wanted(wanted.table, wanted.source))})
        if reasons:
            return f"No row is in quarantine for {wanted.reason!r}. There are: {', '.join(reasons)}."
    of = wanted.table or wanted.source
    return f"No row of {of} is in quarantine." if of else "No row is in quarantine."


def _told_rows(name: str, table: Table | None, rows: list[RefusedRow]) -> Iterator[str]:
    for (delivered_on, file), group in groupby(rows, lambda row: (row.delivered_on, row.file)):
        lines = [
            (
                row.row_number if number == 0 else "",
                clipped(about, 18),
                clipped(_found(table, row, about), 26),
                clipped(row.since or _told_allowed(table, row, about, reason), 40),
            )
            for row in group
            for number, (about, reason) in enumerate(row.faults)
        ]
        # Row numbers as text: a cell below one may be empty.
        shown = [(str(row or ""), *cells) for row, *cells in lines]
        yield (
            f"{name} delivered={delivered_on}, {file}\n"
            + text_table(["row", "column", "found", "allowed"], shown)
        )


def _found(table: Table | None, row: RefusedRow, about: str) -> str:
    """What stood there, as far as it may be shown."""
    columns = {column.name: column for column in table.columns} if table else {}
    shown = [_shown(columns[name], row.texts.get(name)) for name in about.split(", ") if name in columns]
    return ", ".join(shown) or "-"


def _shown(column: Column, text: str | None) -> str:
    if text is None or text == "":
        return "(empty)"
    if column.contact:
        return HIDDEN
    if _may_be_a_contact(column, text):
        return "(may be a contact detail)"
    return "".join(sign if sign.isprintable() else " " for sign in text)


def _may_be_a_contact(column: Column, text: str) -> bool:
    """Of a table without contact columns, whose values a slipped column brought nobody expects."""
    return has_contact(text) and not _looks_like_its_type(column, text)


def _looks_like_its_type(column: Column, text: str) -> bool:
    if column.data_type in ("date", "timestamp"):
        return _DAY.match(text) is not None
    if column.data_type in ("varchar", "boolean"):
        return column.data_type == "varchar" and not column.allowed
    return _NUMBER.fullmatch(text) is not None


def _told_allowed(table: Table | None, row: RefusedRow, about: str, reason: str) -> str:
    if reason != KEY_REPEATED:
        return _allowed(table, about, reason)
    key = [each for each in table.columns if each.name in about.split(", ")] if table else []
    instead = [name for each in key if not row.texts.get(each.name) for name in each.or_pseudonym_of]
    return f"another row has this {' or '.join(instead) or 'key'}"


def _allowed(table: Table | None, about: str, reason: str) -> str:
    columns = {column.name: column for column in table.columns} if table else {}
    if about in columns and PLAUSIBLE not in reason:
        return allowed_in_words(columns[about])
    # What is plausible, holds between columns or for the row as a whole tells by itself what is allowed.
    return "once per delivery" if reason == KEY_REPEATED else reason


def _given_back(column: Column, text: str | None) -> str:
    return "" if text is None or text.startswith(WITHHELD) or _may_be_a_contact(column, text) else text
