"""How fast the whole way is, as ratios measured side by side in one run.

Belongs here: timing what the project does on a sample chain of any size, and printing it.
Does not: assertions (no test asserts a time), anything the project itself needs.

Usage: make bench, or python -m benchmarks.whole_way --members 100000
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from orchestration.core.calendar import as_of_dates_for
from orchestration.core.summary import text_table
from orchestration.ledger.opening import start_build
from orchestration.loader import load
from orchestration.loader.contracts import read_contracts
from orchestration.project import SEEDS_DIR, STAGING_DIR, Home
from orchestration.sources.sample import Lives, simulate
from orchestration.warehouse.builds import BUILD_COMMAND, Build, audit
from orchestration.warehouse.dbt import invoke_dbt
from orchestration.warehouse.publish import publish

AS_OF = date(2025, 12, 28)
WEEKS = 52


def measured(work: Callable[[], object]) -> tuple[object, float, float]:
    """What the work gave, its CPU seconds in this process and its wall seconds."""
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    result = work()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return result, cpu, time.perf_counter() - started


def build(home: Home, weeks: int) -> Build:
    """All models and data tests for the as-of date and the Sundays before it."""
    started = start_build(
        home, as_of_dates_for(AS_OF, weeks), run_id=f"bench{weeks:03}", code_version="bench"
    )
    invoke_dbt(
        list(BUILD_COMMAND),
        home=home,
        warehouse=started.file,
        target_path=started.target_path,
    )
    audit(started)
    return started


def main(members: Annotated[int, typer.Option(help="People to simulate.")] = 20_000) -> None:
    """Simulate, load, build one as-of date, build a year of weeks, publish; print seconds and ratios."""
    with tempfile.TemporaryDirectory(prefix="rekindle-bench-") as folder:
        home = Home(Path(folder))
        delivered, *sample = measured(
            lambda: simulate(home.landing, home.root / "truth", Lives(members, until=AS_OF))
        )
        _, *loading = measured(
            lambda: load(home, read_contracts(STAGING_DIR), lambda _: None, seeds_dir=SEEDS_DIR)
        )
        rows = sum(delivered.values())
        # dbt parses once, before anything is compared.
        measured(lambda: build(home, 0))
        _, *one = measured(lambda: build(home, 0))
        year_build, *year = measured(lambda: build(home, WEEKS))
        _, *publishing = measured(lambda: publish(home, year_build))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    steps = {
        "sample": sample,
        "load": loading,
        "build, one as-of date": one,
        f"build, {WEEKS + 1} as-of dates": year,
        "publish": publishing,
    }
    typer.echo(
        text_table(
            ["step", "CPU s", "wall s"],
            [(name, round(cpu, 1), round(wall, 1)) for name, (cpu, wall) in steps.items()],
        )
    )
    typer.echo(
        f"\n{members:,} members, {rows:,} rows delivered; peak memory {peak:.1f} GiB\n"
        f"loader: {rows / loading[0]:,.0f} rows per CPU second\n"
        f"{WEEKS + 1} as-of dates in one pass cost {year[0] / one[0]:.1f} times one; "
        f"one by one it would be {WEEKS + 1} times"
    )


if __name__ == "__main__":
    typer.run(main)
