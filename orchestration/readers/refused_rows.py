"""Rows in quarantine as they lie there: the rules they broke, and what became of each since.

Belongs here: reading the quarantined files, comparing their keys with what was delivered later.
Does not: how rows are shown (readers.quarantine), deciding what is quarantined (loader).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow

from orchestration.core.contract import Table
from orchestration.files import exact_path, read_json
from orchestration.loader.contracts import read_contracts
from orchestration.loader.deliveries import delivery_date
from orchestration.loader.records import RECORD
from orchestration.loader.row_rules import literal, quoted, typed
from orchestration.loader.secret import LOAD_AGAIN
from orchestration.project import STAGING_DIR, Home
from orchestration.readers.deliveries import LOADED_ANEW
from orchestration.readers.loads import LoadedDelivery, loaded_deliveries
from orchestration.warehouse.connections import telling

_NAMED = pyarrow.schema(
    {
        "delivered_on": pyarrow.date32(),
        "quarantine_file": pyarrow.string(),
        "quarantine_row_number": pyarrow.int64(),
        "corrected_on": pyarrow.date32(),
    }
)


@dataclass(frozen=True)
class Reasons:
    """How many rows of a table were refused first for one reason.

    Attributes:
        source: Its source.
        table: Its table.
        reason: The first rule they broke.
        column: The column it is about.
        rows: Rows in quarantine.
        open: Rows of them that were not delivered again since.
    """

    source: str
    table: str
    reason: str
    column: str
    rows: int
    open: int

    @property
    def table_name(self) -> str:
        """``source.table``, as messages write it."""
        return f"{self.source}.{self.table}"


@dataclass(frozen=True)
class RefusedRow:
    """One row in quarantine.

    Attributes:
        delivered_on: Date of its delivery.
        file: The file it came in.
        row_number: Its row there, the first after the header being 1.
        faults: Each broken rule: the column, or the columns of a key, and why.
        texts: What stood in each column, as far as it may be known; contact columns hold pseudonyms.
        since: What became of it since, such as ``corrected 2025-12-30``; empty while it is open.
    """

    delivered_on: date
    file: str
    row_number: int
    faults: tuple[tuple[str, str], ...]
    texts: dict[str, str | None]
    since: str


@dataclass(frozen=True)
class Wanted:
    """Which rows are asked for; None is any.

    Attributes:
        table: Name of the table, alone or as ``source.table``.
        source: Name of the source.
        reason: A part of a reason or of a column's name.
    """

    table: str | None = None
    source: str | None = None
    reason: str | None = None

    def is_of(self, source: str, table: str) -> bool:
        """Whether a table's rows may be among them."""
        owner, _, name = (self.table or "").rpartition(".")
        return (
            name in ("", table) and owner in ("", source) and (self.source is None or self.source == source)
        )


@dataclass(frozen=True)
class _Place:
    """A table with rows in quarantine: its files, its contract where there still is one."""

    source: str
    name: str
    table: Table | None
    files: tuple[Path, ...]


def reasons_of(home: Home, wanted: Wanted | None = None) -> list[Reasons]:
    """Reasons and counts of the rows in quarantine, by table, the most frequent first."""
    loads, asked = loaded_deliveries(home), wanted or Wanted()
    return [
        Reasons(place.source, place.name, *row)
        for place in _places(home, asked)
        for row in _asked(home, place, loads, asked, "select reason, about, count(*), count(*) filter (since "
        "= '') from refused group by all order by 4 desc, 3 desc, 1, 2")
    ]  # fmt: skip


