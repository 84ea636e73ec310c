"""Settings: rows of a name and a value as text, of which it is declared which there are and of what type.

Belongs here: what is wrong with such rows, the values with their types.
Does not: reading files (definitions_files.settings), the same in SQL (macros/settings.sql).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from orchestration.core.definition_rows import HEADER, Fault, Row, is_of_type, shown, type_in_words

Value = int | Decimal | str
Types = Mapping[str, str]
"""By setting, the type of its value as SQL writes it: integer, decimal(9,3), varchar."""


def setting_faults(file: str, rows: Iterable[Row], types: Types) -> Iterator[Fault]:
    """Every fault of a file.

    Args:
        file: Name of the file, for settings that it lacks.
        rows: Its rows.
        types: The settings that are declared.
    """
    line_of: dict[str, int] = {}
    for row in rows:
        name = row["setting"]
        if name not in types:
            yield _told(row, "nothing reads it", f"allowed: {', '.join(types)}")
        elif line_of.setdefault(name, row.line) != row.line:
            yield _told(row, f"stands in line {line_of[name]} as well", "name it once")
        elif not _fits(row["value"], types[name]):
            yield _told(row, f"value {shown(row['value'])}", f"allowed: {type_in_words(types[name])}")
    for name, kind in types.items():
        if name not in line_of:
            yield Fault(
                file,
                HEADER,
                f"setting {shown(name)}",
                "missing",
                f"add a row, its value {type_in_words(kind)}",
            )


def _told(row: Row, found: str, allowed: str) -> Fault:
    return Fault(row.file, row.line, f"setting {shown(row['setting'])}", found, allowed)


def typed(values: Mapping[str, str], types: Types) -> dict[str, Value]:
    """The values of sound settings with their types.

    Args:
        values: Text by setting.
        types: The settings that are declared.
    """
    return {name: _value(values[name], kind) for name, kind in types.items()}


def _value(text: str, kind: str) -> Value:
    if kind == "integer":
        return int(text)
    if kind == "boolean":
        return text == "true"
    return text if kind == "varchar" else Decimal(text)


def _fits(text: str, kind: str) -> bool:
    return bool(text.strip()) and is_of_type(text, kind)
