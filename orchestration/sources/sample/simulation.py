"""One run of the simulation: a connection full of temporary tables, and the files written so far.

Belongs here: the order in which the lives are made, which rows are known on a day.
Does not: what is simulated (the modules beside), deliveries (the package itself).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from orchestration.core.errors import InputFault
from orchestration.definitions_files.seeds import sound_rows
from orchestration.files import exact_path
from orchestration.project import SEEDS_DIR
from orchestration.sources.sample import (
    aftermath,
    answering,
    assortment,
    looking,
    ordering,
    people,
    records,
    touching,
)
from orchestration.sources.sample import truth as planted
from orchestration.sources.sample.calendar import CALENDAR, MACROS, WARP

# Definitions that the simulation looks at.
SEEDS = ("calendar/promotions.csv", "lifecycle/categories.csv", "benefits/benefits.csv")
# Persons simulated at a time: about a million orders, so memory stays flat whatever the number of members.
CHUNK = 25_000
MOST_MEMBERS = 2_000_000
# A person's touches and orders are numbered within ranges that hold three years.
MOST_YEARS = 3
# Small tables travel as CSV, so that both ways of delivering are always exercised.
AS_CSV = ("stores", "products")
# When a row is known first; a table without is known from the beginning and delivered once.
KNOWN_BY = {
    "members": "registered_at",
    "consents": "happened_at",
    "stock": "counted_on",
    "orders": "ordered_at",
    "order_items": "ordered_at",
    "events": "happened_at",
    "touches": "planned_at",
    "coupons": "issued_at",
    "points": "happened_at",
    "refunds": "refunded_at",
    "tickets": "opened_at",
    "receipts": "sent_at",
}
# Delivered whole each time, as a CRM hands them over; of the others only what is new or changed.
WHOLE = ("members", "consents")
RECEIPTS = "receipts"
LAST_DAY = date(2025, 12, 28)


@dataclass(frozen=True)
class Lives:
    """What a sample is made of; the same give the same lives.

    Attributes:
        members: Number of true persons; member records are about 14 % more.
        seed: Another seed gives other lives.
        until: Last business day of their lives.
        years: Years of history up to ``until``.
    """

    members: int
    seed: int = 7
    until: date = LAST_DAY
    years: int = 2

    def __post_init__(self) -> None:
        """Refuses what cannot be simulated.

        Raises:
            InputFault: A number is out of range.
        """
        if not 1 <= self.members <= MOST_MEMBERS:
            raise InputFault(f"members = {self.members}: the sample can have 1 to {MOST_MEMBERS:,} members.")
        if not 1 <= self.years <= MOST_YEARS:
            raise InputFault(f"years = {self.years}: the sample can cover 1 to {MOST_YEARS} years.")


@dataclass(frozen=True)
class Asked:
    """Where the touches to answer lie; None when none are."""

    exports: Path | None = None
    ledger: Path | None = None


class Simulation:
    """One run: a connection full of temporary tables, and the files written so far."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        making: Path,
        tables: dict[str, list[tuple[str, str]]],
        lives: Lives,
        known: tuple[date | None, date],
        say: Callable[[str], None],
    ) -> None:
        self.con, self.making, self.tables, self.say = con, making, tables, say
        self.lives = lives
        self.first_day = lives.until - timedelta(days=round(365.25 * lives.years) - 1)
        # Evenings, in seconds since the first day; the first is None when nothing was delivered before.
        self.known_from, self.known_until = (day and self._evening(day) for day in known)
        self.days = known
        self.rows: Counter[str] = Counter(dict.fromkeys(tables, 0))
        self.seconds: Counter[str] = Counter()
        self.dirt: Counter[tuple[str, str]] = Counter()
        for name in [*tables, "truth", "caused_orders"]:
            (making / name).mkdir()

    def begin(self, truth: Path, asked: Asked) -> None:
        """Make calendar, assortment and people, and write the tables that do not grow with time."""
        self.con.execute(f"set variable seed = '{self.lives.seed}'")
        self.con.execute(f"set variable first_day = date '{self.first_day}'")
        self.con.execute(f"set variable last_day = date '{self.lives.until}'")
        self.con.execute(f"set variable horizon = {self._evening(self.lives.until)}::bigint")
        self.con.execute(f"set variable chunk = {CHUNK}")
        self._know(self.known_until)
        for macro in MACROS:
            self.con.execute(macro.format(seed=self.lives.seed))
        for seed in SEEDS:
            sound_rows(seed)
        self.con.execute(CALENDAR, {"promotions": exact_path(SEEDS_DIR / "calendar" / "promotions.csv")})
        self.con.execute(WARP)
        _make_touch_tables(self.con)
        people.make_rhythm(self.con)
        assortment.make_assortment(self.con, exact_path(SEEDS_DIR / "lifecycle" / "categories.csv"))
        self.con.execute("set variable products = (select count(*) from products)")
        started = time.monotonic()
        people.make_people(self.con, self.lives.members)
        answering.make_sent_touches(self.con, truth, asked.exports, asked.ledger, self.days)
        self.seconds["members"] += time.monotonic() - started
        small = {
            "members": records.MEMBERS,
            "consents": records.CONSENTS,
            "stores": "select * from stores",
            "products": "select *, price_fen / 100.0::double as list_price from products",
            "stock": assortment.STOCK,
        }
        for table, query in small.items():
            if table in self.tables:
                self.write(table, query)
                self.report(table)
        for name, query in planted.TRUTH.items():
            self._copy(query, self.making / "truth" / f"{name}.parquet")

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
        if RECEIPTS in self.tables:
            self.write(RECEIPTS, touching.RECEIPT_ROWS, number)
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
        parts = f"{exact_path(self.making)}/caused_orders/*.parquet".replace("'", "''")
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
            RECEIPTS,
            "coupons",
            "points",
            "refunds",
            "tickets",
        ):
            if table in self.tables:
                self.report(table)

    def write(self, table: str, query: str, number: int = 0, values: dict[str, int] | None = None) -> None:
        """Write one file of a table: what is new or changed, in the columns and types of the contract.

        Numbers of orders and the like are written as numbers: a text is what the loader makes of them. What a
        chain does not tell, such as the phone of a guest, is left out.
        """
        described = self.con.execute(f"from ({query}) limit 0", values).description
        made = {name: str(kind) for name, kind, *_ in described}
        columns = ", ".join(
            name
            if kind == "varchar" and made[name] in _WHOLE_NUMBERS
            else f"cast({name} as {kind}) as {name}"
            for name, kind in self.tables[table]
            if name in made
        )
        rows = f"select {columns} from ({query})"
        if table in KNOWN_BY:
            rows += f" where {KNOWN_BY[table]} < at_utc(getvariable('known'))"
        suffix = "csv" if table in AS_CSV else "parquet"
        path = self.making / table / f"part-{number:04d}.{suffix}"
        started = time.monotonic()
        if self.known_from is not None and table not in WHOLE:
            self._know(self.known_from)
            self.con.execute(f"create temp table known_before as {rows}", values)
            self._know(self.known_until)
            rows += " except all select * from known_before"
        self.rows[table] += self._copy(rows, path, values)
        self.con.execute("drop table if exists known_before")
        self.seconds[table] += time.monotonic() - started

    def report(self, table: str) -> None:
        """Say how many rows of a table there are and how long they took."""
        self.say(f"chain.{table}: {self.rows[table]:,} rows, {self.seconds[table]:.1f} s")

    def _know(self, seconds: int) -> None:
        """From now on rows are as known at that time."""
        self.con.execute(f"set variable known = {seconds}::bigint")

    def _evening(self, day: date) -> int:
        return ((day - self.first_day).days + 1) * 86400

    def _with_dirt(self, table: str, query: str, dirt: dict[str, tuple[float, str]]) -> str:
        """The clean rows, and after them the dirty ones, made from the rows of a few orders each."""
        parts = [query.format(where="true", columns=next(iter(dirt.values()))[1])]
        for kind, (share, columns) in dirt.items():
            part = query.format(where=f"draw('{table} {kind}', raw) < {share}", columns=columns)
            known = f"from ({part}) where {KNOWN_BY[table]} < at_utc(getvariable('known'))"
            self.dirt[table, kind] += self.con.execute(f"select count(*) {known}").fetchall()[0][0]
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


