"""Converting: from the rows of a shop's files to rows of the contract's tables, in DuckDB, all as text.

Belongs here: grouping lines to orders, adding up, joining the files of one system, who bought.
Does not: single values (text_rows.py), which files there are (proposing.py), validating (the loader).

An amount that cannot be read is never added up: the sum is then that text, and the row is quarantined whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.core.contract import Table
from orchestration.core.summary import counted
from orchestration.importing.fields import ITEMS, LINES, ORDERS, REFUNDED
from orchestration.importing.order_rows import Work, united
from orchestration.importing.reading import BROKEN, ROW
from orchestration.importing.text_amounts import decimal
from orchestration.importing.text_rows import FILE, MappedFile, Reading, packed_lines
from orchestration.loader.plausible import read_plausible
from orchestration.loader.row_rules import first_pseudonym, literal, quoted

_OF_THE_ORDER = ("ordered_at", "member_id", "email", "status", "net_amount")
_MOST_WORDS, _LONGEST_WORD = 8, 24
_PERSONAL = ["email", "phone", "full_name", "street_address", "city", "region"]


@dataclass(frozen=True)
class Converted:
    """What the files became.

    Attributes:
        files: For each table the Parquet files of its rows, one per file of the shop.
        notes: What somebody should know of the rows.
    """

    files: dict[str, list[Path]]
    notes: tuple[str, ...] = ()


def convert(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[MappedFile],
    reading: Reading,
    folder: Path,
    general_category: str,
) -> Converted:
    """Convert all files of one import together.

    Args:
        connection: A database of its own.
        files: What was read, and how it is mapped.
        reading: What values are read by.
        folder: Private folder for the tables' files.
        general_category: Category of products that tell none.
    """
    work = Work(connection, files, reading)
    work.lines()
    work.orders()
    tables = {
        ORDERS: work.has_orders and _orders(work),
        ITEMS: work.has_products and _items(work),
        "refunds": _refunds(work),
        "members": _members(work),
        "products": _products(work, general_category),
    }
    written: dict[str, list[Path]] = {}
    for table in reading.contract.tables:
        query = tables.get(table.name) or (table.name not in tables and work.direct(table.name))
        if query:
            connection.execute(f"create or replace table made as {_as_contract(table, query, work)}")
            if paths := _written(connection, folder / table.name, table):
                written[table.name] = paths
                connection.execute(f"alter table made rename to made_{table.name}")
    return Converted(written, tuple(_notes(work, written)))


def _notes(work: Work, written: Collection[str]) -> Iterator[str]:
    if work.of("members") and (
        differing := _one(work.connection, "select count(*) from guests where versions > 1")
    ):
        yield (
            f"members without a number whose rows differ: {differing:,}; they are made alike: of each value "
            "the last row that tells it counts, of registrations the first"
        )
    if not work.has_orders:
        return
    if "members" in written and (derived := _one(work.connection, "select count(*) from persons")):
        yield f"made from orders, for no file of members has them: {counted(derived, 'member')}"
    if "refunds" in written:
        unmatched = _one(
            work.connection,
            "select count(*) from made_refunds as refunds anti join (from orders where not "
            "is_return) as sold "
            "on sold.order_id = refunds.order_id",
        )
        if unmatched:
            yield (
                f"refunds of an order that is not in these files: {unmatched:,}; they wait until "
                "an order of the "
                "number they name comes"
            )
    if differing := list(_differing(work)):
        yield f"orders whose lines differ, the first line counts: {', '.join(differing)}"
    for field, then in (("status", "name it with --status"), ("channel", f"taken for {work.usual_channel}")):
        known = ", ".join(literal(code) for code in (*work.allowed(field), REFUNDED))
        words = work.connection.execute(
            f"select {field}_word, count(*) from orders where {field}_word not in ({known}) "
            f"group by 1 order by 2 desc, 1 limit {_MOST_WORDS}"
        ).fetchall()
        if words:
            listed = ", ".join(f"{word[:_LONGEST_WORD]} ({count:,})" for word, count in words)
            yield f"words of {field} that are not known: {listed}; {then}"


def _differing(work: Work) -> Iterator[str]:
    told = [field for field in _OF_THE_ORDER if work.is_told(field, LINES)]
    if not told:
        return
    ends = ", ".join(f"min({field}) <> max({field}) as {field}" for field in told)
    counts = ", ".join(f"count(*) filter ({field})" for field in told)
    (row,) = work.connection.execute(
        f"select {counts} from (select {ends} from order_lines where not is_per_line and "
        "order_id is not null "
        "group by system, order_id)"
    ).fetchall()
    yield from (f"{field} in {count:,}" for field, count in zip(told, row, strict=True) if count)


def _orders(work: Work) -> str:
    return "select * from orders where not is_return"


def _items(work: Work) -> str:
    # The order's own number of a line, else its place; both from 1.
    place = f"row_number() over (partition by {FILE}, order_id order by {ROW})"
    number_of = f"coalesce(line_number, cast({place} as varchar))"
    quantity = "lines.quantity" if work.is_told("quantity", LINES, ITEMS) else "coalesce(lines.quantity, '1')"
    return f"""
        select
            lines.order_id, coalesce(orders.system, lines.system) as system, lines.line_number,
            coalesce(orders.ordered_at, lines.ordered_at) as ordered_at, orders.currency,
            coalesce(lines.product_id, lines.product_name) as product_id, {quantity} as quantity,
            lines.line_value as net_amount, lines.line_discount as discount_amount,
            lines.cost_amount, lines.{ROW}, lines.{FILE},
            coalesce(lines.{BROKEN}, orders.{BROKEN}) as {BROKEN}
        from (select * replace ({number_of} as line_number) from lines) as lines
        left join (select distinct on (order_id) * from orders order by order_id, {ROW}) as orders
            using (order_id)
        where coalesce(lines.product_id, lines.product_name, lines.line_value, lines.{BROKEN}) is not null
            and not coalesce({decimal("lines.line_value")} < 0 or {decimal("lines.quantity")} < 0, false)
            and not coalesce(orders.is_return, false)
    """


def _refunds(work: Work) -> str | None:
    direct = work.direct("refunds")
    parts = []
    if direct:
        parts.append(
            "select * replace (coalesce(amount, ltrim(refund_amount, '-')) as amount, "
            f"coalesce(kind, 'refund') as kind, coalesce(refund_id, order_id || '-refund') as "
            f"refund_id) from ({direct})"
        )
    if work.has_orders:
        at = "coalesce(refunded_at, cancelled_at, ordered_at) as refunded_at, 'refund' as kind"
        kept = f"{ROW}, {BROKEN}, {FILE}, currency"
        amount = "case when is_refunded then coalesce(refund_amount, net_amount) else refund_amount end"
        parts.append(f"""
            select order_id || '-refund' as refund_id, order_id, system, {at}, amount, {kept}
            from (select *, ltrim({amount}, '-') as amount from orders where not is_return)
            where amount is not null and coalesce({decimal("amount")} <> 0, true)
        """)
        # A cancellation that repeats its order's number after a letter names it; any other names itself.
        parts.append(f"""
            select
                returned.order_id || case
                    when returned.is_negative then '-' || left(returned.ordered_at, 10)
                    when returned.is_return then '' else '-returned'
                end as refund_id,
                coalesce(sold.order_id, returned.order_id) as order_id, returned.system,
                returned.ordered_at as refunded_at, 'refund' as kind, returned.given_back as amount,
                returned.{ROW}, returned.{BROKEN}, returned.{FILE}, returned.currency
            from orders as returned
            left join (select distinct order_id from orders where not is_return) as sold
                on returned.is_return
                and sold.order_id = regexp_replace(returned.order_id, '^[A-Za-z]+-?', '')
            where returned.returns > 0 or returned.is_negative
        """)
    query = united(parts)
    if query and not direct and not _one(work.connection, f"select count(*) from ({query})"):
        return None
    return query


def _members(work: Work) -> str | None:
    """Those of the files, and everybody else who bought: by number, else by address or phone."""
    direct = work.direct("members")
    personal = ", ".join(f"arg_max({field}, {ROW}) as {field}" for field in _PERSONAL)
    work.connection.execute(f"""
        create table buyers as
        select
            any_value(member_id) as member_id, system, who,
            arg_min(ordered_at, coalesce(try_cast(ordered_at as timestamptz), timestamptz '9999-12-31'))
                as registered_at,
            {personal}, arg_min(store_id, {ROW}) as home_store_id,
            min({ROW}) as {ROW}, min({BROKEN}) as {BROKEN}, arg_min({FILE}, {ROW}) as {FILE}
        from ({_with_who(work, "select * from orders")}) where who is not null
        group by system, who
    """)
    if not direct:
        work.connection.execute("create table persons as from buyers")
        return "from persons" if work.has_orders else None
    system = literal(work.reading.mapping.system)
    work.connection.execute(f"""
        create table known_members as
        select * replace (coalesce(system, {system}) as system),
            -- A row that cannot be read is put together with no other: it is quarantined alone.
            member_id is null and who is not null and {BROKEN} is null
                and (registered_at is null or try_cast(registered_at as timestamptz) is not null) as is_guest
        from ({_with_who(work, direct)})
    """)
    work.connection.execute("create table persons as from buyers anti join known_members using (system, who)")
    told = _guests(work)
    return f"""
        select known.* replace (
            {told},
            coalesce(guests.registered_at, known.registered_at, buyers.registered_at, by_email.registered_at)
                as registered_at
        )
        from known_members as known
        left join guests on known.is_guest and known.system = guests.system and known.who = guests.who
        left join buyers on known.system = buyers.system and known.who = buyers.who
        left join (
            select lower(email) as address, min(registered_at) as registered_at from buyers group by 1
        ) as by_email on lower(known.email) = by_email.address
        union all by name from persons
    """


def _guests(work: Work) -> str:
    """Make the table `guests`: what the rows of one person without a number tell together.

    Returns:
        SQL of that in each of their rows, which the loader then counts as one row and its duplicates.
    """
    table = work.reading.contract.table("members")
    assert table is not None
    columns = [column.name for column in table.columns]
    told = [name for name in columns if name not in ("system", "member_id", "registered_at")]
    changed = "coalesce(try_cast(updated_at as timestamptz), timestamptz '0001-01-01')"
    last = ", ".join(f"arg_max({name}, ({changed}, {FILE}, {ROW})) as {name}" for name in told)
    work.connection.execute(f"""
        create table guests as
        select
            system, who, {last},
            arg_min(registered_at, try_cast(registered_at as timestamptz)) as registered_at,
            count(distinct ({", ".join(columns)})) as versions
        from known_members where is_guest
        group by system, who having count(*) > 1
    """)
    return ", ".join(f"coalesce(guests.{name}, known.{name}) as {name}" for name in told)


def _with_who(work: Work, query: str) -> str:
    """SQL: rows and ``who`` they are of: a number, or what the loader puts in its place."""
    table = work.reading.contract.table("members")
    assert table is not None
    told = [table.column(name) for name in table.column("member_id").or_pseudonym_of if name in _PERSONAL]
    instead = first_pseudonym(
        [(column.contact or "", column.name) for column in told], read_plausible().contacts(table)
    )
    return f"select *, coalesce(member_id, {instead}) as who from ({query})"


def _products(work: Work, general_category: str) -> str | None:
    direct = work.direct("products")
    category = literal(general_category)
    if direct:
        return (
            f"select * replace (coalesce(product_name, product_id) as product_name, "
            f"coalesce(category, {category}) as category) from ({direct})"
        )
    is_named = any(work.is_told(field, LINES, ITEMS) for field in ("product_name", "category")) or any(
        packed_lines(file) for file in work.of(ORDERS)
    )
    if not is_named or not work.has_products:
        return None
    return f"""
        select
            coalesce(product_id, product_name) as product_id,
            coalesce(arg_min(product_name, {ROW}), any_value(product_id)) as product_name,
            coalesce(arg_min(category, {ROW}), {category}) as category,
            arg_min(brand, {ROW}) as brand,
            min({ROW}) as {ROW}, cast(null as varchar) as {BROKEN}, arg_min({FILE}, {ROW}) as {FILE}
        from lines
        where coalesce(product_id, product_name) is not null and {BROKEN} is null
        group by all
    """


def _as_contract(table: Table, query: str, work: Work) -> str:
    """The columns of the contract in its order, broken rows marked where the loader will find it."""
    names = {name for name, *_ in work.connection.execute(f"describe {query}").fetchall()}
    mark = next(
        (
            column.name
            for column in table.columns
            if column.required and column.data_type in ("timestamp", "date")
        ),
        table.key[0],
    )
    foreign = "false"
    if "currency" in names and not any(column.name == "currency" for column in table.columns):
        foreign = f"coalesce(upper(currency) <> {literal(work.reading.currency)}, false)"
    values = []
    for column in table.columns:
        value = quoted(column.name) if column.name in names else "cast(null as varchar)"
        if column.name == "system":
            value = f"coalesce({value}, {literal(work.reading.mapping.system)})"
        if column.name not in names and not column.required and column.name != "system":
            continue
        if column.name == mark:
            broken = "null" if column.data_type == "varchar" else BROKEN
            value = f"case when {BROKEN} is null then {value} else {broken} end"
        if foreign != "false" and column.data_type.startswith("decimal") and column.name != "quantity":
            value = f"case when {foreign} then {value} || ' ' || upper(currency) else {value} end"
        values.append(f"{value} as {quoted(column.name)}")
    return f"select {', '.join(values)}, {ROW}, {FILE} from ({query})"


def _written(connection: duckdb.DuckDBPyConnection, folder: Path, table: Table) -> list[Path]:
    folder.mkdir()
    names = [
        name for (name,) in connection.execute(f"select distinct {FILE} from made order by 1").fetchall()
    ]
    paths = []
    order = ", ".join([ROW, *(quoted(part) for part in table.key)])
    for name in names:
        stem = str(name).split(".")[0] or table.name
        path = folder / f"{stem}.parquet"
        if path.exists():
            path = folder / f"{stem}-{len(paths) + 1}.parquet"
        rows = f"select * exclude ({FILE}) from made where {FILE} = {literal(str(name))}"
        connection.execute(
            f"copy ({rows} order by {order}) to {literal(str(path))} (format parquet, compression zstd)"
        )
        paths.append(path)
    return paths


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    ((value,),) = connection.execute(query).fetchall()
    return value
