"""How far what was delivered and loaded reaches.

Belongs here: dates asked of the landing folder and of loaded files, the business time zone they are in.
Does not: which dates are due (core.due), what is published (warehouse.versions).
Late imports: whoever asks for the time zone alone starts at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestration.definitions_files.variables import project_variables
from orchestration.files import exact_path
from orchestration.project import STAGING_DIR, Home

if TYPE_CHECKING:
    from orchestration.core.contract import Table

BUSINESS_TIME_ZONE: str = project_variables()["business_time_zone"]
"""The zone in which a timestamp becomes a business date, as the models have it."""
NAMED_ORDERS = 5
LOADED_ANEW = (
    "Remove the folder of its delivery below loaded/ (delivered=...), then type: rekindle load. "
    "What was delivered is still in landing/."
)
"""What to do where a loaded file is damaged."""


def orders_delivered_until(home: Home) -> date | None:
    """Date of the newest delivery of a required table with a month, such as orders.

    A folder that is no delivery, such as what a crashed upload left, counts for nothing; a load names it.
    """
    from orchestration.loader.deliveries import delivery_date

    dates = [
        delivered_on
        for table in _tables_of_orders()
        for folder in (home.landing / table.source / table.name).glob("delivered=*")
        if (delivered_on := delivery_date(folder.name))
    ]
    return max(dates, default=None)


@dataclass(frozen=True)
class OrderDays:
    """How far the loaded orders reach.

    Attributes:
        last: The last business date with an order whose delivery could know of it; None without any.
        later: Orders dated after the day they were delivered on, or after today; of a row delivered again
            the newest counts.
        named: The first of them: table, key and date.
    """

    last: date | None = None
    later: int = 0
    named: tuple[str, ...] = ()


def order_days(home: Home, today: date) -> OrderDays:
    """The last day that loaded orders are of, apart from orders that nobody can have seen happen.

    Args:
        home: The home.
        today: The current business date.
    """
    found = [_order_days(home, table, today) for table in _tables_of_orders()]
    return OrderDays(
        max((each.last for each in found if each.last), default=None),
        sum(each.later for each in found),
        tuple(name for each in found for name in each.named)[:NAMED_ORDERS],
    )


def _order_days(home: Home, table: Table, today: date) -> OrderDays:
    import duckdb

    from orchestration.loader.deliveries import delivery_date
    from orchestration.warehouse.connections import telling

    folder = home.loaded / table.source / table.name
    days = sorted(filter(None, (delivery_date(each.name) for each in folder.glob("delivered=*"))))
    if not days:
        return OrderDays()
    keys = ", ".join(f'"{key}"' for key in table.key)
    with telling(folder, LOADED_ANEW), duckdb.connect() as connection:
        connection.execute(
            "create table ends as select unnest($days) as delivered_on, unnest($ends) as ends_at",
            {"days": days, "ends": [_end_of(min(day, today)) for day in days]},
        )
        connection.read_parquet(f"{exact_path(folder)}/*/*/*.parquet", hive_partitioning=False).project(
            f'{keys}, "{table.month_of}" as moment, delivered_on'
        ).create_view("orders")
        [(newest, beyond)] = connection.execute(
            "select max(moment) filter (moment < ends_at), count(*) filter (moment >= ends_at) "
            "from orders inner join ends using (delivered_on)"
        ).fetchall()
        named = connection.execute(
            f"""
            with beyond as (
                select distinct {keys}
                from orders inner join ends using (delivered_on) where moment >= ends_at
            ), newest as (
                from orders inner join beyond using ({keys})
                qualify row_number() over (partition by {keys} order by delivered_on desc) = 1
            )
            select concat_ws(' ', {keys}, 'of', strftime(moment, '%Y-%m-%d'))
            from newest inner join ends using (delivered_on) where moment >= ends_at
            order by moment desc, {keys}
            """
        ).fetchall() if beyond else []  # fmt: skip
    last = newest and newest.replace(tzinfo=UTC).astimezone(ZoneInfo(BUSINESS_TIME_ZONE)).date()
    return OrderDays(last, len(named), tuple(f"{table.full_name} {name}" for (name,) in named[:NAMED_ORDERS]))


def _end_of(day: date) -> datetime:
    """The first moment after a business day, as loaded files have it: UTC, without a zone."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(BUSINESS_TIME_ZONE))
    return midnight.astimezone(UTC).replace(tzinfo=None)


def _tables_of_orders() -> list[Table]:
    from orchestration.loader.contracts import read_contracts

    return [
        table
        for contract in read_contracts(STAGING_DIR).values()
        for table in contract.tables
        if table.required and table.month_of
    ]
