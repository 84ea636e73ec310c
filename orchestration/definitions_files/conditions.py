"""The conditions that yml files declare of seeds, asked of the rows before a build asks them of tables.

Belongs here: running those conditions over files, naming the rows that break one.
Does not: what is declared (``seeds.py``), the same conditions over built seeds (dbt's test ``rules``).
Late imports: whoever only shows labels asks no condition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from orchestration.core.definition_rows import Fault, Row, is_of_type, shown
from orchestration.core.seed_rows import Seed
from orchestration.definitions_files.rows import Table
from orchestration.definitions_files.variables import project_variables

if TYPE_CHECKING:
    import duckdb

TypedTable = tuple[str, tuple[tuple[str, str], ...], tuple[tuple[int | str | None, ...], ...]]
"""Name, columns with their types, and rows: line and cells."""


def condition_faults(seed: Seed, tables: Mapping[str, Table], seeds: Mapping[str, Seed]) -> Iterator[Fault]:
    """Rows that break a condition, or that refer to nothing within their group.

    Args:
        seed: The seed that is asked about.
        tables: Its rows and those of the seeds that its conditions name, by name; cells that are no value of
            their type count as empty, and are faults of their own.
        seeds: What is declared of these.
    """
    types = setting_types_of(seed.name)
    asked = {name: _in_sql(condition) for name, condition in seed.conditions.items()}
    columns = ", ".join(f"coalesce(({condition}), false)" for condition in asked.values())
    relation = _settings_row(seed.name, types) if types else seed.name
    line = "0" if types else "_line"
    question = f"select {line}, {columns} from {relation} as checked"
    by_line = {row.line: row for row in tables[seed.name].rows}
    for number, *holds in _answers(
        question, tuple(_typed(seeds[name], table.rows) for name, table in tables.items())
    ):
        for name, is_kept in zip(asked, holds, strict=True):
            if not is_kept:
                row = by_line.get(number)
                yield Fault(
                    f"{seed.name}.csv",
                    number or 1,
                    shown(next(iter(row.values.values()), "")) if row else "its settings",
                    name.replace("_", " ") + ": no",
                    f"allowed: {' '.join(asked[name].split())}",
                )


def setting_types_of(seed: str) -> Mapping[str, str]:
    """The settings that dbt_project.yml lists of a file; nothing of a seed that is no file of settings."""
    return project_variables()["settings"].get(seed, {})


def _in_sql(condition: str) -> str:
    """A condition without the parts that dbt fills in."""
    if "{{" not in condition:
        return condition
    from jinja2 import Environment, StrictUndefined

    return (
        Environment(undefined=StrictUndefined)
        .from_string(condition)
        .render(
            var=lambda name: project_variables()[name],
            ref=lambda name: name,
            days_between=lambda earlier, later: f"date_diff('day', {earlier}, {later})",
        )
    )


def _typed(seed: Seed, rows: Sequence[Row]) -> TypedTable:
    values = tuple(
        (
            row.line,
            *(
                row[column] if row[column] and is_of_type(row[column], kind) else None
                for column, kind in seed.columns.items()
            ),
        )
        for row in rows
    )
    return seed.name, tuple(seed.columns.items()), values


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """One for all questions of this process: opening it takes longer than any of them. It has no threads."""
    import duckdb

    return duckdb.connect(config={"threads": 1})


# Several who check the same files in one command, or after an edit of one of them, ask about the others once.
@lru_cache(maxsize=256)
def _answers(question: str, tables: tuple[TypedTable, ...]) -> tuple[tuple[Any, ...], ...]:
    with closing(_engine().cursor()) as connection:
        for name, columns, rows in tables:
            described = ", ".join(f'"{column}" {kind}' for column, kind in columns)
            connection.execute(f"create temp table {name} (_line integer, {described})")
            if rows:
                row = f"({', '.join('?' for _ in rows[0])})"
                cells = [cell for each in rows for cell in each]
                connection.execute(f"insert into {name} values {', '.join([row] * len(rows))}", cells)
        return tuple(connection.execute(question).fetchall())


def _settings_row(seed: str, types: Mapping[str, str]) -> str:
    columns = ", ".join(
        f"try_cast(max(value) filter (where setting = '{name}') as {kind}) as {name}"
        for name, kind in types.items()
    )
    return f"(select {columns} from {seed})"