def rows_of(
    home: Home, wanted: Wanted, limit: int | None = None, *, only_open: bool = False
) -> dict[str, list[RefusedRow]]:
    """Rows in quarantine by ``source.table``; open ones first, then the newest.

    Args:
        home: The home.
        wanted: Which rows.
        limit: At most so many of each table; None for all.
        only_open: Whether rows that were delivered again since are left out.
    """
    loads = loaded_deliveries(home)
    query = (
        "select delivered_on, quarantine_file, quarantine_row_number, faults, since, "
        "columns(* exclude (delivered_on, quarantine_file, quarantine_row_number, quarantine_reason, "
        "quarantine_column, faults, since, reason, about)) from refused "
        + ("where since = '' " if only_open else "")
        + "order by since <> '', delivered_on desc, quarantine_file, quarantine_row_number"
        + (f" limit {limit}" if limit is not None else "")
    )
    found = {}
    for place in _places(home, wanted):
        rows = [_refused_row(row) for row in _asked_as_dicts(home, place, loads, wanted, query)]
        if rows:
            found[f"{place.source}.{place.name}"] = rows
    return found


def _refused_row(row: dict) -> RefusedRow:
    faults = tuple(
        (about, reason) for about, _, reason in (line.partition(": ") for line in row["faults"].splitlines())
    )
    known = ("delivered_on", "quarantine_file", "quarantine_row_number", "faults", "since")
    return RefusedRow(
        row["delivered_on"],
        row["quarantine_file"],
        row["quarantine_row_number"],
        faults,
        {name: text for name, text in row.items() if name not in known},
        row["since"],
    )


def _places(home: Home, wanted: Wanted) -> Iterator[_Place]:
    contracts = read_contracts(STAGING_DIR, home)
    for folder in sorted(home.quarantine.glob("*/*")):
        source, name = folder.parent.name, folder.name
        files = tuple(sorted(folder.glob("delivered=*/*.parquet")))
        if files and wanted.is_of(source, name):
            yield _Place(source, name, contracts[source].table(name) if source in contracts else None, files)


def _asked(home: Home, place: _Place, loads: list[LoadedDelivery], wanted: Wanted, query: str) -> list[tuple]:
    """A question about the view ``refused``: a table's rows in quarantine and what became of each since."""
    with telling(place.files[0].parent.parent, LOADED_ANEW), duckdb.connect() as connection:
        _make_refused(connection, home, place, loads, wanted)
        return connection.execute(query).fetchall()


def _asked_as_dicts(
    home: Home, place: _Place, loads: list[LoadedDelivery], wanted: Wanted, query: str
) -> list[dict]:
    with telling(place.files[0].parent.parent, LOADED_ANEW), duckdb.connect() as connection:
        _make_refused(connection, home, place, loads, wanted)
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description or []]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _make_refused(
    connection: duckdb.DuckDBPyConnection,
    home: Home,
    place: _Place,
    loads: list[LoadedDelivery],
    wanted: Wanted,
) -> None:
    connection.execute("set TimeZone = 'UTC'")
    connection.execute(
        f"create temp view rows as select cast(regexp_extract(filename, "
        f"'.*delivered=([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})/[^/]*$', 1) as date) as delivered_on, "
        f"* exclude (filename) from {_read(place.files, 'union_by_name = true, filename = true')}"
    )
    present = {name for name, *_ in connection.execute("describe rows").fetchall()}
    first = "quarantine_column || ': ' || quarantine_reason"
    faults = f"coalesce(quarantine_faults, {first})" if "quarantine_faults" in present else first
    key = _key_of(place.table, present)
    connection.execute(
        "create temp table keys as select delivered_on, quarantine_file, quarantine_row_number, "
        f"{key} as row_key from rows"
    )
    connection.execute(f"create temp table loaded_keys as {_loaded_keys(home, place, connection)}")
    connection.register("named", _named_rows(home, place))
    # A whole table without a fault tells of every row that is left; earlier rows of it count no more.
    whole = [
        load.delivered_on
        for load in loads
        if (load.source, load.table) == (place.source, place.name)
        and load.is_whole
        and not load.has_quarantine
    ]
    connection.execute(
        "create temp table whole_tables as select cast(unnest(?) as date) as delivered_on", [whole]
    )
    condition = "true"
    if wanted.reason is not None:
        condition = f"contains(lower({faults}), {literal(wanted.reason.lower())})"
    other = "exclude (quarantine_faults)" if "quarantine_faults" in present else ""
    connection.execute(f"""
        create temp view refused as
        with corrected as (
            select
                delivered_on,
                quarantine_file,
                quarantine_row_number,
                min(corrected_on) as corrected_on
            from (
                select keys.* exclude (row_key), loaded_keys.delivered_on as corrected_on
                from keys inner join loaded_keys on keys.row_key = loaded_keys.row_key
                union all
                from named
            )
            where corrected_on > delivered_on
            group by all
        ),
        newest as (
            select row_key, max(delivered_on) as again_on from keys where row_key is not null group by all
        )
        select
            rows.* {other},
            {faults} as faults,
            quarantine_reason as reason,
            quarantine_column as about,
            case
                when corrected_on is not null then 'corrected ' || corrected_on
                when again_on > rows.delivered_on then 'delivered again ' || again_on
                when rows.delivered_on < (select max(delivered_on) from whole_tables)
                    then 'replaced ' || (select max(delivered_on) from whole_tables)
                else ''
            end as since
        from rows
        left join keys using (delivered_on, quarantine_file, quarantine_row_number)
        left join corrected using (delivered_on, quarantine_file, quarantine_row_number)
        left join newest on keys.row_key = newest.row_key
        where {condition}
    """)


