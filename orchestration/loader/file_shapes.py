"""Files of one delivery that have the same columns: the SQL from their delivered rows to typed ones.

Belongs here: in which steps a row is read, so that each value is made once; the first rule a row breaks, and
    what quarantine shows of it.
Does not: the rules (row_rules.py, plausible.py, currencies.py), running the SQL (one_delivery.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from orchestration.core.contract import Column, Table
from orchestration.core.folding import folded_sql
from orchestration.core.phones import phone_sql
from orchestration.core.pseudonyms import form_steps, hashed_sql
from orchestration.csv_files.copying import FAULT_COLUMN
from orchestration.loader.currencies import Conversion
from orchestration.loader.deliveries import (
    BEYOND_COLUMN,
    FILE_COLUMN,
    ROW_COLUMN,
    CheckedDelivery,
    DeliveredFile,
    scan,
)
from orchestration.loader.plausible import Plausible, offset_rules, pair_rules, range_rules
from orchestration.loader.quarantining import BEYOND, REFUSED, fault, with_file_numbers, withheld
from orchestration.loader.row_rules import (
    WHOLE_ROW,
    Reading,
    Rule,
    as_written,
    first_of_somebody,
    literal,
    moved,
    quoted,
    row_rules,
)


@dataclass(frozen=True)
class Shape:
    """Files with the same columns.

    Attributes:
        delivered: SQL of their rows as they were delivered.
        steps: What is made of a row, value by name; a step may use the names of those before it.
        loaded: What is kept of a row.
        rules: What holds a row; the first one broken decides.
        first_code: Code of the first rule; the others follow.
        texts: What quarantine shows of each column.
    """

    delivered: str
    steps: tuple[Mapping[str, str], ...]
    loaded: Mapping[str, str]
    rules: tuple[Rule, ...]
    first_code: int
    texts: tuple[str, ...]

    def typed_rows(self) -> str:
        """SQL of all rows: what is kept of each, and the code of the first rule it breaks."""
        codes = [
            f"when {rule.condition} then {code}" for code, rule in enumerate(self.rules, self.first_code)
        ]
        code = f"case {' '.join(codes)} end" if codes else "null"
        kept = _named(self.loaded)
        return (
            f"select {kept}, cast({code} as integer) as quarantine_code, {FILE_COLUMN}, {ROW_COLUMN} "
            f"from ({self._through_steps(self.delivered)})"
        )

    def refused_rows(self) -> str:
        """SQL of the rows in the table ``REFUSED``: their texts, and every rule they break."""
        faults = [f"case when {rule.condition} then {literal(fault(rule))} end" for rule in self.rules]
        every = f"concat_ws(chr(10), {', '.join(faults)})" if faults else "''"
        rows = f"from ({self.delivered}) semi join {REFUSED} using ({FILE_COLUMN}, {ROW_COLUMN})"
        return (
            f"select cast([{', '.join(self.texts)}] as varchar[]) as quarantine_texts, "
            f"{every} as quarantine_faults, {FILE_COLUMN}, {ROW_COLUMN} from ({self._through_steps(rows)})"
        )

    def _through_steps(self, rows: str) -> str:
        for step in self.steps:
            if step:
                rows = f"select *, {_named(step)} from ({rows})"
        return rows


def shapes_of(checked: CheckedDelivery, plausible: Plausible, money: Conversion) -> list[Shape]:
    """The shapes of a delivery's files."""
    shapes: list[Shape] = []
    for _, files in groupby(sorted(checked.files, key=_columns), key=_columns):
        first_code = 1 + sum(len(shape.rules) for shape in shapes)
        shapes.append(_shape(checked, tuple(files), plausible, money, first_code))
    return shapes


def _columns(file: DeliveredFile) -> tuple[list[tuple[str, str]], tuple[str, ...], tuple[str, ...]]:
    return sorted(file.types.items()), file.faults, file.left_out if file.faults else ()


