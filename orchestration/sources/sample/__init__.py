"""The sample chain: a seeded simulation of a chain of stores, its members and two years of their lives.

Belongs here: simulating, living on, and delivering the tables as known on a day.
Does not: what is simulated (the modules beside), what is kept as truth (truth).
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb
import yaml

from orchestration.core.errors import InputFault
from orchestration.project import STAGING_DIR
from orchestration.sources.delivering import deliver, delivery_folder, refuse_existing
from orchestration.sources.sample.simulation import (
    AS_CSV,
    CHUNK,
    KNOWN_BY,
    LAST_DAY,
    RECEIPTS,
    Asked,
    Lives,
    Simulation,
)

__all__ = ["AS_CSV", "LAST_DAY", "Effort", "Lives", "delivered", "live_on", "simulate"]

SOURCE = "chain"
NOT_DELIVERED = ("currency",)
"""Columns of the contract that this chain has no use for."""
_LIVES = "lives.json"


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
        InputFault: The day lies after the lives.
        InputFault: The deliveries of that day exist already.
    """
    until = known_until or lives.until
    if until > lives.until:
        raise InputFault(f"known until {until}: the sample's lives end on {lives.until}.")
    tables = {table: (SOURCE, table, columns) for table, columns in contract_columns(SOURCE).items()}
    return _deliver(landing, truth, lives, tables, (None, until), Asked(), effort, say)


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
        InputFault: There is no sample, or it has no such day left.
        InputFault: The deliveries of that day exist already.
    """
    lives, known_from = delivered(truth) or (None, None)
    if lives is None or known_from is None:
        raise InputFault(f"{truth} knows of no sample. Type: rekindle sample")
    until = known_until or lives.until
    if not known_from < until <= lives.until:
        raise InputFault(
            f"The sample is delivered until {known_from} and its lives end on {lives.until}: "
            f"{until} cannot be delivered."
        )
    tables = {
        table: (SOURCE, table, columns)
        for table, columns in contract_columns(SOURCE).items()
        if table in KNOWN_BY
    }
    tables[RECEIPTS] = (RECEIPTS, "touches", contract_columns(RECEIPTS)["touches"])
    asked = Asked(exports, ledger)
    return _deliver(landing, truth, lives, tables, (known_from, until), asked, effort, say)


def delivered(truth: Path) -> tuple[Lives, date] | None:
    """Which sample is delivered, and until which day; None when there is none.

    Raises:
        InputFault: The note of it is damaged.
    """
    note = truth / _LIVES
    if not note.exists():
        return None
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
    except ValueError:
        raise InputFault(
            f"{note} is damaged: nothing else says which sample this is. Bring it back, or name another home."
        ) from None
    lives = Lives(kept["members"], kept["seed"], date.fromisoformat(kept["until"]), kept["years"])
    return lives, date.fromisoformat(kept["known_until"])


def _deliver(
    landing: Path,
    truth: Path,
    lives: Lives,
    tables: dict[str, tuple[str, str, list[tuple[str, str]]]],
    known: tuple[date | None, date],
    asked: Asked,
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
            simulation = Simulation(con, making, columns, lives, known, say)
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
    """Name and type of the columns of each table that the sample delivers, from the contract of a source."""
    contract = yaml.safe_load((STAGING_DIR / source / f"{source}__sources.yml").read_text(encoding="utf-8"))
    return {
        table["name"]: [
            (column["name"], column["data_type"])
            for column in table["columns"]
            if column["name"] not in NOT_DELIVERED
        ]
        for table in contract["sources"][0]["tables"]
    }


def _move(made: Path, target: Path) -> None:
    """Move files into a folder: a rename within one file system; a file of the same name is replaced."""
    for path in sorted(made.iterdir()):
        shutil.move(path, target / path.name)
