"""What it costs to load, beside a bare DuckDB script that reads the same file and writes it sorted.

Belongs here: making deliveries by SQL, timing the loader and that script in one run.
Does not: assertions (no test asserts a time), how costs grow with members (whole_way).

Usage: make bench, or python -m benchmarks.loader
"""

from __future__ import annotations

import tempfile
from datetime import date
from functools import partial
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from benchmarks.fixed_cost import cpu_seconds
from benchmarks.whole_way import measured
from orchestration.core.summary import text_table
from orchestration.loader import load
from orchestration.loader.contracts import read_contracts
from orchestration.project import STAGING_DIR, Home
from orchestration.sources.delivering import deliver

LOAD = "from orchestration.cli import app; app(['load'])"
SOURCE = "chain"
ORDERS = """
    select
        'T' || range as order_id,
        ['pos', 'app', 'crm'][1 + range % 3] as system,
        'P' || lpad(cast(hash(range) % {people} as varchar), 8, '0') as member_id,
        'S' || lpad(cast(hash(range + 1) % 60 as varchar), 3, '0') as store_id,
        ['store', 'app', 'mini_program', 'web'][1 + range % 4] as channel,
        timestamp '2024-01-01' + to_seconds(cast(range * 63072000 // {rows} as bigint)) as ordered_at,
        'completed' as status,
        cast(10 + hash(range + 2) % 100000 / 100 as decimal(18, 2)) as gross_amount,
        cast(0 as decimal(18, 2)) as discount_amount,
        gross_amount as net_amount,
        cast(gross_amount / 2 as decimal(18, 2)) as cost_amount,
        range % 10 = 0 as is_campaign
    from range({rows})
"""
MEMBERS = """
    select
        ['pos', 'app', 'crm'][1 + range % 3] as system,
        'P' || lpad(cast(range as varchar), 8, '0') as member_id,
        timestamp '2024-01-01' + to_seconds(range) as registered_at,
        '13' || lpad(cast(hash(range) % 1000000000 as varchar), 9, '0') as phone,
        'Person.' || range || '@example.org' as email,
        'o' || substr(md5(cast(range as varchar)), 1, 27) as union_id,
        cast(6200000000000000 + range as varchar) as card_number,
        'Person ' || range as full_name,
        range || ' High Street, Flat ' || range % 90 as street_address,
        'East' as region
    from range({rows})
"""
SORTED_BY = {"orders": "system, member_id, ordered_at, order_id", "members": "system, member_id"}


def main(
    orders: Annotated[int, typer.Option(help="Orders to load.")] = 1_000_000,
    members: Annotated[int, typer.Option(help="Records with contact details to load.")] = 300_000,
) -> None:
    """Load orders as Parquet and CSV, contacts, and nothing; print CPU seconds, rows a second, ratios."""
    cases = [
        ("orders", "parquet", ORDERS, orders, date(2026, 1, 2)),
        ("orders", "csv", ORDERS, orders, date(2026, 1, 3)),
        ("members", "parquet", MEMBERS, members, date(2026, 1, 2)),
    ]
    rows = []
    with tempfile.TemporaryDirectory(prefix="rekindle-bench-") as folder, duckdb.connect() as connection:
        home = Home(Path(folder))

        def delivered(table: str, kind: str, query: str, count: int, day: date) -> Path:
            made = query.format(rows=count, people=max(count // 30, 1))
            return deliver(
                home.landing, SOURCE, table, day,
                lambda into: connection.execute(f"copy ({made}) to '{into}/part.{kind}'"),
            )  # fmt: skip

        # What a source must deliver, so that afterwards each load has one delivery to load.
        for table, query in (("orders", ORDERS), ("members", MEMBERS)):
            delivered(table, "parquet", query, 10, date(2026, 1, 1))
        contracts = read_contracts(STAGING_DIR)
        load(home, contracts, lambda _: None)
        connection.execute("set preserve_insertion_order = false")
        for table, kind, query, count, day in cases:
            file = delivered(table, kind, query, count, day) / f"part.{kind}"
            _, seconds, _ = measured(lambda: load(home, contracts, lambda _: None))
            types = {column.name: column.data_type for column in contracts[SOURCE].table(table).columns}
            script = partial(bare, connection, file, types, SORTED_BY[table])
            _, floor, _ = measured(script)
            ratio = f"{seconds / floor:.1f}"
            rows.append((f"{table} as {kind}", count, round(seconds, 2), round(count / seconds), ratio))
        empty = cpu_seconds(LOAD, home, home.root / "unused.duckdb")
    rows.append(("nothing new, the whole command", 0, round(empty, 2), "", ""))
    typer.echo(text_table(["what", "rows", "CPU s", "rows per CPU s", "times the bare script"], rows))


def bare(connection: duckdb.DuckDBPyConnection, file: Path, types: dict[str, str], order: str) -> None:
    """Read a file, cast its columns and write them sorted: no check, no hash, no month."""
    read = f"read_csv('{file}', all_varchar = true)" if file.suffix == ".csv" else f"read_parquet('{file}')"
    names = [name for name, *_ in connection.execute(f"describe from {read}").fetchall() if name in types]
    values = ", ".join(f"cast({name} as {types[name]}) as {name}" for name in names)
    connection.execute(
        f"copy (select {values} from {read} order by {order}) "
        f"to '{file.with_suffix('.sorted')}' (format parquet, compression zstd)"
    )


if __name__ == "__main__":
    typer.run(main)
