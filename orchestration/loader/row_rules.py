"""The contract as SQL: from a delivered column to its typed value, and to the conditions that hold a row.

Belongs here: text of DuckDB expressions.
Does not: running them, files, how a contact detail is hashed (orchestration.core.pseudonyms).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from orchestration.core.contract import Bound, Column
from orchestration.core.contract_values import DECIMAL
from orchestration.core.folding import identifier_sql
from orchestration.core.pseudonyms import ContactRules, pseudonym_sql
from orchestration.core.quoting import literal, quoted
from orchestration.core.source_settings import AS_WRITTEN, SourceSettings

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
_ZONED_TIMES = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS")
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
    "timestamp": (_TEXT, "DATE", *_ZONED_TIMES, *_TIMES),
}
_WHOLE_NUMBER = "[+-]?[0-9]+"
# Above it a floating-point number no longer tells neighbours apart, so it is no number of anything.
_LAST_EXACT_DOUBLE = 9007199254740991
_DATE = "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
_TIME = "([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6}0*)?)?"
# No clock on earth is further from UTC; the engine would take +99:00.
_OFFSET = "(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
_TIMESTAMP = f"{_DATE}([T ]{_TIME}{_OFFSET}?)?"
_TIMESTAMP_BLANK_OFFSET = f"{_DATE}[T ]{_TIME} ({_OFFSET}|UTC)"
# Between these days it is looked for changes of a zone's offset, such as summer time.
_FIXED_FROM, _FIXED_UNTIL = date(2000, 1, 1), date(2038, 1, 1)
_FIRST_MOMENT = "0001-01-01"
_LAST_MOMENT = "9999-12-31 23:59:59.999999"
# 9999-12-31 is what models write for "until nothing comes"; a day before it anywhere on earth.
_NOTHING_HAPPENS_FROM = "9999-12-30"


WHOLE_ROW = ""
"""In place of a column: the row as a whole is at fault, and where its cells belong is not known."""


@dataclass(frozen=True)
class Rule:
    """A condition that holds a row, and why."""

    condition: str
    reason: str
    column: str


@dataclass(frozen=True)
class Reading:
    """SQL names of what is read of a column, once for all that is asked of it.

    Attributes:
        written: Its value as it is written: a time is not of its source's zone yet.
        value: Its value.
        filled: Its value, or what takes its place where it is empty.
    """

    written: str
    value: str
    filled: str


def is_readable(column: Column, delivered: str) -> bool:
    """Whether a delivered type can be read as the column's type."""
    return delivered == '"NULL"' or _base(delivered) in _READABLE_FROM[_base(column.data_type).lower()]


def typed(column: Column, delivered: str | None, settings: SourceSettings) -> str:
    """The column in its contract type; null where the value cannot be read.

    Args:
        column: The column.
        delivered: The type it was delivered in; None where it was not.
        settings: What is known of the source; times come out as the wall clock of its zone.
    """
    return moved(column, delivered, settings, as_written(column, delivered, settings.id_case))


def moved(column: Column, delivered: str | None, settings: SourceSettings, read: str) -> str:
    """A value as it is written, a time as the wall clock of its source's zone.

    Args:
        column: The column.
        delivered: The type it was delivered in; None where it was not.
        settings: What is known of the source.
        read: SQL of what ``as_written`` gives.
    """
    if column.data_type != "timestamp" or delivered is None or settings.time_zone == "UTC":
        return read
    name, zone = quoted(column.name), literal(settings.time_zone)
    if delivered in _ZONED_TIMES:
        local = f"timezone({zone}, try_cast({name} as timestamptz))"
        return f"case when {_can_move(read)} then {local} else {read} end"
    is_utc = "false" if settings.is_local else "true"
    if settings.midnight_is_date and not settings.is_local:
        is_utc = f"{read} <> date_trunc('day', {read})"
    if _base(delivered) == _TEXT:
        has_offset, has_time = f"regexp_matches(substr({name}, 11), '[Z+-]|UTC')", f"length({name}) > 10"
        is_utc = f"({has_offset} or ({has_time} and {is_utc}))"
    if is_utc == "false" or delivered == "DATE":
        return read
    local = f"timezone({zone}, make_timestamptz(epoch_us({read})))"
    offset = _fixed_offset(settings.time_zone)
    if offset is not None:
        # A fifth of the time, and times are what a delivery has most of.
        plain = f"make_timestamp(epoch_us({read}) + {offset * 1_000_000})"
        local = f"case when {read} >= timestamp '{_FIXED_FROM}' then {plain} else {local} end"
    return f"case when {_can_move(read)} and {is_utc} then {local} else {read} end"


@cache
def _fixed_offset(zone: str) -> int | None:
    """Seconds that a zone is ahead of UTC, where that has not changed for long; None where it has."""
    weeks = range(0, (_FIXED_UNTIL - _FIXED_FROM).days, 7)
    first = datetime.combine(_FIXED_FROM, time(), UTC)
    offsets = {(first + timedelta(days=day)).astimezone(ZoneInfo(zone)).utcoffset() for day in weeks}
    [offset, *others] = offsets
    return None if others or offset is None else round(offset.total_seconds())


