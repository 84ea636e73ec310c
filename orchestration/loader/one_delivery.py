"""One delivery's rows: checked, counted, pseudonymised and written.

Belongs here: the SQL from delivered files to the loaded, quarantined and vault files of one delivery.
Does not: which deliveries to load, checks of whole files, making the result visible (loading.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow.parquet

from orchestration.core.contract import Column, Table
from orchestration.core.errors import RekindleError
from orchestration.core.pseudonyms import ContactRules, pseudonym_sql
from orchestration.csv_files.copying import FAULT_COLUMN
from orchestration.loader.currencies import Conversion, Rate, foreign_currencies
from orchestration.loader.deliveries import (
    BEYOND_COLUMN,
    FILE_COLUMN,
    ROW_COLUMN,
    CheckedDelivery,
    DeliveredFile,
    Delivery,
    scan,
)
from orchestration.loader.monthly_files import DELIVERED_MOMENT, STORED_MOMENTS, write_months
from orchestration.loader.plausible import Plausible, offset_rules, pair_rules, range_rules
from orchestration.loader.quarantining import (
    BEYOND,
    EXACT_DUPLICATE,
    corrected_rows,
    fault,
    withheld,
    write_quarantined,
)
from orchestration.loader.row_rules import WHOLE_ROW, Rule, first_pseudonym, literal, quoted, row_rules, typed
from orchestration.loader.vault import notes_of_no_contacts, write_vault

# Key values spread over more than this are counted by grouping instead of by bits.
_MOST_BITS = 1_000_000_000
_MOST_BITS_PER_ROW = 64


@dataclass(frozen=True)
class WrittenDelivery:
    """Where the parts of one delivery were written, not yet visible, its counts, and what to note of it."""

    loaded: Path
    quarantined: Path | None
    vault: Path | None
    rows_in: int
    rows_loaded: int
    rows_quarantined: int
    exact_duplicates: int
    foreign_currencies: tuple[str, ...]
    notes: tuple[str, ...]
    corrects: dict[str, dict[str, list[int]]]


def write_delivery(
    connection: duckdb.DuckDBPyConnection,
    checked: CheckedDelivery,
    workspace: Path,
    private: Path,
    plausible: Plausible,
    rates: tuple[Rate, ...] = (),
) -> WrittenDelivery:
    """Write everything one delivery becomes.

    Args:
        connection: With the key pads set, and the function of phone numbers.
        checked: The delivery.
        workspace: Empty folder for what is pseudonymous.
        private: Empty folder for what holds contact details.
        plausible: What values can be.
        rates: Of other currencies than the home's.

    Returns:
        What was written.

    Raises:
        RekindleError: Rows in are not loaded + quarantined + exact duplicates.
    """
    table = checked.delivery.table
    foreign = foreign_currencies(connection, checked)
    money = Conversion(table, checked.delivery.delivered_on, foreign, rates)
    reasons = _prepare_rows(connection, checked, plausible, money)
    _reject_repeated_keys(connection, table, len(reasons))
    counts = _count(connection, table)
    duplicates = sum(rows for (_, code), rows in counts.items() if code == EXACT_DUPLICATE)
    is_clean = all(code is None for _, code in counts)
    quarantined = None
    if any(code for _, code in counts):
        quarantined = workspace / "quarantined"
        quarantined.mkdir()
        write_quarantined(connection, checked, reasons, quarantined / "quarantined.parquet")
    source = "validated" if not is_clean else "rows_as_typed"
    condition = "true" if is_clean else "quarantine_code is null"
    vault, notes = None, list[str]()
    if checked.has_contacts:
        vault = private / "contacts.parquet"
        write_vault(connection, table, source, condition, vault, plausible.contacts(table))
        notes = notes_of_no_contacts(connection, table)
        source, condition = "accepted", "true"
    months = sorted({month for month, code in counts if code is None}, key=str)
    loaded = workspace / "loaded"
    write_months(connection, checked, source, condition, months, loaded, private)
    corrects = corrected_rows(connection, checked)
    for name in ("accepted", "repeated", "rejected"):
        connection.execute(f"drop table if exists {name}")
    rows_loaded = sum(_rows(path) for path in loaded.glob("*/*.parquet"))
    rows_quarantined = _rows(quarantined / "quarantined.parquet") if quarantined else 0
    if checked.rows != rows_loaded + rows_quarantined + duplicates:
        raise RekindleError(
            f"{checked.delivery.where}: {checked.rows} rows came in, but {rows_loaded} were loaded, "
            f"{rows_quarantined} quarantined and {duplicates} dropped as exact duplicates. Nothing of it was "
            "kept; please report this."
        )
    return WrittenDelivery(
        loaded,
        quarantined,
        vault,
        checked.rows,
        rows_loaded,
        rows_quarantined,
        duplicates,
        foreign,
        tuple(notes),
        corrects,
    )


def _prepare_rows(
    connection: duckdb.DuckDBPyConnection, checked: CheckedDelivery, plausible: Plausible, money: Conversion
) -> list[Rule]:
    """Make the view ``rows_as_typed``: typed columns, the first rule broken, texts to show in quarantine."""
    reasons: list[Rule] = []
    parts = []
    for _, group in groupby(sorted(checked.files, key=_shape), key=_shape):
        parts.append(_rows_of_one_shape(checked.delivery, tuple(group), reasons, plausible, money))
    connection.execute("create or replace temp view rows_as_typed as " + " union all ".join(parts))
    return reasons


def _shape(file: DeliveredFile) -> tuple[list[tuple[str, str]], tuple[str, ...], tuple[str, ...]]:
    return sorted(file.types.items()), file.faults, file.left_out if file.faults else ()


def _rows_of_one_shape(
    delivery: Delivery,
    files: tuple[DeliveredFile, ...],
    reasons: list[Rule],
    plausible: Plausible,
    money: Conversion,
) -> str:
    table, types = delivery.table, files[0].types
    contacts = plausible.contacts(table)
    has_contacts = any(column.name in types for column in table.contacts)
    values, shown, codes, faults = [], [], [], []
    # First of all: in a row that does not fit the header nobody knows which cell belongs to which column.
    slips = [Rule(f"{FAULT_COLUMN} = {literal(slip)}", slip, WHOLE_ROW) for slip in files[0].faults]
    for rule in [*slips, Rule(BEYOND_COLUMN, BEYOND, WHOLE_ROW)] if slips else []:
        reasons.append(rule)
        codes.append(f"when {rule.condition} then {len(reasons)}")
        faults.append(f"case when {rule.condition} then {literal(fault(rule))} end")
    for column in table.columns:
        delivered = types.get(column.name)
        value = money.value(column, types, typed(column, delivered, table.settings))
        value = f"cast({value} as {column.data_type})"
        instead = _instead(table, column, types, contacts)
        filled = f"coalesce({value}, {instead})" if instead else value
        values.append(f"{filled} as {quoted(column.name)}")
        is_moment = column.name == table.month_of
        kept = filled if instead else None
        rules = [
            *offset_rules(column, delivered),
            *row_rules(column, delivered, table.settings, is_moment=is_moment, filled=kept),
            *range_rules(table, column, delivered, plausible, delivery.delivered_on),
        ]
        for rule in rules:
            reasons.append(rule)
            codes.append(f"when {rule.condition} then {len(reasons)}")
            faults.append(f"case when {rule.condition} then {literal(fault(rule))} end")
        text = f"cast({quoted(column.name)} as varchar)" if delivered else "null"
        # A slipped column could put a phone number where a code belongs.
        hidden = [f"{FAULT_COLUMN} is not null"] if files[0].faults else []
        if column.contact:
            text = pseudonym_sql(column.contact, value, contacts)
        else:
            hidden += [f"({rule.condition})" for rule in rules]
        if has_contacts and hidden:
            text = f"case when {' or '.join(hidden)} then {withheld(text)} else {text} end"
        shown.append(text)
    for rule in [*money.rules(types), *pair_rules(table, types)]:
        reasons.append(rule)
        codes.append(f"when {rule.condition} then {len(reasons)}")
        faults.append(f"case when {rule.condition} then {literal(fault(rule))} end")
    code = f"case {' '.join(codes)} end" if codes else "null"
    moment = quoted(table.month_of) if types.get(table.month_of or "") in STORED_MOMENTS else "null"
    moment = f"cast({moment} as timestamp) as {DELIVERED_MOMENT}"
    # Only asked of rows in quarantine: the first broken rule decides, all are shown.
    every = f"concat_ws(chr(10), {', '.join(faults)})" if faults else "''"
    return (
        f"select {', '.join(values)}, {moment}, cast({code} as integer) as quarantine_code, "
        f"cast([{', '.join(shown)}] as varchar[]) as quarantine_texts, {every} as quarantine_faults, "
        f"{FILE_COLUMN}, {ROW_COLUMN} "
        f"from ({scan(files)})"
    )


def _instead(table: Table, column: Column, types: dict[str, str], rules: ContactRules) -> str | None:
    """SQL of what takes a column's place where it is empty: the first pseudonym that is of one person."""
    contacts = [table.column(name) for name in column.or_pseudonym_of if name in types]
    return first_pseudonym(
        [(one.contact or "", typed(one, types[one.name], table.settings)) for one in contacts], rules
    )


