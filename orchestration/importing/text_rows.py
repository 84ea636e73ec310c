"""The rows of one file under the names of fields: every value as text the contract can read, where it can be.

Belongs here: SQL from a file's own columns to fields.
Does not: grouping and joining rows (converting.py), forms of numbers and dates as such (forms.py).
"""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from dataclasses import dataclass

from orchestration.core.contract import SourceContract
from orchestration.importing.fields import (
    WORDS,
    Vocabulary,
    compared,
    compared_word,
    is_amount,
    is_moment,
)
from orchestration.importing.forms import with_moments, with_numbers
from orchestration.importing.mapping import FileMapping, Mapping
from orchestration.importing.reading import BROKEN, ROW, TextTable
from orchestration.importing.recognising import PACKED
from orchestration.loader.row_rules import literal, quoted

FILE = "source_file"
EMPTY, NOBODY = "empty", "nobody"
"""Among the words: those that programs write where there is nothing, and numbers that are no member's."""
_JOINED = ("first_name", "last_name", "ordered_time")
_AS_TEXT = '^(?:="(.*)"|\'([+]?[0-9].*))$'
_FLOAT = "^([0-9]+)[.]0$"


@dataclass(frozen=True)
class MappedFile:
    """A file that was read, and how it is read."""

    table: TextTable
    mapping: FileMapping


@dataclass(frozen=True)
class Reading:
    """What the rows of all files are read by.

    Attributes:
        mapping: How the shop's files are read.
        contract: The standard shape.
        vocabulary: Words and signs.
        currency: Currency of the home; amounts in another one are not read.
    """

    mapping: Mapping
    contract: SourceContract
    vocabulary: Vocabulary
    currency: str

    @property
    def signs(self) -> list[str]:
        """Signs that may stand beside an amount: those of the currency, and those of several."""
        return [
            sign for sign, currency in self.vocabulary.signs.items() if currency in ("", self.currency)
        ] + [self.currency]

    def codes(self, field: str) -> dict[str, str]:
        """Codes of the contract by word."""
        own = {compared_word(str(word)): code for word, code in self.mapping.words.get(field, {}).items()}
        return {**self.vocabulary.words.get(field, {}), **own}


def present(value: str, reading: Reading) -> str:
    """SQL: a cell without blanks around it; null where nothing is in it, or a word for nothing."""
    empty = ", ".join(literal(word) for word in ("", *reading.vocabulary.words.get(EMPTY, {})))
    # ' before a number and ="..." are how spreadsheets are told that it is text.
    trimmed = f"trim({value}, ' \t\u00a0\u3000\r\n')"
    trimmed = f"regexp_replace({trimmed}, {literal(_AS_TEXT)}, '\\1\\2')"
    return f"case when lower({trimmed}) not in ({empty}) then {trimmed} end"


def fields_sql(file: MappedFile, fields: list[str], reading: Reading) -> str:
    """SQL that reads a file as some fields; those that it does not have are null."""
    columns, rows, contract = file.mapping.columns, file.mapping.rows, reading.contract
    told = [field for field in dict.fromkeys([*fields, *_JOINED]) if field in columns]
    texts = ", ".join(f"{present(_cell(file, field), reading)} as {field}" for field in told)
    query = (
        f"select {texts}{', ' if texts else ''}{ROW}, {BROKEN} "
        f"from read_parquet({literal(str(file.table.path))}, hive_partitioning = false)"
    )
    if {"ordered_time", "ordered_at"} <= columns.keys():
        time = "case when regexp_matches(ordered_time, '^[0-9]{1,2}:[0-9]{2}') then ' ' || ordered_time end"
        query = f"select * replace (ordered_at || coalesce({time}, '') as ordered_at) from ({query})"
    amounts = [
        field for field in told if is_amount(field, rows, contract) and columns[field] not in file.table.exact
    ]
    query = with_numbers(query, amounts, file.mapping.decimal, reading.signs)
    moments = [field for field in told if is_moment(field, rows, contract)]
    query = with_moments(query, moments, file.mapping.dates, is_epoch=file.mapping.epochs)
    values = {field: _as_field(field, reading) for field in told}
    if {"first_name", "last_name"} & columns.keys():
        names = [name for name in ("first_name", "last_name") if name in columns]
        joined = f"nullif(concat_ws(' ', {', '.join(names)}), '')"
        values["full_name"] = f"coalesce(full_name, {joined})" if "full_name" in columns else joined
    listed = ", ".join(f"{values.get(field, 'cast(null as varchar)')} as {quoted(field)}" for field in fields)
    return f"select {listed}, {ROW}, {BROKEN}, {literal(file.table.name)} as {FILE} from ({query})"


def cell_sql(file: MappedFile, field: str, reading: Reading) -> str:
    """SQL: one field of a file that is neither an amount nor a date."""
    return _without_float(present(_cell(file, field), reading))


def _as_field(field: str, reading: Reading) -> str:
    if field == "member_id":
        nobody = ", ".join(literal(word) for word in reading.vocabulary.words.get(NOBODY, {}))
        return f"case when lower(member_id) not in ({nobody or 'null'}) then {_without_float(field)} end"
    if field in WORDS:
        return _coded(field, reading.codes(field))
    if field.endswith("_id") or field in ("phone", "card_number", "line_number"):
        return _without_float(field)
    return field


def _without_float(value: str) -> str:
    return f"regexp_replace({value}, '{_FLOAT}', '\\1')"


def packed_lines(file: MappedFile) -> list[str]:
    """Columns that hold a whole line of an order each, in order."""
    found = [
        (int(match[2]), heading)
        for heading in file.table.headings
        if (match := PACKED.fullmatch(compared(heading)))
    ]
    return [file.table.column(heading) for _, heading in sorted(found)]


def _cell(file: MappedFile, field: str) -> str:
    return file.table.column(file.mapping.columns[field])


def _coded(value: str, codes: Lookup[str, str]) -> str:
    """The code of a word; a word that is not known stays, so that it is seen."""
    by_code: dict[str, list[str]] = {}
    for word, code in codes.items():
        by_code.setdefault(code, []).append(word)
    cases = " ".join(
        f"when lower({value}) in ({', '.join(literal(word) for word in words)}) then {literal(code)}"
        for code, words in by_code.items()
    )
    return f"case {cases} else {value} end" if cases else value
