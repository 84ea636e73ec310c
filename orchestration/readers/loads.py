"""What is noted of each delivery that was loaded: counts, notes, findings.

Belongs here: reading the table of loads, telling its notes and findings in lines.
Does not: deciding what is found (core.delivery_checks), rows in quarantine (readers.quarantine).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import duckdb

from orchestration.core.summary import block
from orchestration.files import exact_path
from orchestration.project import Home
from orchestration.warehouse.connections import telling

NOTED_ANEW = "Move it away; the next load or fit writes it anew."
FINDINGS = "Not as usual"
NOTES = "Notes of what was delivered"
_LISTED_DATES = 3


@dataclass(frozen=True)
class LoadedDelivery:
    """One delivery that was loaded.

    Attributes:
        source: Its source.
        table: Its table.
        delivered_on: Its date.
        rows_loaded: Rows that met the contract.
        is_whole: Whether it was the whole table.
        has_quarantine: Whether any row of it is in quarantine.
        notes: What was left out of it or stays empty.
        findings: What is not as usual with it as a whole.
    """

    source: str
    table: str
    delivered_on: date
    rows_loaded: int
    is_whole: bool
    has_quarantine: bool
    notes: tuple[str, ...]
    findings: tuple[str, ...]

    @property
    def noted(self) -> tuple[str, str, date, tuple[str, ...], tuple[str, ...]]:
        """Which delivery it is and what is noted of it; of its counts an erasure takes some."""
        return self.source, self.table, self.delivered_on, self.notes, self.findings

    @property
    def table_name(self) -> str:
        """``source.table``, as messages write it."""
        return f"{self.source}.{self.table}"


def loaded_deliveries(home: Home) -> list[LoadedDelivery]:
    """Every delivery loaded, by table and date; none where nothing was.

    A table written by an earlier version may lack columns; what they would say is then unknown.
    """
    file = home.own_tables / "loads.parquet"
    if not file.exists():
        return []
    with telling(file, NOTED_ANEW), duckdb.connect() as connection:
        loads = connection.read_parquet(exact_path(file))
        present = loads.columns
        notes, findings, covers = (
            name if name in present else "null" for name in ("notes", "findings", "covers")
        )
        rows = loads.query(
            "loads",
            f"select source, table_name, delivered_on, rows_loaded, coalesce({covers} = 'whole', false), "
            f"rows_quarantined > 0, coalesce({notes}, ''), coalesce({findings}, '') "
            "from loads where status = 'loaded' order by 1, 2, 3",
        ).fetchall()
    return [
        LoadedDelivery(*row, tuple(notes.splitlines()), tuple(findings.splitlines()))
        for *row, notes, findings in rows
    ]


def newest_of_each_table(loads: Iterable[LoadedDelivery]) -> list[LoadedDelivery]:
    """The newest delivery of each table."""
    return list({(load.source, load.table): load for load in loads}.values())


def told_sections(loads: Iterable[LoadedDelivery]) -> list[str]:
    """Findings and notes of deliveries, each under its heading; nothing where there is nothing to say.

    What several deliveries of a table have in common stands there once.
    """
    loads = list(loads)
    sections = []
    for heading, told in (
        (FINDINGS, [(load, text) for load in loads for text in load.findings]),
        (NOTES, [(load, text) for load in loads for text in load.notes]),
    ):
        dates: dict[tuple[str, str], list[date]] = {}
        for load, text in told:
            dates.setdefault((load.table_name, text), []).append(load.delivered_on)
        lines = [
            block(f"{table} delivered={_in_words(days)}: {text}", []) for (table, text), days in dates.items()
        ]
        if lines:
            sections.append("\n".join([heading, *lines]))
    return sections


def _in_words(days: list[date]) -> str:
    """Dates in a row; of many the first and the last."""
    if len(days) > _LISTED_DATES:
        return f"{days[0]} to {days[-1]} ({len(days)} deliveries)"
    return ", ".join(map(str, days))