def _reject_repeated_keys(connection: duckdb.DuckDBPyConnection, table: Table, code: int) -> None:
    """Make the view ``validated``: the rows, of which repeated keys are exact duplicates or go to quarantine.

    Of rows with one key and different contents the first by content stays, so the choice does not hang on the
    order of delivery. Only rows whose key repeats are compared as a whole.
    """
    connection.execute("create or replace temp view validated as from rows_as_typed")
    key = ", ".join(quoted(name) for name in table.key)
    if _keys_are_distinct(connection, table):
        return
    hashed = f"hash({key})"  # equal for equal keys; an empty part is a value like any other
    connection.execute(
        f"create or replace temp table repeated as select {hashed} as key_hash from rows_as_typed "
        "group by all having count(*) > 1"
    )
    if _one(connection, "select count(*) from repeated") == 0:
        return
    content = ", ".join(quoted(column.name) for column in table.columns)
    connection.execute(f"""
        create or replace temp table rejected as
        with contested as (
            select {content}, {FILE_COLUMN}, {ROW_COLUMN}
            from rows_as_typed semi join repeated on {hashed} = repeated.key_hash
            where quarantine_code is null
        ),
        ranked as (
            select
                {FILE_COLUMN},
                {ROW_COLUMN},
                row_number() over (partition by {content} order by {FILE_COLUMN}, {ROW_COLUMN}) as copy,
                dense_rank() over (partition by {key} order by {content}) as version
            from contested
        )
        select
            {FILE_COLUMN},
            {ROW_COLUMN},
            case when copy > 1 then {EXACT_DUPLICATE} else {code + 1} end as code
        from ranked
        where copy > 1 or version > 1
    """)
    connection.execute(f"""
        create or replace temp view validated as
        select rows_as_typed.* replace (coalesce(quarantine_code, code) as quarantine_code)
        from rows_as_typed left join rejected using ({FILE_COLUMN}, {ROW_COLUMN})
    """)


