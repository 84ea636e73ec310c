"""The sample chain: a seeded simulation of a chain of stores, its members and two years of their lives.

Belongs here: the order of the simulation, writing and delivering the tables.
Does not: what is simulated (the modules beside), what is kept as truth (truth).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import yaml

from orchestration.core.errors import RekindleError
from orchestration.project import SEEDS_DIR, STAGING_DIR
from orchestration.sources.delivering import deliver, delivery_folder, refuse_existing
from orchestration.sources.sample import aftermath, assortment, looking, ordering, people, records, touching
from orchestration.sources.sample import truth as planted
from orchestration.sources.sample.calendar import CALENDAR, MACROS, WARP

SOURCE = "chain"
# Persons simulated at a time: about a million orders, so memory stays flat whatever the number of members.
CHUNK = 25_000
MOST_MEMBERS = 2_000_000
# A person's touches and orders are numbered within ranges that hold three years.
MOST_YEARS = 3
# Small tables travel as CSV, so that both ways of delivering are always exercised.
AS_CSV = ("stores", "products")


class SampleError(RekindleError):
    """The sample cannot be made as asked."""

    exit_code = 2


def _silent(_: str) -> None:
    """Say nothing."""


def simulate(
    landing: Path,
    truth: Path,
    *,
    members: int,
    seed: int = 7,
    until: date = date(2025, 12, 28),
    years: int = 2,
    memory_limit: str = "3GB",
    threads: int | None = None,
    say: Callable[[str], None] = _silent,
) -> dict[str, int]:
    """Simulate the chain and deliver all its tables.

    The same arguments give the same rows, whatever the number of threads; their order in a file may differ.

    Args:
        landing: The home's landing folder; one delivery per table is made in it.
        truth: Folder of the truth files, which no model may read; made anew.
        members: Number of true persons; member records are about 14 % more.
        seed: Another seed gives other lives.
        until: Last business day, and the day of the deliveries.
        years: Years of history up to ``until``.
        memory_limit: DuckDB's memory limit.
        threads: DuckDB's threads; all cores when None.
        say: Takes one line of progress at a time.

    Returns:
        Rows delivered per table, planted dirt included.

    Raises:
        SampleError: An argument is out of range.
        DeliveryError: The deliveries of that day exist already.
    """
    if not 1 <= members <= MOST_MEMBERS:
        raise SampleError(f"members = {members}: the sample can have 1 to {MOST_MEMBERS:,} members.")
    if not 1 <= years <= MOST_YEARS:
        raise SampleError(f"years = {years}: the sample can cover 1 to {MOST_YEARS} years.")
    tables = contract_columns()
    for table in tables:
        refuse_existing(delivery_folder(landing, SOURCE, table, until))
    landing.mkdir(parents=True, exist_ok=True)
    # Hidden, private and in landing itself: files move from here into their deliveries without being copied.
    with tempfile.TemporaryDirectory(prefix=".simulating-", dir=landing) as folder:
        making = Path(folder)
        with duckdb.connect() as con:
            con.execute(f"set memory_limit = '{memory_limit}'")
            con.execute(f"set threads = {threads or os.cpu_count() or 1}")
            con.execute("set preserve_insertion_order = false")
            con.execute("set enable_progress_bar = false")
            con.execute("set temp_directory = $folder", {"folder": str(making / "spill")})
            simulation = _Simulation(con, making, tables, say)
            simulation.begin(seed, until, years, members)
            for number, first in enumerate(range(0, members, CHUNK)):
                simulation.live(number, first, min(first + CHUNK, members))
            simulation.remember()
        truth.mkdir(parents=True, exist_ok=True)
        _move(making / "truth", truth)
        started = time.monotonic()
        for table in tables:
            deliver(landing, SOURCE, table, until, lambda target, made=making / table: _move(made, target))
        say(f"delivered: {len(tables)} tables, {time.monotonic() - started:.1f} s for hashes and manifests")
    return dict(simulation.rows)


def contract_columns() -> dict[str, list[tuple[str, str]]]:
    """Name and type of the columns of each table, from the contract of the source."""
    contract = yaml.safe_load((STAGING_DIR / SOURCE / f"{SOURCE}__sources.yml").read_text(encoding="utf-8"))
    return {
        table["name"]: [(column["name"], column["data_type"]) for column in table["columns"]]
        for table in contract["sources"][0]["tables"]
    }


def _move(made: Path, target: Path) -> None:
    """Move files into a folder: a rename within one file system; a file of the same name is replaced."""
    for path in sorted(made.iterdir()):
        shutil.move(path, target / path.name)


class _Simulation:
    """One run: a connection full of temporary tables, and the files written so far."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        making: Path,
        tables: dict[str, list[tuple[str, str]]],
        say: Callable[[str], None],
    ) -> None:
        self.con, self.making, self.tables, self.say = con, making, tables, say
        self.rows: Counter[str] = Counter(dict.fromkeys(tables, 0))
        self.seconds: Counter[str] = Counter()
        self.dirt: Counter[tuple[str, str]] = Counter()
        for name in [*tables, "truth", "caused_orders"]:
            (making / name).mkdir()

    def begin(self, seed: int, until: date, years: int, members: int) -> None:
        """Make calendar, assortment and people, and write the tables that do not grow with time."""
        days = round(365.25 * years)
        first_day = until - timedelta(days=days - 1)
        self.con.execute(f"set variable seed = '{seed}'")
        self.con.execute(f"set variable first_day = date '{first_day}'")
        self.con.execute(f"set variable last_day = date '{until}'")
        self.con.execute(f"set variable horizon = {days * 86400}::bigint")
        for macro in MACROS:
            self.con.execute(macro.format(seed=seed))
        try:
            self.con.execute(CALENDAR, {"promotions": str(SEEDS_DIR / "calendar" / "promotions.csv")})
        except duckdb.Error as fault:
            raise SampleError(
                f"seeds/calendar/promotions.csv cannot be used: {str(fault).splitlines()[0]}. "
                "It needs the columns code, starts_on and ends_on, with dates like 2025-11-11."
            ) from fault
        self.con.execute(WARP)
        _make_touch_tables(self.con)
        people.make_rhythm(self.con)
        assortment.make_assortment(self.con, str(SEEDS_DIR / "lifecycle" / "categories.csv"))
        self.con.execute("set variable products = (select count(*) from products)")
        started = time.monotonic()
        people.make_people(self.con, members)
        self.seconds["members"] += time.monotonic() - started
        self.write("members", records.MEMBERS)
        self.write("consents", records.CONSENTS)
        self.write("stores", "select * from stores")
        self.write("products", "select *, price_fen / 100.0::double as list_price from products")
        self.write("stock", assortment.STOCK)
        for name, query in planted.TRUTH.items():
            self._copy(query, self.making / "truth" / f"{name}.parquet")
        for table in ("members", "consents", "stores", "products", "stock"):
            self.report(table)

    def live(self, number: int, first: int, last: int) -> None:
        """Let the persons from ``first`` up to before ``last`` live through all their days."""
        started = time.monotonic()
        chunk = {"first": first, "last": last}
        # Far more numbers than a chunk has orders, so chunks never meet.
        self.con.execute(f"set variable first_order = {10**9 + number * 4_000_000}::bigint")
        self._timed("touches", touching.TOUCHES, chunk)
        self._timed("orders", ordering.PURCHASES, chunk)
        self._timed("orders", ordering.ORDERS)
        self._timed("order_items", ordering.ITEMS)
        self._timed("orders", ordering.AMOUNTS)
        self.write("touches", touching.TOUCH_ROWS, number)
        self.write("order_items", ordering.ITEM_ROWS, number)
        self.write("orders", self._with_dirt("orders", ordering.ORDER_ROWS, planted.ORDER_DIRT), number)
        events = self._with_dirt("events", _EVENTS, planted.EVENT_DIRT)
        self.write("events", f"{events} union all select * from ({looking.IDLE_EVENT_ROWS})", number, chunk)
        self.write("coupons", aftermath.COUPON_ROWS, number)
        self.write("points", aftermath.POINT_ROWS, number)
        self.write("refunds", aftermath.REFUND_ROWS, number)
        self.write("tickets", aftermath.TICKET_ROWS, number)
        self._copy(planted.CAUSED_ORDERS, self.making / "caused_orders" / f"part-{number:04d}.parquet")
        for table in ("touches_made", "purchases", "orders_made", "items_made", "amounts"):
            self.con.execute(f"drop table {table}")
        seconds = time.monotonic() - started
        self.say(f"lived through: {last:,} persons, {seconds:.1f} s for the last {last - first:,}")

    def remember(self) -> None:
        """Write the dirt that was planted, and report the tables that grew chunk by chunk."""
        parts = str(self.making / "caused_orders" / "*.parquet").replace("'", "''")
        self._copy(
            f"select * from read_parquet('{parts}') order by order_id",
            self.making / "truth" / "caused_orders.parquet",
        )
        values = ", ".join(
            f"('{table}', '{kind}', {rows})" for (table, kind), rows in sorted(self.dirt.items())
        )
        self._copy(
            f"select * from (values {values}) as dirt (table_name, kind, rows)",
            self.making / "truth" / "dirt.parquet",
        )
        for table in (
            "orders",
            "order_items",
            "events",
            "touches",
            "coupons",
            "points",
            "refunds",
            "tickets",
        ):
            self.report(table)

    def write(self, table: str, query: str, number: int = 0, values: dict[str, int] | None = None) -> None:
        """Write one file of a table, its columns and types as the contract has them."""
        columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in self.tables[table])
        suffix = "csv" if table in AS_CSV else "parquet"
        path = self.making / table / f"part-{number:04d}.{suffix}"
        started = time.monotonic()
        self.rows[table] += self._copy(f"select {columns} from ({query})", path, values)
        self.seconds[table] += time.monotonic() - started

    def report(self, table: str) -> None:
        """Say how many rows of a table there are and how long they took."""
        self.say(f"{SOURCE}.{table}: {self.rows[table]:,} rows, {self.seconds[table]:.1f} s")

    def _with_dirt(self, table: str, query: str, dirt: dict[str, tuple[float, str]]) -> str:
        """The clean rows, and after them the dirty ones, made from the rows of a few orders each."""
        parts = [query.format(where="true", columns=next(iter(dirt.values()))[1])]
        for kind, (share, columns) in dirt.items():
            part = query.format(where=f"draw('{table} {kind}', raw) < {share}", columns=columns)
            self.dirt[table, kind] += self.con.execute(f"select count(*) from ({part})").fetchall()[0][0]
            parts.append(part)
        return " union all ".join(parts)

    def _timed(self, table: str, query: str, values: dict[str, int] | None = None) -> None:
        started = time.monotonic()
        self.con.execute(query, values)
        self.seconds[table] += time.monotonic() - started

    def _copy(self, query: str, path: Path, values: dict[str, int] | None = None) -> int:
        quoted = str(path).replace("'", "''")
        form = "format csv, header" if path.suffix == ".csv" else "format parquet"
        return self.con.execute(f"copy ({query}) to '{quoted}' ({form})", values).fetchall()[0][0]


# `{columns}` stands outside, so that the dirt can replace any column of the event.
_EVENTS = f"select * replace ({{columns}}) from ({looking.ORDER_EVENT_ROWS})"


def _make_touch_tables(con: duckdb.DuckDBPyConnection) -> None:
    effects = ", ".join(
        f"('{stage}', {low}, {high})" for stage, (low, high) in touching.TOUCH_EFFECTS.items()
    )
    con.execute(
        "create temp table touch_effects as select stage, effect::double as effect, "
        "effect_in_promotion::double as effect_in_promotion "
        f"from (values {effects}) as effects (stage, effect, effect_in_promotion)"
    )
    rows, share = [], 0.0
    for channel, (up_to, open_rate, cost) in touching.CHANNELS.items():
        rows.append(f"('{channel}', {share}::double, {up_to}::double, {open_rate}::double, {cost})")
        share = up_to
    con.execute(
        f"create temp table touch_channels as select * from (values {', '.join(rows)}) "
        "as channels (channel, from_share, to_share, open_rate, cost)"
    )
