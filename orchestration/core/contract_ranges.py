"""What a contract says of plausible values: kinds of value, columns that bound each other, ids.

Belongs here: those words of a contract, and what a column is that names none.
Does not: the limits themselves (seeds/sources), asking rows (orchestration.loader.plausible).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestration.core.contract import Column

_TIMES = ("date", "timestamp")
# Kinds of value that columns have which name none; a row of seeds/sources/plausible_ranges.csv each.
_RANGE_OF_MOMENTS, _RANGE_OF_TIMES, _RANGE_OF_DECIMALS = "happened", "date", "amount"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


def in_its_table(column: Column, key: list[str], month_of: Any) -> Column:
    """What a column is by its name, its type and its place in the table, where its entry does not say it."""
    usual = _RANGE_OF_MOMENTS if column.name == month_of else _RANGE_OF_TIMES
    if column.data_type not in _TIMES:
        usual = _RANGE_OF_DECIMALS if column.data_type.startswith("decimal") else None
    is_text = column.data_type == "varchar" and not column.contact
    is_named = column.name in key or column.name == "system" or column.name.endswith(("_id", "_code"))
    return replace(column, range=column.range or usual, is_id=is_text and (is_named or bool(column.allowed)))


def at_most_of(
    meta: dict[str, Any], by_name: dict[str, Column], where: str, faults: list[str]
) -> tuple[tuple[str, str], ...]:
    """The pairs of a table of which the first is never more than the second; faults are added."""
    value = meta.get("at_most", {})
    if not isinstance(value, dict) or not all(isinstance(names, list) and names for names in value.values()):
        faults.append(
            f"{where}: meta.at_most must list for a column those it may not exceed, as in "
            f"at_most: {{net_amount: [gross_amount]}}; found {value!r}"
        )
        return ()
    pairs = tuple((str(lower), str(higher)) for lower, names in value.items() for higher in names)
    sound = []
    for pair in pairs:
        unknown = [name for name in pair if name not in by_name]
        kinds = {_comparable(by_name[name].data_type) for name in pair if name in by_name}
        if unknown:
            faults.append(f"{where}: meta.at_most names {', '.join(unknown)}, not among its columns")
        elif None in kinds or len(kinds) > 1:
            faults.append(
                f"{where}: meta.at_most compares two numbers or two dates and times; "
                + " and ".join(f"{name} is {by_name[name].data_type}" for name in pair)
            )
        else:
            sound.append(pair)
    return tuple(sound)


def _comparable(data_type: str) -> str | None:
    """Columns of one answer can be compared; None: nothing can be compared with it."""
    if data_type in _TIMES:
        return "time"
    return None if data_type in ("varchar", "boolean", "unknown") else "number"


def range_of(meta: dict[str, Any], data_type: str, where: str, faults: list[str]) -> str | None:
    """The kind of value that a column's entry names; faults are added."""
    value = meta.get("range")
    if value is not None and (not isinstance(value, str) or not _NAME.fullmatch(value)):
        faults.append(
            f"{where}: meta.range must name a row of seeds/sources/plausible_ranges.csv; found {value!r}"
        )
        return None
    if value is not None and data_type in ("varchar", "boolean"):
        faults.append(f"{where}: meta.range is for numbers, dates and timestamps, not {data_type}")
    return value
