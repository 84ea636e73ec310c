"""The contract as SQL: from a delivered column to its typed value, and to the conditions that hold a row.

Belongs here: text of DuckDB expressions.
Does not: running them, files, how a contact detail is hashed (orchestration.core.pseudonyms).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from orchestration.core.contract import Bound, Column
from orchestration.core.pseudonyms import pseudonym_sql

BLOCKED_VARIABLE = "rekindle_blocked"
"""Session variable with the pseudonyms of placeholders, which are nobody's."""

_WHOLE_NUMBERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
)
_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")
_NUMBERS = (*_WHOLE_NUMBERS, *_FRACTIONS)
_TIMES = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_TEXT = "VARCHAR"

# What each contract type can be read from without guessing. Text must then be written as below.
_READABLE_FROM = {
    "varchar": (_TEXT, "UUID", *_NUMBERS),
    "bigint": (_TEXT, *_NUMBERS),
    "integer": (_TEXT, *_NUMBERS),
    "decimal": (_TEXT, *_NUMBERS),
    "double": (_TEXT, *_NUMBERS),
    "boolean": (_TEXT, "BOOLEAN", *_WHOLE_NUMBERS),
    "date": (_TEXT, "DATE", *_TIMES),
    "timestamp": (_TEXT, "DATE", "TIMESTAMP WITH TIME ZONE", *_TIMES),
}
_WHOLE_NUMBER = "[+-]?[0-9]+"
# Above it a floating-point number no longer tells neighbours apart, so it is no number of anything.
_LAST_EXACT_DOUBLE = 9007199254740991
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIMESTAMP = (
    f"{_DATE}([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{{1,6}}0*)?)?"
    "(Z|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)
_FIRST_MOMENT = "0001-01-01"
_LAST_MOMENT = "9999-12-31 23:59:59.999999"
# 9999-12-31 is what models write for "until nothing comes"; a day before it anywhere on earth.
_NOTHING_HAPPENS_FROM = "9999-12-30"


@dataclass(frozen=True)
class Rule:
    """A condition that holds a row, and why."""

    condition: str
    reason: str
    column: str


def quoted(name: str) -> str:
    """A name as SQL takes it literally."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL takes it literally."""
    return "'" + text.replace("'", "''") + "'"


def is_readable(column: Column, delivered: str) -> bool:
    """Whether a delivered type can be read as the column's type."""
    return delivered == '"NULL"' or _base(delivered) in _READABLE_FROM[_base(column.data_type).lower()]


def typed(column: Column, delivered: str | None) -> str:
    """The column in its contract type; null where the value cannot be read. None: the column is not there."""
    name = quoted(column.name)
    target = column.data_type
    if delivered is None or delivered == '"NULL"':
        return f"cast(null as {target})"
    if _base(delivered) == _TEXT:
        return _typed_text(name, target)
    if target == "varchar" and _base(delivered) in _FRACTIONS:
        # Some tools write a column of whole numbers with a gap as floating point: 1001.0 is number 1001.
        whole = f"{name} = trunc({name}) and abs({name}) <= {_LAST_EXACT_DOUBLE}"
        return f"case when {whole} then cast(cast({name} as bigint) as varchar) end"
    if target == "varchar":
        return f"nullif(cast({name} as varchar), '')"
    if delivered == "TIMESTAMP WITH TIME ZONE":
        return f"make_timestamp(epoch_us({name}))"
    if delivered.lower() == target:
        return name
    return f"try_cast({name} as {target})"


def row_rules(
    column: Column, delivered: str | None, is_moment: bool = False, filled: str | None = None
) -> list[Rule]:
    """The conditions that hold a row because of this column, in the order they are asked.

    Args:
        column: The column.
        delivered: The type it was delivered in; None where it was not.
        is_moment: Whether it says when the row happened.
        filled: SQL of its value with what takes its place where it is empty, if anything does.
    """
    name = quoted(column.name)
    value = typed(column, delivered)
    rules: list[Rule] = []
    is_there = f"{name} is not null" + (
        f" and {name} <> ''" if delivered and _base(delivered) == _TEXT else ""
    )
    if delivered is None or delivered == '"NULL"':
        is_there = "false"
    if column.required:
        is_missing = f"not ({is_there})" + (f" and {filled} is null" if filled else "")
        rules.append(Rule(is_missing, "required but empty", column.name))
    target = column.data_type
    wrong = _cannot_be_read(column, delivered, name, value)
    if wrong:
        rules.append(Rule(f"{is_there} and ({wrong})", f"not a {column.data_type}", column.name))
    if column.allowed:
        codes = ", ".join(literal(code) for code in column.allowed)
        rules.append(Rule(f"{value} not in ({codes})", "not an allowed code", column.name))
    # No whole number has that many digits.
    if column.max_length is not None and (delivered is None or _base(delivered) not in _WHOLE_NUMBERS):
        rules.append(
            Rule(
                f"length({value}) > {column.max_length}",
                f"longer than {column.max_length} characters",
                column.name,
            )
        )
    if column.pattern is not None:
        rules.append(
            Rule(
                f"not ({is_written(value, column.pattern)})", f"not written as {column.pattern}", column.name
            )
        )
    if column.minimum is not None:
        bound = _bound(column.minimum)
        rules.append(Rule(f"{value} < {bound}", f"below the minimum {column.minimum}", column.name))
    if column.maximum is not None:
        bound = _bound(column.maximum)
        rules.append(Rule(f"{value} > {bound}", f"above the maximum {column.maximum}", column.name))
    if is_moment:
        bound = f"{target} '{_NOTHING_HAPPENS_FROM}'"
        rules.append(Rule(f"{value} >= {bound}", f"not before {_NOTHING_HAPPENS_FROM}", column.name))
    return rules


def first_pseudonym(contacts: list[tuple[str, str]]) -> str | None:
    """SQL: the pseudonym of the first contact detail that is there and no placeholder; None without any.

    Args:
        contacts: Kind of contact detail and SQL of its value, in order.
    """
    return first_of_somebody([pseudonym_sql(kind, value) for kind, value in contacts])


def first_of_somebody(pseudonyms: list[str]) -> str | None:
    """SQL: the first of some pseudonyms that is there and no placeholder's; None without any."""
    # Each of them once: what stands there twice would be hashed for every row.
    of_nobody = f"list_contains(getvariable('{BLOCKED_VARIABLE}'), each)"
    return f"list_filter([{', '.join(pseudonyms)}], lambda each: not {of_nobody})[1]" if pseudonyms else None


def _typed_text(name: str, target: str) -> str:
    if target == "varchar":
        return f"nullif({name}, '')"
    if target == "boolean":
        return (
            f"case when lower({name}) in ('true', 't', '1') then true "
            f"when lower({name}) in ('false', 'f', '0') then false end"
        )
    if target == "timestamp":
        # DuckDB drops an offset when it casts text to TIMESTAMP; by way of a zoned one it is counted.
        return _where_written(name, _TIMESTAMP, f"make_timestamp(epoch_us(try_cast({name} as timestamptz)))")
    if target == "date":
        return _where_written(name, _DATE, f"try_cast({name} as date)")
    if target in ("bigint", "integer"):
        # A plain cast would round 12.5 and take 1e3.
        return _where_written(name, _WHOLE_NUMBER, f"try_cast({name} as {target})")
    if target == "double":
        return f"try_cast({name} as double)"
    scale = re.fullmatch(r"decimal\([0-9]+,([0-9]+)\)", target)
    digits = int(scale[1]) if scale else 0
    # Zeros at the end are no digits lost; 1.239 as decimal(18,2) would be.
    pattern = f"[+-]?([0-9]+([.][0-9]{{0,{digits}}}0*)?|[.][0-9]{{1,{max(digits, 1)}}}0*)"
    return _where_written(name, pattern, f"try_cast({name} as {target})")


def is_written(value: str, pattern: str) -> str:
    """SQL: whether a whole text matches a pattern."""
    return f"regexp_full_match({value}, {literal(pattern)})"


def _where_written(name: str, pattern: str, value: str) -> str:
    return f"case when {is_written(name, pattern)} then {value} end"


def _cannot_be_read(column: Column, delivered: str | None, name: str, value: str) -> str | None:
    target = column.data_type
    if delivered is None or delivered == '"NULL"':
        return None
    if target == "varchar":
        return f"{value} is null" if _base(delivered) in _FRACTIONS else None
    same_type = delivered.lower() == target
    tests = [] if same_type else [f"{value} is null"]
    if target == "double":
        tests.append(f"not isfinite({value})")
    if target in ("date", "timestamp"):
        # Also false for the infinities.
        tests.append(f"{value} not between {target} '{_FIRST_MOMENT}' and {_last(target)}")
    if not same_type and _base(delivered) not in (_TEXT, "TIMESTAMP WITH TIME ZONE"):
        # There and back again: digits and times of day must survive.
        tests.append(f"try_cast({value} as {delivered}) is distinct from {name}")
    return " or ".join(tests) or None


def _last(target: str) -> str:
    return f"{target} '{_LAST_MOMENT[:10] if target == 'date' else _LAST_MOMENT}'"


def _bound(value: Bound) -> str:
    if isinstance(value, datetime):
        return f"timestamp '{value.isoformat(sep=' ')}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    return f"{value:f}"


def _base(data_type: str) -> str:
    return data_type.split("(")[0].upper()
