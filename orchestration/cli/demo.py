"""The whole way in one command: `rekindle demo`, `rekindle real`.

Belongs here: the order of steps, reading options, printing.
Does not: the steps (the modules beside).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

import os
import shutil
from typing import Annotated

import typer

from orchestration.cli.deliver import deliver_journey
from orchestration.cli.export import export_week
from orchestration.cli.run import WEEKS, Weeks, print_published, run_daily
from orchestration.cli.sample import (
    MEMBERS,
    SEED,
    Members,
    Seed,
    deliver_answers,
    deliver_first_part,
)
from orchestration.core.errors import InputFault
from orchestration.project import HOME_VARIABLE, PROJECT_DIR, Home

DEMO_WEEKS = 26

Fresh = Annotated[bool, typer.Option("--fresh", help="Remove the home first (only one inside var/).")]


def demo(
    members: Members = MEMBERS, seed: Seed = SEED, weeks: Weeks = DEMO_WEEKS, fresh: Fresh = False
) -> None:
    """The whole way on a simulated chain, in var/demo: decided, sealed, exported, answered, read.

    Example: `rekindle demo` or `rekindle demo --members 20000 --fresh`
    """
    from orchestration.progress import Terminal

    home = _choose_home("demo", fresh)
    with Terminal() as terminal:
        first = deliver_first_part(terminal, members, seed)
        if first is not None:
            # States of one day are enough to decide who is contacted.
            run_daily(terminal, first, weeks=0)
            terminal.begin("export")
            export_week(home)
            deliver_answers(terminal)
        run_daily(terminal, None, weeks)
        terminal.begin("export")
        export_week(home)
    print_published(terminal)


def real(weeks: Weeks = WEEKS, fresh: Fresh = False) -> None:
    """The whole way on the Complete Journey data, in var/real.

    Example: `rekindle real` (installed by `make real`)
    """
    from orchestration.progress import Terminal
    from orchestration.sources.complete_journey import LAST_DAY

    # The households' own last day: theirs is not the project's business time zone.
    _choose_home("real", fresh)
    with Terminal() as terminal:
        deliver_journey(terminal)
        run_daily(terminal, LAST_DAY, weeks)
    print_published(terminal)


def _choose_home(name: str, fresh: bool) -> Home:
    """The home of that name inside var/ unless another is named; emptied first when asked for."""
    if not os.environ.get(HOME_VARIABLE):
        os.environ[HOME_VARIABLE] = str(PROJECT_DIR / "var" / name)
    home = Home.from_environment()
    if fresh and home.root.exists():
        if PROJECT_DIR / "var" not in home.root.parents:
            raise InputFault(
                f"--fresh removes only homes inside {PROJECT_DIR / 'var'}, not {home.root}; "
                "remove that one yourself."
            )
        from orchestration.warehouse.lock import hold_build_lock

        with hold_build_lock(home, "removing the home"):
            shutil.rmtree(home.root)
    return home
