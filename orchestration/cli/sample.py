"""The commands of the sample chain: `rekindle sample`, `answer`, `truth`, and the demo's way through them.

Belongs here: reading options, calling, printing.
Does not: simulating (orchestration.sources.sample), the commands of any business (the modules beside).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.core.errors import InputFault
from orchestration.core.summary import text_table
from orchestration.project import Home

if TYPE_CHECKING:
    from orchestration.progress import Terminal
MEMBERS, SEED = 8_000, 7
# The demo's first campaign week is old enough at the end for an outcome of 28 days.
WEEKS_TO_ANSWER = 5

Members = Annotated[int, typer.Option(min=1, help="People to simulate.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same chain.")]


def sample(
    members: Members = MEMBERS,
    seed: Seed = SEED,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day of the two years.")
    ] = None,
    known_until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Deliver up to this day; `rekindle answer` delivers the rest."
        ),
    ] = None,
) -> None:
    """Simulate a chain of stores and deliver its tables.

    Example: `rekindle sample --members 5000 --seed 3 --known-until 2025-11-23`
    """
    from orchestration.progress import Terminal

    with Terminal() as terminal:
        deliver_sample(terminal, members, seed, _day(until), _day(known_until))


def answer(
    until: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Day to live up to; default: the sample's last day."),
    ] = None,
) -> None:
    """Let the simulated members get what was exported, answer it, and live on; deliver all of it.

    Example: `rekindle answer` after `rekindle export`; then `rekindle run`
    """
    from orchestration.progress import Terminal

    with Terminal() as terminal:
        deliver_answers(terminal, _day(until))


def truth() -> None:
    """What exported messages truly did to the simulated members, beside what the experiments estimate.

    Example: `rekindle truth`
    """
    typer.echo(truth_text(Home.from_environment()))


def deliver_sample(
    terminal: Terminal, members: int, seed: int, until: date | None = None, known_until: date | None = None
) -> None:
    """Simulate, unless this very sample was delivered before; then there is nothing to do."""
    from orchestration.sources.sample import LAST_DAY, Lives, delivered, simulate

    home = Home.from_environment()
    lives = Lives(members, seed, until or LAST_DAY)
    before = delivered(home.truth)
    terminal.begin("sample")
    if before is None:
        simulate(home.landing, home.truth, lives, known_until, say=terminal.say)
    elif before[0] == lives and before[1] >= (known_until or lives.until):
        terminal.say("delivered before")
    else:
        raise InputFault(
            f"{home.root} holds the sample {before[0]}, known until {before[1]}, not {lives}. "
            "Type: rekindle demo --fresh, or to go on with this one: rekindle answer"
        )


def deliver_answers(terminal: Terminal, until: date | None = None) -> None:
    """Answer what was exported and deliver what happened up to a day."""
    from orchestration.sources.sample import live_on

    home = Home.from_environment()
    terminal.begin("answer")
    live_on(home.landing, home.truth, home.exports, home.ledger, until, say=terminal.say)


def deliver_first_part(terminal: Terminal, members: int, seed: int) -> date | None:
    """Deliver the sample up to the demo's first campaign week.

    Returns:
        The day before that week; None when the sample has answered it already.
    """
    from orchestration.sources.sample import LAST_DAY, Lives, delivered

    first = LAST_DAY - timedelta(weeks=WEEKS_TO_ANSWER)
    deliver_sample(terminal, members, seed, known_until=first)
    return None if delivered(Home.from_environment().truth) == (Lives(members, seed), LAST_DAY) else first


def truth_text(home: Home) -> str:
    """The table of estimates and true effects."""
    from orchestration.sources.sample.true_effects import true_effects

    columns, rows = true_effects(home.published_file, home.truth)
    if not rows:
        return "No experiment has members whose outcome is over. Type: rekindle answer, then: rekindle run"
    shown = [[_shown(value) for value in row] for row in rows]
    read = [row[columns.index("is_inside")] for row in rows if row[columns.index("is_inside")] is not None]
    return (
        text_table([column.replace("_", " ") for column in columns], shown)
        + f"\n\n{sum(read)} of the {len(read)} true effects that have an interval lie inside it."
    )


def _shown(value: object) -> int | str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return value
    return "" if value is None else value if isinstance(value, str) else f"{value:.3f}"


def _day(asked: datetime | None) -> date | None:
    return asked.date() if asked else None
