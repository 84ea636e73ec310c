"""Quarantine: the rows that broke a rule, with every rule they broke and as much of them as may be kept.

Belongs here: the quarantined file of one delivery, what is kept of a text that may be a contact detail.
Does not: the rules (row_rules.py), which rows break one (one_delivery.py).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from orchestration.loader.deliveries import FILE_COLUMN, ROW_COLUMN, CheckedDelivery
from orchestration.loader.row_rules import Rule, literal, quoted

REFUSED = "refused"
"""Table of the rows in quarantine: the number of their file, their own in it, the code of why."""
WITHHELD = "(withheld)"
"""Begins the text of a value that may be a contact detail."""
_MOST_SHOWN = 30
KEY_REPEATED = "key repeated"


def numbered_paths(checked: CheckedDelivery) -> list[str]:
    """The files of a delivery in the order of their numbers, which begin with 1."""
    return sorted(str(file.path) for file in checked.files)


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
        f"({number}, {literal(by_path[each])})" for number, each in enumerate(numbered_paths(checked), 1)
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


def withheld(text: str) -> str:
    """SQL that tells of a text only how it is written: x for letters, 9 for a digit."""
    letters = rf"regexp_replace(left({text}, {_MOST_SHOWN}), '\p{{L}}+', 'x', 'g')"
    return rf"concat_ws(' ', '{WITHHELD}', regexp_replace({letters}, '\p{{N}}', '9', 'g'))"


def fault(rule: Rule) -> str:
    """A broken rule as a line of the column ``quarantine_faults``."""
    return f"{rule.column}: {rule.reason}"