_WHOLE_NUMBERS = ("INTEGER", "BIGINT", "HUGEINT")

# `{columns}` stands outside, so that the dirt can replace any column of the event.
_EVENTS = f"select * replace ({{columns}}) from ({looking.ORDER_EVENT_ROWS})"


def _make_touch_tables(con: duckdb.DuckDBPyConnection) -> None:
    effects = ", ".join(
        f"({is_exported}, '{stage}', {low}, {high})"
        for is_exported, planted_effects in ((False, touching.TOUCH_EFFECTS), (True, touching.EXPORT_EFFECTS))
        for stage, (low, high) in planted_effects.items()
    )
    con.execute(
        "create temp table touch_effects as select is_exported, stage, effect::double as effect, "
        "effect_in_promotion::double as effect_in_promotion "
        f"from (values {effects}) as effects (is_exported, stage, effect, effect_in_promotion)"
    )
    rows, share = [], 0.0
    for channel, (up_to, open_rate, cost) in touching.CHANNELS.items():
        rows.append(f"('{channel}', {share}::double, {up_to}::double, {open_rate}::double, {cost})")
        share = up_to
    con.execute(
        f"create temp table touch_channels as select * from (values {', '.join(rows)}) "
        "as channels (channel, from_share, to_share, open_rate, cost)"
    )
