"""Decisions about who is one person, from the home's ``identity/`` to one of Rekindle's own tables.

Belongs here: reading and refusing the files, finding the records they name among those loaded.
Does not: what is a fault in a row (core.identity_decisions), what follows from one (models/core/identity).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import duckdb

from orchestration.core.contract import SourceContract, Table
from orchestration.core.definition_rows import Fault
from orchestration.core.errors import InputFault
from orchestration.core.identity_decisions import (
    DECISIONS,
    ENDS,
    NAMES,
    Decision,
    Record,
    contradictions,
    decision_of,
    header_faults,
    row_faults,
)
from orchestration.core.summary import counted
from orchestration.definitions_files.rows import read_table
from orchestration.loader.row_rules import quoted
from orchestration.own_tables import write_own_table
from orchestration.project import Home

TABLE = "identity_decisions"
_NUMBERS = ("member_id", "household_id")


def read_decisions(home: Home, contracts: Mapping[str, SourceContract]) -> list[Decision]:
    """Every decision of a home.

    Raises:
        InputFault: With every fault of both files.
    """
    systems = {contract.name: _systems(contract) for contract in contracts.values()}
    faults: list[Fault] = []
    decisions: list[Decision] = []
    for decision in DECISIONS:
        file = home.identity / f"{decision}.csv"
        if not file.exists():
            continue
        table = read_table(file)
        found = list(header_faults(file.name, table.header))
        for row in () if found else table.rows:
            of_row = list(row_faults(row, systems))
            found += of_row
            if not of_row:
                decisions.append(decision_of(row, decision))
        faults += found
    faults += contradictions(decisions)
    if faults:
        told = "\n".join(f"  - identity/{fault}" for fault in sorted(set(faults)))
        raise InputFault(
            f"{counted(len(set(faults)), 'fault')} in decisions about who is one person; nothing was loaded, "
            f"the publication is as it was:\n{told}\n"
            f"The files lie in {home.identity} (docs/bring-your-data.md#who-is-one-person)."
        )
    return decisions


def write_decisions(
    home: Home,
    contracts: Mapping[str, SourceContract],
    decisions: Iterable[Decision],
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Write them for dbt, each record as it was delivered; a row about nobody is named and waits.

    Args:
        home: The home, with everything loaded.
        contracts: By source name.
        decisions: What ``read_decisions`` gave.
        say: Gets a line per row that names a record nobody delivered.
    """
    decisions = list(decisions)
    loaded = _loaded(home, contracts, {record for each in decisions for record in each.records})
    rows = []
    for each in decisions:
        one, other = (loaded.get(_folded(record), record) for record in each.records)
        missing = [record for record in each.records if _folded(record) not in loaded]
        for source, system, number in missing:
            say(f"{each.where} names {source} {system} {number}, which no delivery holds; the row waits for it")
        found = replace(each, records=(one, other))
        rows.append(
            {
                "decision": found.decision,
                **{
                    end + name: value
                    for end, record in zip(ENDS, found.records, strict=True)
                    for name, value in zip(NAMES, record, strict=True)
                },
                "valid_from": found.valid_from,
                "valid_to": found.valid_to,
                "why": found.why,
                "who": found.who,
            }
        )
    rows.sort(key=lambda row: (row["decision"], *(row[end + name] for end in ENDS for name in NAMES), row["valid_from"]))
    write_own_table(home, TABLE, rows)


def _systems(contract: SourceContract) -> tuple[str, ...]:
    """Systems that a source may name; empty where any may stand there."""
    for table in _member_tables(contract):
        for column in table.columns:
            if column.name == "system":
                return tuple(column.allowed)
    return ()


def _member_tables(contract: SourceContract) -> list[Table]:
    """Tables with a row per member record."""
    return [table for table in contract.tables if {*table.key} - {"system"} <= {*_NUMBERS} and table.key]


def _folded(record: Record) -> Record:
    source, system, number = record
    return source, system.casefold(), number.strip().casefold()


def _loaded(home: Home, contracts: Mapping[str, SourceContract], wanted: set[Record]) -> dict[Record, Record]:
    """Of the records wanted, those loaded, by how they are compared; exactly as written comes first."""
    found: dict[Record, Record] = {}
    numbers = sorted({_folded(record)[2] for record in wanted})
    if not numbers:
        return found
    with duckdb.connect() as connection:
        for contract in contracts.values():
            for table in _member_tables(contract):
                files = sorted(map(str, (home.loaded / table.source / table.name).glob("delivered=*/month=*/*.parquet")))
                number = next(name for name in table.key if name in _NUMBERS)
                if not files:
                    continue
                system = "system" if "system" in table.key else f"'{table.source}'"
                rows = connection.execute(
                    f"select distinct {system}, cast({quoted(number)} as varchar) as number from read_parquet($files, "
                    "hive_partitioning = false) where list_contains($numbers, lower(number)) order by all",
                    {"files": files, "numbers": numbers},
                ).fetchall()
                for name, value in rows:
                    record = (table.source, name, value)
                    if _folded(record) not in found or record in wanted:
                        found[_folded(record)] = record
    return found
