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
from orchestration.core.pseudonyms import pseudonym_sql
from orchestration.loader.deliveries import FILE_COLUMN, ROW_COLUMN, CheckedDelivery, DeliveredFile, scan
from orchestration.loader.row_rules import Rule, first_pseudonym, literal, quoted, row_rules, typed

# Columns that say which member a row is about; sorting by them lays a member's rows together.
_MEMBER_COLUMNS = ("system", "member_id")
_EXACT_DUPLICATE = 0
_WITHHELD = "(withheld)"
# Key values spread over more than this are counted by grouping instead of by bits.
_MOST_BITS = 1_000_000_000
_MOST_BITS_PER_ROW = 64
# So many rows are validated once and kept in memory while the months are written; more are read from files.
_MOST_ROWS_IN_MEMORY = 4_000_000
# Reading a delivery once per month pays when its row groups lie in few months each.
_MOST_ROWS_READ_TWICE = 2


@dataclass(frozen=True)
class WrittenDelivery:
    """Where the parts of one delivery were written, not yet visible, and its counts."""

    loaded: Path
    quarantined: Path | None
    vault: Path | None
    rows_in: int
    rows_loaded: int
    rows_quarantined: int
    exact_duplicates: int


def write_delivery(
    connection: duckdb.DuckDBPyConnection, checked: CheckedDelivery, workspace: Path, private: Path
) -> WrittenDelivery:
    """Write everything one delivery becomes.

    Args:
        connection: With the key pads set.
        checked: The delivery.
        workspace: Empty folder for what is pseudonymous.
        private: Empty folder for what holds contact details.

    Returns:
        What was written.

    Raises:
        RekindleError: Rows in are not loaded + quarantined + exact duplicates.
    """
    table = checked.delivery.table
    reasons = _prepare_rows(connection, checked)
    _reject_repeated_keys(connection, table, len(reasons))
    counts = _count(connection, table)
    duplicates = sum(rows for (_, code), rows in counts.items() if code == _EXACT_DUPLICATE)
    is_clean = all(code is None for _, code in counts)
    quarantined = None
    if any(code for _, code in counts):
        quarantined = workspace / "quarantined"
        quarantined.mkdir()
        _write_quarantined(connection, checked, reasons, quarantined / "quarantined.parquet")
    source = "validated" if not is_clean else "rows_as_typed"
    condition = "true" if is_clean else "quarantine_code is null"
    vault = None
    if checked.has_contacts:
        vault = private / "contacts.parquet"
        _write_vault(connection, table, source, condition, vault)
        source, condition = "accepted", "true"
    months = sorted({month for month, code in counts if code is None}, key=str)
    loaded = workspace / "loaded"
    _write_months(connection, checked, source, condition, months, loaded, private)
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
        loaded, quarantined, vault, checked.rows, rows_loaded, rows_quarantined, duplicates
    )


def _prepare_rows(connection: duckdb.DuckDBPyConnection, checked: CheckedDelivery) -> list[Rule]:
    """Make the view ``rows_as_typed``: typed columns, the first rule broken, texts to show in quarantine."""
    table = checked.delivery.table
    reasons: list[Rule] = []
    parts = []
    for _, group in groupby(sorted(checked.files, key=_shape), key=_shape):
        parts.append(_rows_of_one_shape(table, tuple(group), reasons))
    connection.execute("create or replace temp view rows_as_typed as " + " union all ".join(parts))
    return reasons


def _shape(file: DeliveredFile) -> list[tuple[str, str]]:
    return sorted(file.types.items())


