"""The orders and lines of an import on the way: tables of text with every field.

Belongs here: putting the files of one system together, grouping lines to orders, what an order comes to.
Does not: the contract's tables (converting.py), single values (text_rows.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from orchestration.importing.fields import (
    CUSTOMERS,
    ITEMS,
    LINES,
    ORDERS,
    PAYMENTS,
    REFUNDED,
    fields_of,
)
from orchestration.importing.reading import BROKEN, ROW
from orchestration.importing.text_amounts import decimal, minus, plus, times, total
from orchestration.importing.text_rows import FILE, MappedFile, Reading, cell_sql, fields_sql, packed_lines
from orchestration.loader.row_rules import literal, quoted


class Work:
    """The tables on the way: `lines` and `orders`, both with every field as text."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, files: Sequence[MappedFile], reading: Reading
    ) -> None:
        self.connection, self.files, self.reading = connection, files, reading
        self.has_orders = any(file.mapping.rows in (ORDERS, LINES) for file in files)
        self.has_products = any(
            (
                file.mapping.rows in (LINES, ITEMS)
                and {"product_id", "product_name"} & file.mapping.columns.keys()
            )
            or (file.mapping.rows == ORDERS and packed_lines(file))
            for file in files
        )
        fields = fields_of(LINES, reading.contract)
        self.fields = list(dict.fromkeys([*fields, *fields_of(ORDERS, reading.contract)]))

    def of(self, rows: str) -> list[MappedFile]:
        """The files whose rows are of a kind."""
        return [file for file in self.files if file.mapping.rows == rows]

    def is_told(self, field: str, *kinds: str) -> bool:
        """Whether a file of some kinds has a field."""
        return any(field in file.mapping.columns for file in self.files if file.mapping.rows in kinds)

    def direct(self, rows: str) -> str | None:
        """The rows of files that are a table of the contract already."""
        fields = fields_of(rows, self.reading.contract)
        return united([fields_sql(file, fields, self.reading) for file in self.of(rows)])

    def lines(self) -> None:
        """Make the table `lines`: every line of an order, each with its value."""
        parts = []
        for file in self.of(LINES):
            query = fields_sql(file, self.fields, self.reading)
            if self.reading.mapping.fills_down:
                query = (
                    "select * replace (last_value(order_id ignore nulls) over "
                    f"(order by {ROW} rows unbounded preceding) as order_id) from ({query})"
                )
            parts.append(
                f"select *, {'true' if file.mapping.per_line else 'false'} as is_per_line from ({query})"
            )
        self._create("order_lines", parts, "*, false as is_per_line")
        self._create(
            "items_alone", [fields_sql(file, self.fields, self.reading) for file in self.of(ITEMS)], "*"
        )
        packed = [query for file in self.of(ORDERS) if (query := self._packed(file))]
        self._create("packed", packed, "*")
        value = minus(times("quantity", "unit_price"), "line_discount")
        self.connection.execute(f"""
            create table lines as
            with every as (
                select * exclude (is_per_line, line_amount),
                    coalesce(line_amount, case when is_per_line then net_amount end) as line_amount
                from order_lines
                union all by name select * from items_alone
                union all by name select * from packed
            )
            select *, coalesce(line_amount, {value}) as line_value
            from every
        """)

    def orders(self) -> None:
        """Make the table `orders`: one row per order, of its own files or of its lines."""
        alone = [fields_sql(file, self.fields, self.reading) for file in self.of(ORDERS)]
        once = ", ".join(
            f"arg_min({quoted(field)}, {ROW}) as {quoted(field)}"
            for field in self.fields
            if field not in ("order_id", "system", "net_amount")
        )
        self._create("orders_alone", alone, "*")
        self.connection.execute(f"""
            create table orders_of_lines as
            select
                any_value(order_id) as order_id, any_value(system) as system, {once},
                arg_min(net_amount, {ROW}) filter (not is_per_line) as net_amount,
                min({ROW}) as {ROW}, min({BROKEN}) as {BROKEN}, min({FILE}) as {FILE}
            from order_lines
            group by coalesce(system, ''), coalesce(order_id, 'row ' || {ROW} || {FILE})
        """)
        is_return = f"coalesce({decimal('line_value')} < 0 or {decimal('quantity')} < 0, false)"
        self.connection.execute(f"""
            create table line_sums as
            select
                order_id,
                {total("line_value", f"not ({is_return})")} as sold,
                {total("freight_amount", "true")} as freight,
                {total("ltrim(line_value, '-')", is_return)} as given_back,
                count(*) filter ({is_return}) as returns,
                count(*) as lines
            from lines where order_id is not null group by order_id
        """)
        payments = [
            fields_sql(file, fields_of(PAYMENTS, self.reading.contract), self.reading)
            for file in self.of(PAYMENTS)
        ]
        paid = (
            f"select order_id, {total('payment_amount', 'true')} as paid from ({united(payments)}) group by 1"
        )
        customers = [
            fields_sql(file, fields_of(CUSTOMERS, self.reading.contract), self.reading)
            for file in self.of(CUSTOMERS)
        ]
        person_fields = [
            field for field in fields_of(CUSTOMERS, self.reading.contract) if field != "order_customer_id"
        ]
        person = (
            "select order_customer_id, "
            + ", ".join(f"any_value({field}) as {field}" for field in person_fields)
            + f" from ({united(customers)}) group by 1"
        )
        nothing = "select cast(null as varchar) as "
        default_status = "null" if self.is_told("status", ORDERS, LINES) else "'completed'"
        joined = ", ".join(f"coalesce(raw.{field}, person.{field}) as {field}" for field in person_fields)
        net = (
            f"coalesce(raw.net_amount, {minus('raw.gross_amount', 'raw.discount_amount')}, "
            f"payments.paid, {plus('sums.sold', 'sums.freight')})"
        )
        self.connection.execute(f"""
            create table orders as
            with raw as (from orders_alone union all by name from orders_of_lines),
            person as ({
            person
            if customers
            else nothing
            + "order_customer_id"
            + "".join(f", cast(null as varchar) as {field}" for field in person_fields)
        }),
            payments as ({paid if payments else nothing + "order_id, null as paid"}),
            joined as (
                select
                    raw.* exclude ({", ".join([*person_fields, "net_amount"])}), {joined}, {
            net
        } as net_amount,
                    coalesce(sums.given_back, ltrim({net}, '-')) as given_back,
                    coalesce(sums.returns, 0) as returns, sums.lines,
                    coalesce({decimal(net)} < 0, false) as is_negative
                from raw
                left join person on raw.order_customer_id = person.order_customer_id
                left join payments on raw.order_id = payments.order_id
                left join line_sums as sums on raw.order_id = sums.order_id
            )
            select
                * exclude (member_id, system, channel, status, discount_amount, gross_amount),
                coalesce(system, {literal(self.reading.mapping.system)}) as system,
                channel as channel_word, status as status_word,
                {self._channel()} as channel,
                case when cancelled_at is not null then 'cancelled' when status = '{
            REFUNDED
        }' then 'completed'
                    else coalesce(status, {default_status}) end as status,
                coalesce(status, '') = '{REFUNDED}' as is_refunded,
                coalesce(discount_amount, case when {decimal("gross_amount")} >= {decimal("net_amount")}
                    then {minus("gross_amount", "net_amount")} end, '0') as discount_amount,
                coalesce(gross_amount, {plus("net_amount", "discount_amount")}) as gross_amount,
                coalesce(member_id, order_customer_id) as member_id,
                -- Nothing was sold by it: it takes back what another order sold.
                coalesce(returns > 0 and returns = lines, false) or is_negative as is_return
            from joined
        """)

    def allowed(self, field: str) -> tuple[str, ...]:
        """The codes of a column of orders."""
        table = self.reading.contract.table(ORDERS)
        return next((column.allowed for column in table.columns if column.name == field), ()) if table else ()

    @property
    def usual_channel(self) -> str:
        """Of orders that tell none."""
        return self.reading.mapping.channel

    def _channel(self) -> str:
        """A channel that is no code is the shop's usual one: nobody is decided about by it."""
        codes = ", ".join(literal(code) for code in (*self.allowed("channel"), self.usual_channel))
        return f"case when channel in ({codes}) then channel else {literal(self.usual_channel)} end"

    def _packed(self, file: MappedFile) -> str | None:
        columns = packed_lines(file)
        if not columns or "order_id" not in file.mapping.columns:
            return None
        order = cell_sql(file, "order_id", self.reading)
        cells = " union all ".join(
            f"select {order} as order_id, {ROW}, {BROKEN}, {place} as place, {column} as cell "
            f"from read_parquet({literal(str(file.table.path))}) where {column} <> ''"
            for place, column in enumerate(columns, 1)
        )

        def part(*names: str) -> str:
            either = "|".join(names)
            return f"nullif(trim(regexp_extract(cell, '(?:^|[|])(?:{either}):([^|]*)', 1)), '')"

        amount = part("total")
        known = {
            "order_id": "order_id",
            "line_number": "cast(place as varchar)",
            "product_id": f"coalesce({part('sku')}, {part('product_id', 'id')})",
            "product_name": part("name"),
            "quantity": part("quantity", "qty"),
            "line_amount": amount,
        }
        listed = ", ".join(
            f"{known.get(field, 'cast(null as varchar)')} as {quoted(field)}" for field in self.fields
        )
        return f"select {listed}, {ROW}, {BROKEN}, {literal(file.table.name)} as {FILE} from ({cells})"

    def _create(self, name: str, parts: Sequence[str], columns: str) -> None:
        empty = ", ".join(f"cast(null as varchar) as {quoted(field)}" for field in self.fields)
        nothing = (
            f"select {columns} from (select {empty}, cast(null as bigint) as {ROW}, "
            f"cast(null as varchar) as {BROKEN}, cast(null as varchar) as {FILE}) where false"
        )
        self.connection.execute(f"create table {name} as {united(parts) or nothing}")


def united(parts: Sequence[str]) -> str | None:
    """SQL: the rows of several queries with the same columns; None of none."""
    return " union all by name ".join(f"({part})" for part in parts) if parts else None
