"""Seeds as they are declared: which columns a file has, of which types, what identifies a row of it.

Belongs here: what is wrong with the rows of any seed, whatever they define.
Does not: finding the files and their declarations (definitions_files.seeds), what rows mean (core's others).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.core.definition_rows import (
    HEADER,
    Fault,
    Row,
    fault_of,
    is_of_type,
    number,
    shown,
    type_in_words,
)

_MOST_NAMED = 20


@dataclass(frozen=True)
class Reference:
    """A column whose values are codes of another seed.

    Attributes:
        column: The column.
        seed: Name of the other one.
        field: Column there.
        per: Column of both within which the value is looked up; of a group that the other seed does not have
            any of its values will do.
    """

    column: str
    seed: str
    field: str
    per: str = ""


@dataclass(frozen=True)
class Seed:
    """What is declared of a seed.

    Attributes:
        name: Name of its file without `.csv`.
        columns: Types by column, in the order of the file.
        keys: Columns that together identify a row, none of them empty.
        references: Columns with codes of other seeds.
        conditions: What every row satisfies (of a file of settings: they as one row), as dbt writes it.
        asked: The other seeds that conditions name.
    """

    name: str
    columns: Mapping[str, str]
    keys: tuple[tuple[str, ...], ...] = ()
    references: tuple[Reference, ...] = ()
    conditions: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[str, ...] = ()


def seed_faults(seed: Seed, header: Sequence[str], rows: Sequence[Row]) -> Iterator[Fault]:
    """Every fault that a file shows by itself.

    Args:
        seed: What is declared.
        header: The columns of the file.
        rows: Its rows.
    """
    if tuple(header) != tuple(seed.columns):
        yield Fault(f"{seed.name}.csv", HEADER, "the header", *_of_header(seed, header))
        return
    for row in rows:
        for column, kind in seed.columns.items():
            text = row[column]
            if text != text.strip():
                yield fault_of(row, f"{column} {shown(text)}", "no spaces before or after it")
            elif text and not is_of_type(text, kind):
                yield fault_of(row, f"{column} {shown(text)}", f"allowed: {type_in_words(kind)}")
    for key in seed.keys:
        yield from _faults_of_key(seed, key, rows)


def reference_faults(rows: Sequence[Row], others: Mapping[Reference, Sequence[Row]]) -> Iterator[Fault]:
    """Values that the seed they refer to does not have.

    Args:
        rows: The rows of a file.
        others: The rows of the seed that each of its references is to.
    """
    for reference, named in others.items():
        every = dict.fromkeys(row[reference.field] for row in named)
        within: dict[str, dict[str, None]] = {}
        for row in named if reference.per else ():
            within.setdefault(row[reference.per], {})[row[reference.field]] = None
        for row in rows:
            found = row[reference.column]
            allowed = within.get(row[reference.per], every) if reference.per else every
            if found and found not in allowed:
                is_short = 0 < len(allowed) <= _MOST_NAMED
                few = ", ".join(allowed) if is_short else f"those of {reference.seed}.csv"
                yield fault_of(row, f"{reference.column} {shown(found)}", f"allowed: {few}")


def _of_header(seed: Seed, header: Sequence[str]) -> tuple[str, str]:
    """What is wrong with it, and what it must be."""
    missing = [column for column in seed.columns if column not in header]
    unknown = [column for column in header if column not in seed.columns]
    found = [f"no column {column}" for column in missing]
    found += [f"unknown column {shown(column)}" for column in unknown]
    return ", ".join(found) or "columns in another order", f"its columns are {','.join(seed.columns)}"


def _faults_of_key(seed: Seed, key: tuple[str, ...], rows: Sequence[Row]) -> Iterator[Fault]:
    first_of: dict[tuple[object, ...], Row] = {}
    verb = "stand" if len(key) > 1 else "stands"
    for row in rows:
        empty = [column for column in key if not row[column]]
        if empty:
            yield fault_of(row, f"no {' and no '.join(empty)}", "write one")
            continue
        # 1 and 01 are one number, as they are for the engine that looks for keys.
        value = tuple(_comparable(row[column], seed.columns[column]) for column in key)
        first = first_of.setdefault(value, row)
        if first is not row:
            yield fault_of(row, f"{' and '.join(key)} {verb} in line {first.line} as well", "name it once")


def _comparable(text: str, kind: str) -> object:
    found = None if kind in ("varchar", "boolean", "date") else number(text)
    return text if found is None else found