def _rows_of_one_shape(table: Table, files: tuple[DeliveredFile, ...], reasons: list[Rule]) -> str:
    types = files[0].types
    has_contacts = any(column.name in types for column in table.contacts)
    values, shown, codes = [], [], []
    for column in table.columns:
        delivered = types.get(column.name)
        value = f"cast({typed(column, delivered)} as {column.data_type})"
        instead = _instead(table, column, types)
        filled = f"coalesce({value}, {instead})" if instead else value
        values.append(f"{filled} as {quoted(column.name)}")
        rules = row_rules(column, delivered, column.name == table.month_of, filled if instead else None)
        for rule in rules:
            reasons.append(rule)
            codes.append(f"when {rule.condition} then {len(reasons)}")
        text = f"cast({quoted(column.name)} as varchar)" if delivered else "null"
        if column.contact:
            text = pseudonym_sql(column.contact, value)
        elif has_contacts and rules:
            # A slipped column could put a phone number where a code belongs.
            broken = " or ".join(f"({rule.condition})" for rule in rules)
            text = f"case when {broken} then '{_WITHHELD}' else {text} end"
        shown.append(text)
    code = f"case {' '.join(codes)} end" if codes else "null"
    return (
        f"select {', '.join(values)}, cast({code} as integer) as quarantine_code, "
        f"cast([{', '.join(shown)}] as varchar[]) as quarantine_texts, {FILE_COLUMN}, {ROW_COLUMN} "
        f"from ({scan(files)})"
    )


def _instead(table: Table, column: Column, types: dict[str, str]) -> str | None:
    """SQL of what takes a column's place where it is empty: the first pseudonym that is of one person."""
    contacts = [table.column(name) for name in column.or_pseudonym_of if name in types]
    return first_pseudonym([(each.contact or "", typed(each, types[each.name])) for each in contacts])


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
            case when copy > 1 then {_EXACT_DUPLICATE} else {code + 1} end as code
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


def _write_quarantined(
    connection: duckdb.DuckDBPyConnection, checked: CheckedDelivery, reasons: list[Rule], path: Path
) -> None:
    table = checked.delivery.table
    every = [*reasons, Rule("", "key repeated", ", ".join(table.key))]
    listed = ", ".join(
        f"({code}, {literal(rule.reason)}, {literal(rule.column)})" for code, rule in enumerate(every, 1)
    )
    names = ", ".join(f"({literal(str(file.path))}, {literal(file.name)})" for file in checked.files)
    texts = ", ".join(
        f"quarantine_texts[{place}] as {quoted(column.name)}" for place, column in enumerate(table.columns, 1)
    )
    connection.execute(f"""
        copy (
            select
                delivered.name as quarantine_file,
                {ROW_COLUMN} + 1 as quarantine_row_number,
                reasons.reason as quarantine_reason,
                reasons.about as quarantine_column,
                {texts}
            from validated
            join (values {listed}) as reasons (code, reason, about)
                on validated.quarantine_code = reasons.code
            join (values {names}) as delivered (path, name) on validated.{FILE_COLUMN} = delivered.path
            where quarantine_code <> {_EXACT_DUPLICATE}
            order by quarantine_file, quarantine_row_number
        ) to {literal(str(path))} (format parquet, compression zstd)
    """)


def _write_vault(
    connection: duckdb.DuckDBPyConnection, table: Table, source: str, condition: str, path: Path
) -> None:
    """Write the contact details, and make the table ``accepted`` with their pseudonyms beside them.

    Hashing is the dear part, so it is done once for the vault and the loaded files.
    """
    pseudonyms = ", ".join(
        f"{pseudonym_sql(column.contact or '', quoted(column.name))} as {quoted(column.name + '_pseudonym')}"
        for column in table.contacts
    )
    connection.execute(
        f"create or replace temp table accepted as select *, {pseudonyms} from {source} where {condition}"
    )
    # Beside the key whose they are, so that an export and an erasure find them.
    names = [column.name for column in table.columns if column.name in (*table.key, *_MEMBER_COLUMNS)]
    for column in table.contacts:
        names += [column.name, f"{column.name}_pseudonym"]
    connection.execute(
        f"copy (select {', '.join(quoted(name) for name in names)} from accepted "
        f"order by {', '.join(quoted(name) for name in table.key)}) "
        f"to {literal(str(path))} (format parquet, compression zstd)"
    )


