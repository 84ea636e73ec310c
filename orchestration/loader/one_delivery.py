"""One delivery's rows: checked, counted, pseudonymised and written.

Belongs here: the SQL from delivered files to the loaded, quarantined and vault files of one delivery.
Does not: which deliveries to load, checks of whole files, making the result visible (loading.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet

from orchestration.core.contract import Table
from orchestration.core.errors import RekindleError
from orchestration.loader.currencies import Conversion, Rate, foreign_currencies
from orchestration.loader.deliveries import FILE_COLUMN, ROW_COLUMN, CheckedDelivery
from orchestration.loader.file_shapes import shapes_of
from orchestration.loader.monthly_files import KEPT, keep_rows, write_months
from orchestration.loader.plausible import Plausible
from orchestration.loader.quarantining import EXACT_DUPLICATE, REFUSED, corrected_rows, write_quarantined
from orchestration.loader.row_rules import quoted
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
    shapes = shapes_of(checked, plausible, money)
    reasons = [rule for shape in shapes for rule in shape.rules]
    typed_rows = " union all ".join(shape.typed_rows() for shape in shapes)
    in_memory = keep_rows(connection, checked, typed_rows, private / "typed")
    _reject_repeated_keys(connection, table, len(reasons), in_memory=in_memory)
    counts = _count(connection, table)
    duplicates = sum(rows for (_, code), rows in counts.items() if code == EXACT_DUPLICATE)
    quarantined = None
    if any(code for _, code in counts):
        quarantined = workspace / "quarantined"
        quarantined.mkdir()
        connection.execute(
            f"create or replace temp table {REFUSED} as select {FILE_COLUMN}, {ROW_COLUMN}, quarantine_code "
            f"from validated where quarantine_code <> {EXACT_DUPLICATE}"
        )
        shown = " union all ".join(shape.refused_rows() for shape in shapes)
        write_quarantined(connection, checked, reasons, shown, quarantined / "quarantined.parquet")
    vault, notes = None, list[str]()
    if checked.has_contacts:
        vault = private / "contacts.parquet"
        write_vault(connection, table, vault)
        notes = notes_of_no_contacts(connection, table)
    months = sorted({month for month, code in counts if code is None}, key=str)
    loaded = workspace / "loaded"
    write_months(connection, checked, months, loaded)
    corrects = corrected_rows(connection, checked)
    for name in (KEPT, "repeated", "rejected", REFUSED):
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


def _reject_repeated_keys(
    connection: duckdb.DuckDBPyConnection, table: Table, code: int, *, in_memory: bool
) -> None:
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
    if in_memory:
        # A join would be made anew for every month that is written.
        connection.execute(
            f"update {KEPT} set quarantine_code = code from rejected where "
            + " and ".join(f"{KEPT}.{name} = rejected.{name}" for name in (FILE_COLUMN, ROW_COLUMN))
        )
    else:
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
    # Words are seldom numbers further down, and asking every row is dear.
    first = connection.execute(f"select {', '.join(numbers) or 'null'} from rows_as_typed limit 1").fetchone()
    numbers = [number for number, value in zip(numbers, first or numbers, strict=False) if value is not None]
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
