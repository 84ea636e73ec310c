"""Quarantine: the rows that broke a rule, with every rule they broke and as much of them as may be kept.

Belongs here: the quarantined file of one delivery, what is kept of a text that may be a contact detail.
Does not: the rules (row_rules.py), which rows break one (one_delivery.py).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet

from orchestration.files import exact_path
from orchestration.loader.deliveries import FILE_COLUMN, ROW_COLUMN, CheckedDelivery
from orchestration.loader.row_rules import Rule, literal, quoted

EXACT_DUPLICATE = 0
"""Code of a row that repeats another in every column."""
REFUSED = "refused"
"""Table of the rows in quarantine: the number of their file, their own in it, the code of why."""
WITHHELD = "(withheld)"
"""Begins the text of a value that may be a contact detail."""
_MOST_SHOWN = 30
KEY_REPEATED = "key repeated"
BEYOND = "has values outside the contract's columns, which are not kept here"
"""Said of a row that does not fit its header: what is not kept may be what tells whose it is."""
CORRECTS = ("from_delivery", "from_file", "from_row")
"""Columns in which a delivered row names the row in quarantine that it corrects: one without a key, too."""


def with_file_numbers(checked: CheckedDelivery, rows: str) -> str:
    """SQL of rows that were read from a delivery, each with the number of its file in place of a path."""
    paths = ", ".join(literal(path) for path in _numbered_paths(checked))
    number = f"cast(list_position([{paths}], {FILE_COLUMN}) as integer)"
    return f"select * replace ({number} as {FILE_COLUMN}) from ({rows})"


def write_quarantined(
    connection: duckdb.DuckDBPyConnection,
    checked: CheckedDelivery,
    reasons: list[Rule],
    refused_rows: str,
    path: Path,
) -> None:
    """Write the rows of the table ``REFUSED``.

    Args:
        connection: With that table.
        checked: Whose rows they are.
        reasons: The rules, in the order of their codes from 1 on; after the last comes a repeated key.
        refused_rows: SQL of those rows: what is shown of each, and every rule it breaks.
        path: The file to write.
    """
    table = checked.delivery.table
    repeated = Rule("", KEY_REPEATED, ", ".join(table.key))
    every = [*reasons, repeated]
    listed = ", ".join(
        f"({code}, {literal(rule.reason)}, {literal(rule.column)})" for code, rule in enumerate(every, 1)
    )
    by_path = {str(file.path): file.name for file in checked.files}
    names = ", ".join(
        f"({number}, {literal(by_path[each])})" for number, each in enumerate(_numbered_paths(checked), 1)
    )
    texts = ", ".join(
        f"quarantine_texts[{place}] as {quoted(column.name)}" for place, column in enumerate(table.columns, 1)
    )
    connection.execute(f"""
        copy (
            select
                delivered.name as quarantine_file,
                {ROW_COLUMN} + 1 as quarantine_row_number,
                reasons.reason as quarantine_reason,
                reasons.about as quarantine_column,
                coalesce(nullif(quarantine_faults, ''), {literal(fault(repeated))}) as quarantine_faults,
                {texts}
            from ({refused_rows}) as shown
            join {REFUSED} using ({FILE_COLUMN}, {ROW_COLUMN})
            join (values {listed}) as reasons (code, reason, about)
                on {REFUSED}.quarantine_code = reasons.code
            join (values {names}) as delivered (number, name) on shown.{FILE_COLUMN} = delivered.number
            order by quarantine_file, quarantine_row_number
        ) to {literal(str(path))} (format parquet, compression zstd)
    """)


def corrected_rows(
    connection: duckdb.DuckDBPyConnection, checked: CheckedDelivery
) -> dict[str, dict[str, list[int]]]:
    """Rows in quarantine that accepted rows of the view ``validated`` name, by day of delivery and file."""
    naming = [
        file for file in checked.files if {*CORRECTS} <= {*pyarrow.parquet.read_schema(file.path).names}
    ]
    found: dict[str, dict[str, list[int]]] = {}
    if not naming:
        return found
    day, name, number = CORRECTS
    paths = ", ".join(literal(exact_path(file.path)) for file in naming)
    rows_read = (
        f"from read_parquet([{paths}], filename = '{FILE_COLUMN}', file_row_number = true, "
        "hive_partitioning = false, union_by_name = true)"
    )
    rows = connection.execute(f"""
        with named as (
            select
                cast(try_cast({day} as date) as varchar) as day, cast({name} as varchar) as name,
                try_cast({number} as bigint) as number, {FILE_COLUMN}, {ROW_COLUMN}
            from ({with_file_numbers(checked, rows_read)})
        )
        select distinct day, name, number
        from named join validated using ({FILE_COLUMN}, {ROW_COLUMN})
        where coalesce(quarantine_code, {EXACT_DUPLICATE}) = {EXACT_DUPLICATE}
            and day is not null and name is not null and number is not null
        order by all
    """).fetchall()
    for day, name, number in rows:
        found.setdefault(day, {}).setdefault(name, []).append(number)
    return found


def withheld(text: str) -> str:
    """SQL that tells of a text only how it is written: x for letters, 9 for a digit."""
    letters = rf"regexp_replace(left({text}, {_MOST_SHOWN}), '\p{{L}}+', 'x', 'g')"
    return rf"concat_ws(' ', '{WITHHELD}', regexp_replace({letters}, '\p{{N}}', '9', 'g'))"


def fault(rule: Rule) -> str:
    """A broken rule as a line of the column ``quarantine_faults``."""
    return f"{rule.column}: {rule.reason}"


def _numbered_paths(checked: CheckedDelivery) -> list[str]:
    """The files of a delivery in the order of their numbers, which begin with 1."""
    return sorted(str(file.path) for file in checked.files)