def _write_months(
    connection: duckdb.DuckDBPyConnection,
    checked: CheckedDelivery,
    source: str,
    condition: str,
    months: list[date | None],
    folder: Path,
    private: Path,
) -> None:
    """Write one sorted file per month, from memory, from the delivered files or from copies cut by month."""
    table = checked.delivery.table
    columns = ", ".join(
        f"{quoted(column.name + '_pseudonym')} as {quoted(column.name)}"
        if column.contact and checked.has_contacts
        else quoted(column.name)
        for column in table.columns
    )
    kept = ", ".join(
        [
            columns,
            f"{literal(table.source)} as source",
            f"date '{checked.delivery.delivered_on}' as delivered_on",
        ]
    )
    order = ", ".join(quoted(name) for name in _sort_columns(table))
    staged = None
    if len(months) > 1 and source != "accepted":
        every = ", ".join(quoted(column.name) for column in table.columns)
        lies_by_month = _lies_by_month(connection, checked, months)
        if checked.rows <= _MOST_ROWS_IN_MEMORY and not (lies_by_month and source == "rows_as_typed"):
            connection.execute(
                f"create or replace temp table accepted as select {every} from {source} where {condition}"
            )
            source, condition = "accepted", "true"
        elif not lies_by_month:
            staged = private / "by_month"
            connection.execute(
                f"copy (select {every}, strftime({quoted(table.month_of or '')}, '%Y-%m') as _month "
                f"from {source} where {condition}) "
                f"to {literal(str(staged))} (format parquet, compression lz4, partition_by (_month))"
            )
    folder.mkdir()
    for month in months:
        name = f"{month.year:04d}-{month.month:02d}" if month else "all"
        rows, within = source, condition
        if staged is not None:
            paths = literal(str(staged / f"_month={name}" / "*.parquet"))
            rows = f"read_parquet({paths}, hive_partitioning = false)"
            within = "true"
        elif month is not None and len(months) > 1:
            # Compared with the column itself, so that the reader skips row groups of other months.
            moment = quoted(table.month_of or "")
            within = f"{condition} and {moment} >= date '{month}'"
            if month.year < 9999 or month.month < 12:
                within += f" and {moment} < date '{_next_month(month)}'"
        target = folder / f"month={name}" / "part-0.parquet"
        target.parent.mkdir()
        connection.execute(
            f"copy (select {kept} from {rows} where {within} order by {order}) "
            f"to {literal(str(target))} (format parquet, compression zstd)"
        )


def _lies_by_month(
    connection: duckdb.DuckDBPyConnection, checked: CheckedDelivery, months: list[date | None]
) -> bool:
    """Whether reading the files once per month reads few rows twice, by the row groups' statistics."""
    table = checked.delivery.table
    moment = table.month_of or ""
    if any(file.types.get(moment) not in ("DATE", "TIMESTAMP") for file in checked.files):
        return False
    paths = ", ".join(literal(str(file.path)) for file in checked.files)
    first, last = min(m for m in months if m), max(m for m in months if m)
    read = _one(
        connection,
        f"""
        select sum(
            row_group_num_rows * coalesce(
                1 + date_diff(
                    'month',
                    greatest(try_cast(coalesce(stats_min_value, stats_min) as date), date '{first}'),
                    least(try_cast(coalesce(stats_max_value, stats_max) as date), date '{last}')
                ),
                {len(months)}
            )
        )
        from parquet_metadata([{paths}])
        where path_in_schema = {literal(moment)}
        """,
    )
    return read is not None and read <= _MOST_ROWS_READ_TWICE * checked.rows


def _sort_columns(table: Table) -> list[str]:
    names = {column.name for column in table.columns}
    if names.issuperset(_MEMBER_COLUMNS):
        first = [*_MEMBER_COLUMNS, *([table.month_of] if table.month_of else [])]
        return first + [name for name in table.key if name not in first]
    return list(table.key)


def _next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _rows(path: Path) -> int:
    return pyarrow.parquet.read_metadata(path).num_rows


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    ((value,),) = connection.execute(query).fetchall()
    return value
