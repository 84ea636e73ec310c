"""How numbers and dates are written: which form a column has, and the SQL that reads it.

Belongs here: patterns, counting what fits which form, deciding, from any form to that of the contract.
Does not: which columns hold numbers and dates (fields.py), asking a person (cli.import_files).

A value that does not fit keeps its text; the loader then quarantines it with what was found. What could be
read in two ways is never read in one of them silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.core.errors import InputFault
from orchestration.core.summary import counted
from orchestration.loader.row_rules import literal

POINT, COMMA = "point", "comma"
DAY_FIRST, MONTH_FIRST = "day-first", "month-first"

_WIDE = "０１２３４５６７８９．，：－−–（）￥\u00a0\u202f\u2009\u3000’"
_PLAIN = "0123456789.,:---()¥    '"
# Thousands in threes; in India in twos above the last three. The first group never begins with 0.
_GROUPS = "[1-9][0-9]{{0,2}}({0}[0-9]{{3}})+|[1-9][0-9]?({0}[0-9]{{2}})*{0}[0-9]{{3}}"
_SPACED = _GROUPS.format("[ ']")


def _pattern(mark: str, thousands: str) -> str:
    whole = f"[0-9]+|{_GROUPS.format(thousands)}|{_SPACED}"
    return f"[+-]?(({whole})({mark}[0-9]*)?|{mark}[0-9]+)"


NUMBERS = {POINT: _pattern("[.]", ","), COMMA: _pattern(",", "[.]")}

_TIME = (
    r"(?:[T ,]+([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]+))?)?"
    r" ?([AaPp])?[.]?[Mm]?[.]? ?(Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})?)?"
)
_NUMERIC = r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4}|[0-9]{2})"
_DATES = (
    r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?",
    _NUMERIC,
    r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})",
    r"(?:[A-Za-z]{3,9}[.]?,? )?([0-9]{1,2})[. -]+([A-Za-z]{3,9})[.]?,?[ -]+([0-9]{4}|[0-9]{2})",
    r"(?:[A-Za-z]{3,9}[.]?,? )?([A-Za-z]{3,9})[.]? ([0-9]{1,2})(?:st|nd|rd|th)?,? ([0-9]{4})(?: at)?",
)
_DATE = f"^(?:{'|'.join(_DATES)}){_TIME}$"
# One group of a kind at most is found; the others are empty.
_PARTS = [
    "y1",
    "m1",
    "d1",
    "one",
    "two",
    "y2",
    "y3",
    "m3",
    "d3",
    "d4",
    "n4",
    "y4",
    "n5",
    "d5",
    "y5",
    "h",
    "mi",
    "s",
    "f",
    "ap",
    "z",
]
_SHORT_NAMED = "^[0-9]{1,2}[. -]+[A-Za-z]{3,9}[.]?,?[ -]+[0-9]{2}( |$)"
_NUMERIC_DATE = f"^{_NUMERIC}{_TIME}$"
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_LONG_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
# Seconds since 1970 up to 2033: later ones could be YYYYMMDDHH.
_SECONDS, _MILLISECONDS = "1[0-9]{9}", "1[0-9]{12}"


@dataclass(frozen=True)
class NumberCounts:
    """Values of number columns by the form they fit.

    Attributes:
        point: Only with a decimal point.
        comma: Only with a decimal comma.
        either: With both, as different numbers.
        neither: With none.
    """

    point: int = 0
    comma: int = 0
    either: int = 0
    neither: int = 0


@dataclass(frozen=True)
class DateCounts:
    """Values of date columns by the order of day and month.

    Attributes:
        day_first: Dates that are one only with the day first.
        month_first: Dates that are one only with the month first.
        either: Dates that are two different days.
        short_years: Years of two digits.
        epochs: Counts of seconds or milliseconds since 1970.
    """

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    short_years: int = 0
    epochs: int = 0


@dataclass(frozen=True)
class Choice:
    """A thing that is written in one of two forms, and how it is spoken of.

    Attributes:
        option: The option that decides it.
        forms: What values of each form have; the first form counts where no value tells.
        thing: What a value is.
        open: What is said of values that may be of either form.
    """

    option: str
    forms: Mapping[str, str]
    thing: str
    open: str


DECIMALS = Choice(
    "decimal",
    {POINT: "a decimal point", COMMA: "a decimal comma"},
    "amount",
    "like 1,234 or 1.234 may be thousands or decimals",
)
DATES = Choice(
    "dates",
    {DAY_FIRST: "the day first", MONTH_FIRST: "the month first"},
    "date",
    "like 03/04/2025 may be 3 April or March 4",
)


class Undecided(InputFault):
    """A form that the data leaves open.

    Attributes:
        option: The option that decides it.
        allowed: What it may be.
    """

    def __init__(self, option: str, allowed: Sequence[str], text: str) -> None:
        super().__init__(f"{text}\nType {' or '.join(f'--{option} {each}' for each in allowed)}.")
        self.option, self.allowed, self.text = option, tuple(allowed), text


def form_of(choice: Choice, counts: NumberCounts | DateCounts, where: str, kept: str | None = None) -> str:
    """Which of two forms the values of a file have.

    Args:
        choice: The two forms.
        counts: Values by the form they fit.
        where: How messages call the file.
        kept: The form of the shop's files before, which counts unless all that can tell says the other one.

    Raises:
        Undecided: Both are found, or what is found may be either, or the other one than before.
    """

    def found(form: str) -> int:
        return getattr(counts, form.replace("-", "_"))

    words = choice.forms
    usual = kept or next(iter(words))
    (other,) = words.keys() - {usual}
    if kept is not None and found(other) and not found(usual):
        text = (
            f"{choice.thing}s had {words[usual]} before; now {counted(found(other), choice.thing)} have "
            f"{words[other]}."
        )
    elif kept is None and found(usual) and found(other):
        text = (
            f"{counted(found(usual), choice.thing)} have {words[usual]} and {found(other):,} {words[other]}. "
            "The others would be quarantined."
        )
    elif kept is None and counts.either and not found(usual) and not found(other):
        text = (
            f"{counted(counts.either, choice.thing)} {choice.open}, and no other {choice.thing} tells which."
        )
    else:
        return usual if kept or not found(other) else other
    raise Undecided(choice.option, tuple(words), f"{where}: {text}")


def plain(value: str) -> str:
    """SQL: the text trimmed, digits and signs of wide forms as plain ones."""
    return f"trim(translate({value}, {literal(_WIDE)}, {literal(_PLAIN)}))"


def bare_number(value: str, signs: Iterable[str]) -> str:
    """SQL: an amount without signs of currency, a minus in front also where it was written otherwise."""
    text = plain(value)
    listed = sorted({sign.translate(str.maketrans(_WIDE, _PLAIN)) for sign in signs}, key=len, reverse=True)
    if listed:
        either = "|".join(_escaped(sign) for sign in listed)
        text = f"trim(regexp_replace({text}, {literal('(?i)^([+-]?) ?(?:' + either + ') ?')}, '\\1'))"
        text = f"trim(regexp_replace({text}, {literal('(?i) ?(?:' + either + ')(-?)$')}, '\\1'))"
    text = f"regexp_replace({text}, '^[(](.*)[)]$', '-\\1')"
    return f"regexp_replace({text}, '^([^-+].*)-$', '-\\1')"


def with_numbers(query: str, columns: Sequence[str], form: str, signs: Iterable[str] = ()) -> str:
    """SQL: a query whose columns of amounts read ``-1234.50``; a text that is none in this form stays.

    Args:
        query: What is read.
        columns: Names of its columns of amounts.
        form: ``point`` or ``comma``.
        signs: That may stand beside an amount.
    """
    if not columns:
        return query
    thousands, mark = ("[, '']", ".") if form == POINT else ("[. '']", ",")
    bare = ", ".join(f"{bare_number(name, signs)} as {name}_bare" for name in columns)
    read = ", ".join(
        f"case when regexp_full_match({name}_bare, {literal(NUMBERS[form])}) then "
        f"ltrim(replace(regexp_replace({name}_bare, '{thousands}', '', 'g'), '{mark}', '.'), '+') "
        f"else {name} end as {name}"
        for name in columns
    )
    without = ", ".join(f"{name}_bare" for name in columns)
    return f"select * exclude ({without}) replace ({read}) from (select *, {bare} from ({query}))"


def number_counts(values: Sequence[str], relation: str, signs: Iterable[str] = ()) -> str:
    """SQL: one row with the fields of :class:`NumberCounts` over some columns."""
    bares = " union all ".join(
        f"select {bare_number(value, signs)} as bare from {relation} where {value} is not null"
        for value in values
    )
    return f"""
        with bares as ({bares}), fits as (
            select
                regexp_full_match(bare, {literal(NUMBERS[POINT])}) as point,
                regexp_full_match(bare, {literal(NUMBERS[COMMA])}) as comma,
                regexp_matches(bare, '[.,]') as has_mark
            from bares
        )
        select
            count(*) filter (point and not comma),
            count(*) filter (comma and not point),
            count(*) filter (point and comma and has_mark),
            count(*) filter (not point and not comma)
        from fits
    """


def with_moments(query: str, columns: Sequence[str], form: str, *, is_epoch: bool = False) -> str:
    """SQL: a query whose columns of dates read ``2025-12-31`` or ``2025-12-31T20:10:00+08:00``.

    A text that is no date in this form stays.

    Args:
        query: What is read.
        columns: Names of its columns of dates and times.
        form: ``day-first`` or ``month-first``.
        is_epoch: Whether counts of seconds or milliseconds since 1970 are times.
    """
    if not columns:
        return query
    listed = ", ".join(f"'{name}'" for name in _PARTS)
    # Step by step: each later expression names the earlier one several times.
    parts = ", ".join(
        f"regexp_extract({plain(name)}, {literal(_DATE)}, [{listed}]) as {name}_parts" for name in columns
    )
    texts = ", ".join(f"{_composed(f'{name}_parts', form)} as {name}_text" for name in columns)
    read = ", ".join(
        f"{_epoch(name) if is_epoch else ''}"
        f"case when try_cast({name}_text as timestamptz) is not null then {name}_text else {name} end"
        f"{' end' if is_epoch else ''} as {name}"
        for name in columns
    )
    without = ", ".join(f"{name}_parts, {name}_text" for name in columns)
    return (
        f"select * exclude ({without}) replace ({read}) from "
        f"(select *, {texts} from (select *, {parts} from ({query})))"
    )


def date_counts(values: Sequence[str], relation: str) -> str:
    """SQL: one row with the fields of :class:`DateCounts` over some columns."""
    texts = " union all ".join(
        f"select {plain(value)} as text from {relation} where {value} is not null" for value in values
    )
    return f"""
        with texts as ({texts}), found as (
            select text, regexp_extract(text, {literal(_NUMERIC_DATE)}, ['one', 'two', 'y']) as parts
            from texts
        ),
        parts as (
            select
                text,
                parts.one <> '' as is_numeric,
                try_cast(parts.one as integer) as one,
                try_cast(parts.two as integer) as two,
                length(parts.y) = 2 or regexp_matches(text, {literal(_SHORT_NAMED)}) as is_short
            from found
        )
        select
            count(*) filter (is_numeric and one > 12 and two <= 12),
            count(*) filter (is_numeric and two > 12 and one <= 12),
            count(*) filter (is_numeric and one <= 12 and two <= 12 and one <> two),
            count(*) filter (is_short),
            case
                when count(*) = count(*) filter (regexp_full_match(text, '{_SECONDS}|{_MILLISECONDS}'))
                then count(*) else 0
            end
        from parts
    """


def _composed(parts: str, form: str) -> str:
    """SQL: ISO text from the parts of a date; no date where they are none."""

    def of(*names: str) -> str:
        return "(" + " || ".join(f"{parts}.{name}" for name in names) + ")"

    day, month = ("one", "two") if form == DAY_FIRST else ("two", "one")
    year = of("y1", "y2", "y3", "y4", "y5")
    known = " ".join(
        f"when {name!r} then '{number:02d}'"
        for number, names in enumerate(zip(_MONTHS, _LONG_MONTHS, strict=True), 1)
        for name in dict.fromkeys(names)
    )
    named = f"case lower({of('n4', 'n5')}) when '' then '' when 'sept' then '09' {known} end"
    date = (
        f"case when length({year}) = 2 then '20' else '' end || {year} || '-' || "
        f"lpad({of('m1', month, 'm3')} || {named}, 2, '0') || '-' || "
        f"lpad({of('d1', day, 'd3', 'd4', 'd5')}, 2, '0')"
    )
    hour = f"try_cast({parts}.h as integer)"
    hour = (
        f"case when {parts}.ap = '' then {hour} when {hour} between 1 and 12 "
        f"then {hour} % 12 + case when lower({parts}.ap) = 'p' then 12 else 0 end end"
    )
    seconds = f"case when {parts}.s = '' then '00' else {parts}.s end"
    fraction = f"case when {parts}.f = '' then '' else '.' || left({parts}.f, 6) end"
    zone = f"case when {parts}.z in ('UTC', 'GMT') then 'Z' else {parts}.z end"
    hour = f"lpad(cast({hour} as varchar), 2, '0')"
    time = f"{hour} || ':' || {parts}.mi || ':' || {seconds} || {fraction} || {zone}"
    return f"{date} || case when {parts}.h = '' then '' else 'T' || {time} end"


def _epoch(name: str) -> str:
    """SQL: the beginning of a case that reads a count since 1970."""
    at = f"make_timestamp(try_cast({name} as bigint) * {{0}})"
    return (
        f"case when regexp_full_match({name}, '{_SECONDS}') "
        f"then strftime({at.format(1_000_000)}, '%Y-%m-%dT%H:%M:%SZ') "
        f"when regexp_full_match({name}, '{_MILLISECONDS}') "
        f"then strftime({at.format(1_000)}, '%Y-%m-%dT%H:%M:%S.%fZ') else "
    )


def _escaped(sign: str) -> str:
    return "".join(f"[{letter}]" if letter in "$.^|?*+()" else letter for letter in sign)