def _shape(
    checked: CheckedDelivery,
    files: tuple[DeliveredFile, ...],
    plausible: Plausible,
    money: Conversion,
    first_code: int,
) -> Shape:
    table, types, settings = checked.delivery.table, files[0].types, checked.delivery.table.settings
    contacts = [column for column in table.contacts if column.name in types]
    written: dict[str, str] = {}
    values: dict[str, str] = {}
    filled: dict[str, str] = {}
    readings: dict[str, Reading] = {}
    for column in table.columns:
        delivered, name = types.get(column.name), column.name
        text = as_written(column, delivered, settings.id_case)
        text = _name(written, f"{name} as written", text, quoted(name))
        value = _name(values, f"{name} in its zone", moved(column, delivered, settings, text), text)
        instead = _instead(table, column, types)
        whole = f"coalesce({value}, {instead})" if instead else value
        readings[name] = Reading(text, value, _name(filled, f"{name} or instead", whole, value))
    folded: dict[str, str] = {}
    normal: dict[str, str] = {}
    forms: dict[str, str] = {}
    for column in contacts:
        kind, value, is_one = column.contact or "", readings[column.name].value, plausible.contacts(table)
        form = quoted(f"{column.name} in form")
        if kind == "phone":
            forms[form] = phone_sql(value, is_one.country)
            continue
        first, second = quoted(f"{column.name} folded"), quoted(f"{column.name} normal")
        folded[first] = folded_sql(value)
        normal[second], forms[form] = form_steps(kind, is_one, first, second)
    pseudonyms = {
        _pseudonym(column): hashed_sql(column.contact or "", quoted(f"{column.name} in form"))
        for column in contacts
    }
    delivered_values = {name: readings[name].value for name in types}
    loaded, texts = {}, []
    # First of all: in a row that does not fit the header nobody knows which cell belongs to which column.
    rules = [Rule(f"{FAULT_COLUMN} = {literal(slip)}", slip, WHOLE_ROW) for slip in files[0].faults]
    rules += [Rule(BEYOND_COLUMN, BEYOND, WHOLE_ROW)] if rules else []
    for column in table.columns:
        delivered, reading = types.get(column.name), readings[column.name]
        value = money.value(column, delivered_values, reading.filled)
        loaded[quoted(column.name)] = f"cast({value} as {column.data_type})"
        of_column = [
            *offset_rules(column, delivered),
            *row_rules(column, delivered, reading, is_moment=column.name == table.month_of),
            *range_rules(column, delivered, reading.value, plausible, checked.delivery.delivered_on),
        ]
        rules += of_column
        has_slips = bool(files[0].faults)
        texts.append(_text(column, types, of_column, has_contacts=bool(contacts), has_slips=has_slips))
    rules += [*money.rules(delivered_values), *pair_rules(table, delivered_values)]
    if checked.has_contacts:
        for column in table.contacts:
            loaded[_pseudonym(column)] = _pseudonym(column) if column in contacts else "cast(null as varchar)"
            if column.contact == "phone":
                form = quoted(f"{column.name} in form") if column in contacts else "cast(null as varchar)"
                # What a sending tool dials: only here a number's country is known.
                loaded[quoted(f"{column.name}_dialled")] = form
    return Shape(
        with_file_numbers(checked, scan(files)),
        (written, values, folded, normal, forms, pseudonyms, filled),
        loaded,
        tuple(rules),
        first_code,
        tuple(texts),
    )


def _name(step: dict[str, str], name: str, value: str, before: str) -> str:
    """The name of a value that a step makes; that of before where it makes none."""
    if value == before:
        return before
    step[quoted(name)] = value
    return quoted(name)


def _named(values: Mapping[str, str]) -> str:
    return ", ".join(f"{value} as {name}" for name, value in values.items())


def _pseudonym(column: Column) -> str:
    return quoted(f"{column.name}_pseudonym")


def _instead(table: Table, column: Column, types: Mapping[str, str]) -> str | None:
    """SQL of what takes a column's place where it is empty: the first pseudonym that is of one person."""
    return first_of_somebody(
        [_pseudonym(table.column(name)) for name in column.or_pseudonym_of if name in types]
    )


def _text(
    column: Column, types: Mapping[str, str], rules: list[Rule], *, has_contacts: bool, has_slips: bool
) -> str:
    """SQL of what quarantine shows of a column: nothing that may be a contact detail."""
    # A slipped column could put a phone number where a code belongs.
    hidden = [f"{FAULT_COLUMN} is not null"] if has_slips else []
    if column.contact:
        text = _pseudonym(column) if column.name in types else "null"
    else:
        text = f"cast({quoted(column.name)} as varchar)" if column.name in types else "null"
        hidden += [f"({rule.condition})" for rule in rules]
    if not has_contacts or not hidden:
        return text
    return f"case when {' or '.join(hidden)} then {withheld(text)} else {text} end"
