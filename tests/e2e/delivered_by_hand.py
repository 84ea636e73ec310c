"""Deliveries made of small CSV files, for homes that a reader can hold in the head.

Belongs here: turning files or lines into deliveries of the chain.
Does not: what is in them.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from orchestration.project import Home
from orchestration.sources.delivering import deliver


def deliver_files(home: Home, folder: Path, tables: list[str], delivered_on: date) -> None:
    """Deliver ``<folder>/<table>.csv`` for each table."""
    for table in tables:
        deliver(
            home.landing,
            "chain",
            table,
            delivered_on,
            lambda target, table=table: shutil.copy(folder / f"{table}.csv", target / "part-0.csv"),
        )


def deliver_lines(
    home: Home,
    table: str,
    lines: str,
    delivered_on: date,
    source: str = "chain",
    *,
    is_whole: bool = False,
) -> None:
    """Deliver one table from CSV text, as changes or as the whole of it."""
    deliver(
        home.landing,
        source,
        table,
        delivered_on,
        lambda target: (target / "part-0.csv").write_text(lines),
        is_whole=is_whole,
    )