def _keys_are_distinct(connection: duckdb.DuckDBPyConnection, table: Table) -> bool:
    """Whether no key repeats, found out cheaply; false also when that cannot be said this way.

    Distinct numbers make distinct keys: close ones, as text or not, are ticked off in a string of bits.
    """
    numbers = [
        f"try_cast({quoted(name)} as bigint)"
        for name in table.key
        if table.column(name).data_type in ("bigint", "integer", "varchar")
    ]
    ends = "".join(f", min({number}), max({number}), count({number})" for number in numbers)
    (row,) = connection.execute(f"select count(*){ends} from rows_as_typed").fetchall()
    rows, spans = row[0], [row[start : start + 3] for start in range(1, len(row), 3)]
    bits, position = 1, "cast(0 as bigint)"
    for number, (low, high, count) in zip(numbers, spans, strict=True):
        if count == rows > 0:
            bits *= high - low + 1
            position = f"({position} * {high - low + 1} + ({number} - ({low})))"
    if 1 < bits <= min(_MOST_BITS, _MOST_BITS_PER_ROW * rows + 1_000_000):
        ticked = f"bit_count(bitstring_agg({position}, cast(0 as bigint), cast({bits - 1} as bigint)))"
        return _one(connection, f"select {ticked} from rows_as_typed") == rows
    return False


def _count(connection: duckdb.DuckDBPyConnection, table: Table) -> dict[tuple[date | None, int | None], int]:
    """Rows by month and code; the month only of rows that are loaded."""
    month = f"date_trunc('month', {quoted(table.month_of)})" if table.month_of else "null"
    rows = connection.execute(
        f"select cast(case when quarantine_code is null then {month} end as date) as month, "
        "quarantine_code, count(*) from validated group by all"
    ).fetchall()
    return {(month, code): count for month, code, count in rows}


def _rows(path: Path) -> int:
    return pyarrow.parquet.read_metadata(path).num_rows


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    ((value,),) = connection.execute(query).fetchall()
    return value
