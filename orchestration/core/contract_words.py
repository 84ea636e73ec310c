"""What a contract allows, in words: for whoever has to correct a row.

Belongs here: types, codes and ranges as people write them.
Does not: validating anything (loader.row_rules).
"""

from __future__ import annotations

from orchestration.core.contract import Column
from orchestration.core.contract_values import DECIMAL

_TYPES = {
    "varchar": "a text",
    "bigint": "a whole number",
    "integer": "a whole number up to 2,147,483,647",
    "double": "a number",
    "boolean": "true or false",
    "date": "a date, as 2025-12-28",
    "timestamp": "a date or a time, as 2025-12-28T20:10:00+08:00",
}


def allowed_in_words(column: Column) -> str:
    """What may stand in a column: its codes or its type, its range, whether it may be empty."""
    kind = "one of " + ", ".join(column.allowed) if column.allowed else _type_in_words(column.data_type)
    parts = [kind if column.max_length is None else f"up to {column.max_length} characters"]
    if column.pattern is not None:
        parts.append(f"written as {column.pattern}")
    if column.minimum is not None and column.maximum is not None:
        parts.append(f"from {column.minimum} to {column.maximum}")
    elif column.minimum is not None:
        parts.append(f"at least {column.minimum}")
    elif column.maximum is not None:
        parts.append(f"at most {column.maximum}")
    parts.append("never empty" if column.required else "or empty")
    return ", ".join(parts)


def _type_in_words(data_type: str) -> str:
    decimal = DECIMAL.fullmatch(data_type)
    if not decimal:
        return _TYPES.get(data_type, data_type)
    places = int(decimal[2])
    if not places:
        return "a whole number"
    return f"a number with at most {places} decimal place{'s' if places > 1 else ''}, as 12.50"