def _key_of(table: Table | None, present: set[str]) -> str:
    """SQL of a refused row's key as loaded rows have it; null where it cannot be read."""
    if table is None or not present.issuperset(table.key):
        return "cast(null as varchar[])"
    # An empty part of a key is a value like any other, where the contract allows it.
    columns = [table.column(name) for name in table.key]
    values = [
        f"cast(cast({typed(column, 'VARCHAR', table.settings)} as {column.data_type}) as varchar)"
        for column in columns
    ]
    pairs = list(zip(columns, values, strict=True))
    known = " and ".join(f"{value} is not null" for column, value in pairs if column.required) or "true"
    parts = [f"coalesce({value}, '')" for value in values]
    return f"case when {known} then [{', '.join(parts)}] end"


def _loaded_keys(home: Home, place: _Place, connection: duckdb.DuckDBPyConnection) -> str:
    """SQL of the keys loaded after the first refused row, and when; only of refused rows' keys."""
    none = "select cast(null as varchar[]) as row_key, cast(null as date) as delivered_on where false"
    first = connection.execute("select min(delivered_on) from keys where row_key is not null").fetchall()
    if first[0][0] is None or place.table is None:
        return none
    files = [
        file
        for folder in sorted((home.loaded / place.table.place).glob("delivered=[0-9]*"))
        if folder.name > f"delivered={first[0][0]}"
        for file in sorted(folder.glob("month=*/*.parquet"))
    ]
    if not files:
        return none
    key = ", ".join(f"coalesce(cast({quoted(name)} as varchar), '')" for name in place.table.key)
    return (
        f"select [{key}] as row_key, delivered_on from {_read(files)} "
        "where row_key in (select row_key from keys)"
    )


def _named_rows(home: Home, place: _Place) -> pyarrow.Table:
    """Rows in quarantine that an accepted row of another delivery names as the one it corrects, and when."""
    records = (home.loaded / place.table.place).glob(f"delivered=[0-9]*/{RECORD}") if place.table else ()
    rows = [
        {
            "delivered_on": date.fromisoformat(day),
            "quarantine_file": file,
            "quarantine_row_number": number,
            "corrected_on": delivery_date(record.parent.name),
        }
        for record in records
        for day, files in read_json(record, LOAD_AGAIN).get("corrects", {}).items()
        for file, numbers in files.items()
        for number in numbers
    ]
    return pyarrow.Table.from_pylist(rows, schema=_NAMED)


def _read(files: tuple[Path, ...] | list[Path], options: str = "") -> str:
    # Names are taken as they are: what looks like a pattern in one is none.
    paths = ", ".join(literal(exact_path(file)) for file in files)
    return f"read_parquet([{paths}], hive_partitioning = false{', ' + options if options else ''})"
