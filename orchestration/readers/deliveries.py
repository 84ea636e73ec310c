"""How far what was delivered and loaded reaches.

Belongs here: dates asked of the landing folder and of loaded files, the business time zone they are in.
Does not: which dates are due (core.due), what is published (warehouse.versions).
Late imports: whoever asks for the time zone alone starts at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING

from orchestration.definitions_files.variables import project_variables
from orchestration.files import exact_path
from orchestration.project import STAGING_DIR, Home

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.core.contract import Table

BUSINESS_TIME_ZONE: str = project_variables()["business_time_zone"]
"""The zone of today, and of every source that names no other."""
NAMED_ORDERS = 5
LOADED_ANEW = (
    "Remove the folder of its delivery below loaded/ (delivered=...), then type: rekindle load. "
    "What was delivered is still in landing/."
)
"""What to do where a loaded file is damaged."""


def orders_delivered_until(home: Home) -> date | None:
    """Date of the newest delivery of a required table with a month, such as orders.

    A folder that is no delivery, such as what a crashed upload left, counts for nothing; a load names it. Nor
    does a delivery of which no row could be loaded: its day would have no orders.
    """
    from orchestration.loader.deliveries import delivery_date
    from orchestration.readers.loads import loaded_deliveries

    without_rows = {
        (load.source, load.table, load.delivered_on)
        for load in loaded_deliveries(home)
        if not load.rows_loaded
    }
    dates = [
        delivered_on
        for table in tables_of_orders(home)
        for folder in (home.landing / table.source / table.name).glob("delivered=*")
        if (delivered_on := delivery_date(folder.name))
        and (table.source, table.name, delivered_on) not in without_rows
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
    found = [_order_days(home, table, today) for table in tables_of_orders(home)]
    return OrderDays(
        max((each.last for each in found if each.last), default=None),
        sum(each.later for each in found),
        tuple(name for each in found for name in each.named)[:NAMED_ORDERS],
    )


def _order_days(home: Home, table: Table, today: date) -> OrderDays:
    import duckdb

    from orchestration.loader.deliveries import delivery_date
    from orchestration.warehouse.connections import telling

    folder = home.loaded / table.place
    days = sorted(filter(None, (delivery_date(each.name) for each in folder.glob("delivered=*"))))
    if not days:
        return OrderDays()
    first = max(filter(partial(_deletes, folder), days), default=days[0])
    days = [day for day in days if day >= first]
    keys = ", ".join(f'"{key}"' for key in table.key)
    shown = ", ".join(f"nullif(\"{key}\", '')" for key in table.key)
    # An empty part of a key is a value like any other.
    filled = ", ".join(f'coalesce(cast("{key}" as varchar), \'\') as "{key}"' for key in table.key)
    with telling(folder, LOADED_ANEW), duckdb.connect() as connection:
        connection.execute(
            "create table ends as select unnest($days) as delivered_on, unnest($ends) as ends_at",
            {"days": days, "ends": [_end_of(min(day, today)) for day in days]},
        )
        connection.read_parquet(f"{exact_path(folder)}/*/*/*.parquet", hive_partitioning=False).project(
            f'{filled}, "{table.month_of}" as moment, delivered_on'
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
            select concat_ws(' ', {shown}, 'of', strftime(moment, '%Y-%m-%d'))
            from newest inner join ends using (delivered_on) where moment >= ends_at
            order by moment desc, {keys}
            """
        ).fetchall() if beyond else []  # fmt: skip
    return OrderDays(
        newest and newest.date(),
        len(named),
        tuple(f"{table.full_name} {name}" for (name,) in named[:NAMED_ORDERS]),
    )


def _deletes(folder: Path, day: date) -> bool:
    """Whether a delivery is the whole table, so that what came before it counts no more."""
    from orchestration.files import read_json
    from orchestration.loader.deliveries import WHOLE
    from orchestration.loader.records import RECORD

    file = folder / f"delivered={day}" / RECORD
    record = read_json(file, LOADED_ANEW) if file.exists() else {}
    return record.get("covers") == WHOLE and not record["rows_quarantined"]


def _end_of(day: date) -> datetime:
    """The first moment after a day, as loaded files have it: by the wall clock of the source."""
    return datetime.combine(day + timedelta(days=1), time())


def tables_of_orders(home: Home) -> list[Table]:
    """The tables that decide how far a source reaches: required, with a month."""
    from orchestration.loader.contracts import read_contracts

    return [
        table
        for contract in read_contracts(STAGING_DIR, home).values()
        for table in contract.tables
        if table.required and table.month_of
    ]
