"""The sample chain: a seeded simulation of a chain of stores, its members and two years of their lives.

Belongs here: the order of the simulation, writing and delivering the tables as known on a day.
Does not: what is simulated (the modules beside), what is kept as truth (truth).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import yaml

from orchestration.core.errors import RekindleError
from orchestration.project import SEEDS_DIR, STAGING_DIR
from orchestration.sources.delivering import deliver, delivery_folder, refuse_existing
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

SOURCE = "chain"
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
_LIVES = "lives.json"


class SampleError(RekindleError):
    """The sample cannot be made as asked."""

    exit_code = 2


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
            SampleError: A number is out of range.
        """
        if not 1 <= self.members <= MOST_MEMBERS:
            raise SampleError(f"members = {self.members}: the sample can have 1 to {MOST_MEMBERS:,} members.")
        if not 1 <= self.years <= MOST_YEARS:
            raise SampleError(f"years = {self.years}: the sample can cover 1 to {MOST_YEARS} years.")


@dataclass(frozen=True)
class Effort:
    """What a simulation may take of the machine.

    Attributes:
        memory_limit: DuckDB's memory limit.
        threads: DuckDB's threads; all cores when None.
    """

    memory_limit: str = "3GB"
    threads: int | None = None


def _silent(_: str) -> None:
    """Say nothing."""


def simulate(
    landing: Path,
    truth: Path,
    lives: Lives,
    known_until: date | None = None,
    *,
    effort: Effort = Effort(),
    say: Callable[[str], None] = _silent,
) -> dict[str, int]:
    """Simulate the chain and deliver all its tables.

    The same lives give the same rows, whatever the number of threads; their order in a file may differ.

    Args:
        landing: The home's landing folder; one delivery per table is made in it.
        truth: Folder of the truth files, which no model may read.
        lives: What is simulated.
        known_until: Day of the deliveries, which hold what was known in its evening; None for the last day
            of the lives. The days after it are delivered by :func:`live_on`.
        effort: What it may take.
        say: Takes one line of progress at a time.

    Returns:
        Rows delivered per table, planted dirt included.

    Raises:
        SampleError: The day lies after the lives.
        DeliveryError: The deliveries of that day exist already.
    """
    until = known_until or lives.until
    if until > lives.until:
        raise SampleError(f"known until {until}: the sample's lives end on {lives.until}.")
    tables = {table: (SOURCE, table, columns) for table, columns in contract_columns(SOURCE).items()}
    return _deliver(landing, truth, lives, tables, (None, until), _Asked(), effort, say)


def live_on(
    landing: Path,
    truth: Path,
    exports: Path,
    ledger: Path,
    known_until: date | None = None,
    *,
    effort: Effort = Effort(),
    say: Callable[[str], None] = _silent,
) -> dict[str, int]:
    """Let the members of a sample live on and answer what was exported; deliver what became known since.

    Args:
        landing: The home's landing folder.
        truth: Folder of the truth files; those about touches and the orders they caused are written anew.
        exports: The home's exports: what the sending tools send.
        ledger: The home's ledger: whose an exported touch is.
        known_until: Day of these deliveries; None for the last day of the lives.
        effort: What it may take.
        say: Takes one line of progress at a time.

    Returns:
        Rows delivered per table, receipts included.

    Raises:
        SampleError: There is no sample, or it has no such day left.
        DeliveryError: The deliveries of that day exist already.
    """
    lives, known_from = delivered(truth) or (None, None)
    if lives is None or known_from is None:
        raise SampleError(f"{truth} knows of no sample. Type: rekindle sample")
    until = known_until or lives.until
    if not known_from < until <= lives.until:
        raise SampleError(
            f"The sample is delivered until {known_from} and its lives end on {lives.until}: "
            f"{until} cannot be delivered."
        )
    tables = {
        table: (SOURCE, table, columns)
        for table, columns in contract_columns(SOURCE).items()
        if table in KNOWN_BY
    }
    tables[RECEIPTS] = (RECEIPTS, "touches", contract_columns(RECEIPTS)["touches"])
    asked = _Asked(exports, ledger)
    return _deliver(landing, truth, lives, tables, (known_from, until), asked, effort, say)


