"""Decisions about who is one person, from the home's ``identity/`` to one of Rekindle's own tables.

Belongs here: reading and refusing the files, finding the records they name among those loaded.
Does not: what is a fault in a row (core.identity_decisions), what follows from one (models/core/identity).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import duckdb

from orchestration.core.contract import SourceContract, Table
from orchestration.core.definition_rows import HIDDEN, Fault, has_contact
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
from orchestration.files import exact_path
from orchestration.loader.row_rules import literal, quoted
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
    loaded = loaded_records(home, contracts, {record for each in decisions for record in each.records})
    rows = []
    for each in decisions:
        one, other = (loaded.get(record, record) for record in each.records)
        missing = [record for record in each.records if record not in loaded]
        for source, system, number in missing:
            say(
                f"{each.where} names {source} {system} {HIDDEN if has_contact(number) else number}, "
                "which no delivery holds; "
                "the row waits for it"
            )
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
    # The order of lines in a file means nothing.
    write_own_table(home, TABLE, sorted(rows, key=lambda row: [str(value) for value in row.values()]))


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


def loaded_records(
    home: Home, contracts: Mapping[str, SourceContract], wanted: Collection[Record]
) -> dict[Record, Record]:
    """Of the records wanted, those loaded as they were delivered; spelled exactly first, else in any case.

    Args:
        home: The home.
        contracts: By source name.
        wanted: Source, system and member number as a person wrote them.
    """
    numbers = sorted({_folded(record)[2] for record in wanted})
    found: dict[Record, Record] = {}
    for record in (
        _records(home, contracts, "list_contains($wanted, lower(number))", numbers) if numbers else ()
    ):
        if _folded(record) not in found or record in wanted:
            found[_folded(record)] = record
    return {record: found[_folded(record)] for record in wanted if _folded(record) in found}


def records_of_keys(
    home: Home, contracts: Mapping[str, SourceContract], keys: Collection[int]
) -> list[Record]:
    """Source, system and number of the loaded records that the warehouse gave some keys.

    Args:
        home: The home.
        contracts: By source name.
        keys: The keys wanted.
    """
    key = "cast('0x' || substr(md5(source || ':' || system || ':' || number), 1, 15) as bigint)"
    return list(_records(home, contracts, f"list_contains($wanted, {key})", sorted(keys)))


def _records(
    home: Home, contracts: Mapping[str, SourceContract], condition: str, wanted: Sequence[object]
) -> Iterator[Record]:
    """Loaded member records that meet a condition on source, system and number."""
    with duckdb.connect() as connection:
        for contract in contracts.values():
            for table in _member_tables(contract):
                folder = home.loaded / table.place
                files = sorted(map(exact_path, folder.glob("delivered=*/month=*/*.parquet")))
                number = next(name for name in table.key if name in _NUMBERS)
                system = "system" if "system" in table.key else literal(table.source)
                if files:
                    yield from connection.execute(
                        f"select * from (select distinct {literal(table.source)} as source, "
                        f"{system} as system, cast({quoted(number)} as varchar) as number "
                        "from read_parquet($files, hive_partitioning = false)) "
                        f"where {condition} order by all",
                        {"files": files, "wanted": wanted},
                    ).fetchall()
