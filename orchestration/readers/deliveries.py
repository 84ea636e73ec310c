"""How far what was delivered and loaded reaches.

Belongs here: dates asked of the landing folder and of loaded files, the business time zone they are in.
Does not: which dates are due (core.due), what is published (warehouse.versions).
Late imports: whoever asks for the time zone alone starts at once.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import yaml

from orchestration.project import DBT_PROJECT_DIR, STAGING_DIR, Home

if TYPE_CHECKING:
    from orchestration.core.contract import Table

BUSINESS_TIME_ZONE: str = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text())["vars"][
    "business_time_zone"
]
"""The zone in which a timestamp becomes a business date, as the models have it."""
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


def last_business_date(home: Home) -> date | None:
    """The last business date with an order in the loaded data; None when nothing is loaded."""
    import duckdb

    from orchestration.warehouse.connections import telling

    moments: list[datetime] = []
    with duckdb.connect() as connection:
        for table in _tables_of_orders():
            folder = home.loaded / table.source / table.name
            if not any(folder.glob("*/*/*.parquet")):
                continue
            with telling(folder, LOADED_ANEW):
                [(newest,)] = connection.execute(
                    f'select max("{table.month_of}") from read_parquet($files, hive_partitioning = false)',
                    {"files": f"{folder}/*/*/*.parquet"},
                ).fetchall()
            if newest is not None:
                moments.append(newest)
    if not moments:
        return None
    newest = max(moments)
    return newest.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(BUSINESS_TIME_ZONE)).date()


def _tables_of_orders() -> list[Table]:
    from orchestration.loader.contracts import read_contracts

    return [
        table
        for contract in read_contracts(STAGING_DIR).values()
        for table in contract.tables
        if table.required and table.month_of
    ]