def delivered(truth: Path) -> tuple[Lives, date] | None:
    """Which sample is delivered, and until which day; None when there is none."""
    note = truth / _LIVES
    if not note.exists():
        return None
    kept = json.loads(note.read_text(encoding="utf-8"))
    lives = Lives(kept["members"], kept["seed"], date.fromisoformat(kept["until"]), kept["years"])
    return lives, date.fromisoformat(kept["known_until"])


@dataclass(frozen=True)
class _Asked:
    """Where the touches to answer lie; None when none are."""

    exports: Path | None = None
    ledger: Path | None = None


def _deliver(
    landing: Path,
    truth: Path,
    lives: Lives,
    tables: dict[str, tuple[str, str, list[tuple[str, str]]]],
    known: tuple[date | None, date],
    asked: _Asked,
    effort: Effort,
    say: Callable[[str], None],
) -> dict[str, int]:
    """Simulate the lives, and deliver of each table what became known between two days."""
    until = known[1]
    for source, table, _ in tables.values():
        refuse_existing(delivery_folder(landing, source, table, until))
    landing.mkdir(parents=True, exist_ok=True)
    # Hidden, private and in landing itself: files move from here into their deliveries without being copied.
    with tempfile.TemporaryDirectory(prefix=".simulating-", dir=landing) as folder:
        making = Path(folder)
        with duckdb.connect() as con:
            con.execute(f"set memory_limit = '{effort.memory_limit}'")
            con.execute(f"set threads = {effort.threads or os.cpu_count() or 1}")
            con.execute("set preserve_insertion_order = false")
            con.execute("set enable_progress_bar = false")
            con.execute("set temp_directory = $folder", {"folder": str(making / "spill")})
            columns = {name: columns for name, (_, _, columns) in tables.items()}
            simulation = _Simulation(con, making, columns, lives, known, say)
            simulation.begin(truth, asked)
            for number, first in enumerate(range(0, lives.members, CHUNK)):
                simulation.live(number, first, min(first + CHUNK, lives.members))
            simulation.remember()
        truth.mkdir(parents=True, exist_ok=True)
        _move(making / "truth", truth)
        started = time.monotonic()
        for name, (source, table, _) in tables.items():
            deliver(landing, source, table, until, lambda target, made=making / name: _move(made, target))
        note = {**asdict(lives), "known_until": until}
        (truth / _LIVES).write_text(json.dumps(note, default=str), encoding="utf-8")
        say(f"delivered: {len(tables)} tables, {time.monotonic() - started:.1f} s for hashes and manifests")
    return dict(simulation.rows)


def contract_columns(source: str) -> dict[str, list[tuple[str, str]]]:
    """Name and type of the columns of each table, from the contract of a source."""
    contract = yaml.safe_load((STAGING_DIR / source / f"{source}__sources.yml").read_text(encoding="utf-8"))
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

    def begin(self, truth: Path, asked: _Asked) -> None:
        """Make calendar, assortment and people, and write the tables that do not grow with time."""
        self.con.execute(f"set variable seed = '{self.lives.seed}'")
        self.con.execute(f"set variable first_day = date '{self.first_day}'")
        self.con.execute(f"set variable last_day = date '{self.lives.until}'")
        self.con.execute(f"set variable horizon = {self._evening(self.lives.until)}::bigint")
        self.con.execute(f"set variable chunk = {CHUNK}")
        self._know(self.known_until)
        for macro in MACROS:
            self.con.execute(macro.format(seed=self.lives.seed))
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
            RECEIPTS,
            "coupons",
            "points",
            "refunds",
            "tickets",
        ):
            if table in self.tables:
                self.report(table)

    def write(self, table: str, query: str, number: int = 0, values: dict[str, int] | None = None) -> None:
        """Write one file of a table: what is new or changed, in the columns and types of the contract."""
        columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in self.tables[table])
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
        self.say(f"{SOURCE}.{table}: {self.rows[table]:,} rows, {self.seconds[table]:.1f} s")

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
