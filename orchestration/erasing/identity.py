"""Decisions about erased records leave the files in which people wrote them, and the own table of them.

Belongs here: rewriting those.
Does not: what a decision is (core.identity_decisions); the ledger is made anew from what is left.
"""

from __future__ import annotations

import csv
from collections.abc import Collection

from orchestration.core.identity_decisions import DECISIONS, ENDS, NAMES
from orchestration.erasing.unsearched import Unsearched
from orchestration.files import replacing
from orchestration.loader.identity_decisions import TABLE
from orchestration.own_tables import read_own_table, write_own_table
from orchestration.project import Home
from orchestration.warehouse.erasures import Record


def erase_from_decisions(home: Home, records: Collection[Record], unsearched: Unsearched) -> None:
    """Remove every decision that names one of the records.

    Args:
        home: The home.
        records: Member records of the people to erase.
        unsearched: Gets what could not be read.
    """
    erased = {_compared(record) for record in records}
    known = {f"{decision}.csv" for decision in DECISIONS}
    for file in sorted(home.identity.iterdir()) if home.identity.is_dir() else []:
        if file.name not in known:
            unsearched.note(file, "is no file of decisions")
            continue
        with unsearched.unless_read(file):
            with file.open(encoding="utf-8-sig", newline="") as opened:
                header, *rows = [cells for cells in csv.reader(opened, strict=True) if cells]
            columns = [[header.index(end + name) for name in NAMES] for end in ENDS]
            kept = [
                row
                for row in rows
                if not any(_compared([row[column] for column in one]) in erased for one in columns)
            ]
            if len(kept) < len(rows):
                with replacing(file) as prepared, prepared.open("w", encoding="utf-8", newline="") as opened:
                    csv.writer(opened, lineterminator="\n").writerows([header, *kept])
    with unsearched.unless_read(home.own_tables):
        told = read_own_table(home, TABLE)
        left = [
            row
            for row in told
            if not any(_compared([row[end + name] for name in NAMES]) in erased for end in ENDS)
        ]
        if len(left) < len(told):
            write_own_table(home, TABLE, left)


def _compared(record: Collection[str]) -> tuple[str, ...]:
    return tuple(text.strip().casefold() for text in record)