def _can_move(read: str) -> str:
    """Whether a moment is so far from the first and the last there is that a zone cannot carry it beyond."""
    return f"{read} between timestamp '0001-01-03' and timestamp '{_NOTHING_HAPPENS_FROM}'"


def as_written(column: Column, delivered: str | None, id_case: str = AS_WRITTEN.id_case) -> str:
    """The column in its contract type, a time as it is written or, where it has an offset, in UTC."""
    name = quoted(column.name)
    target = column.data_type
    if delivered is None or delivered == '"NULL"':
        return f"cast(null as {target})"
    if _base(delivered) == _TEXT and column.is_id:
        return identifier_sql(name, "keep" if column.allowed else id_case)
    if _base(delivered) == _TEXT:
        return _typed_text(name, target)
    if target == "varchar" and _base(delivered) in _FRACTIONS:
        # Some tools write a column of whole numbers with a gap as floating point: 1001.0 is number 1001.
        whole = f"{name} = trunc({name}) and abs({name}) <= {_LAST_EXACT_DOUBLE}"
        return f"case when {whole} then cast(cast({name} as bigint) as varchar) end"
    if target == "varchar":
        return f"nullif(cast({name} as varchar), '')"
    if delivered in _ZONED_TIMES:
        return _moment(f"try_cast({name} as timestamptz)")
    if delivered.lower() == target:
        return name
    return f"try_cast({name} as {target})"


def row_rules(
    column: Column,
    delivered: str | None,
    reading: Reading,
    *,
    is_moment: bool = False,
) -> list[Rule]:
    """The conditions that hold a row because of this column, in the order they are asked.

    Args:
        column: The column.
        delivered: The type it was delivered in; None where it was not.
        reading: What was read of it.
        is_moment: Whether it says when the row happened.
    """
    name, value = quoted(column.name), reading.value
    rules: list[Rule] = []
    is_there = f"{name} is not null" + (
        f" and {name} <> ''" if delivered and _base(delivered) == _TEXT else ""
    )
    if delivered is None or delivered == '"NULL"':
        is_there = "false"
    elif column.is_id and _base(delivered) == _TEXT:
        # An id of what nobody sees is none; it begins with no plain character, which is quickly seen.
        is_there = f"{name} is not null and not (({name} < '!' or {name} > '~') and {value} is null)"
    if column.required:
        is_filled = reading.filled != value
        is_missing = f"not ({is_there})" + (f" and {reading.filled} is null" if is_filled else "")
        rules.append(Rule(is_missing, "required but empty", column.name))
    target = column.data_type
    wrong = _cannot_be_read(column, delivered, name, reading.written)
    if wrong:
        rules.append(Rule(f"{is_there} and ({wrong})", f"not a {column.data_type}", column.name))
    if column.allowed:
        codes = ", ".join(literal(code) for code in column.allowed)
        # Most are written as they are allowed; only the others need a form.
        raw = f"{name} not in ({codes}) and " if delivered and _base(delivered) == _TEXT else ""
        rules.append(Rule(f"{raw}{value} not in ({codes})", "not an allowed code", column.name))
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
        # As it is written: a zone moves it by less than the day that is left.
        rules.append(
            Rule(f"{reading.written} >= {bound}", f"not before {_NOTHING_HAPPENS_FROM}", column.name)
        )
    return rules


def first_pseudonym(contacts: list[tuple[str, str]], rules: ContactRules) -> str | None:
    """SQL: the pseudonym of the first contact detail that is there and no placeholder; None without any.

    Args:
        contacts: Kind of contact detail and SQL of its value, in order.
        rules: What is a contact detail.
    """
    return first_of_somebody([pseudonym_sql(kind, value, rules) for kind, value in contacts])


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
        close = f"regexp_replace({name}, ' ([Z+-])', '\\1')"
        return (
            f"case when regexp_full_match({name}, '{_TIMESTAMP}') "
            f"then {_moment(f'try_cast({name} as timestamptz)')} "
            f"when regexp_full_match({name}, '{_TIMESTAMP_BLANK_OFFSET}') "
            f"then {_moment(f'try_cast({close} as timestamptz)')} end"
        )
    if target == "date":
        return _where_written(name, _DATE, f"try_cast({name} as date)")
    if target in ("bigint", "integer"):
        # A plain cast would round 12.5 and take 1e3.
        return _where_written(name, _WHOLE_NUMBER, f"try_cast({name} as {target})")
    if target == "double":
        return f"try_cast({name} as double)"
    decimal = DECIMAL.fullmatch(target)
    digits = int(decimal[2]) if decimal else 0
    # Zeros at the end are no digits lost; 1.239 as decimal(18,2) would be.
    pattern = f"[+-]?([0-9]+([.][0-9]{{0,{digits}}}0*)?|[.][0-9]{{1,{max(digits, 1)}}}0*)"
    return _where_written(name, pattern, f"try_cast({name} as {target})")


def _moment(zoned: str) -> str:
    return f"make_timestamp(epoch_us({zoned}))"


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
    if delivered in _ZONED_TIMES:
        tests.append(f"try_cast(try_cast({name} as timestamptz) as {delivered}) is distinct from {name}")
    elif not same_type and _base(delivered) != _TEXT:
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
