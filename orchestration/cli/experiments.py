"""The commands about experiments: `rekindle experiments ...`.

Belongs here: reading options, calling, printing.
Does not: evaluating (fits.evaluating), SQL.
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

import typer

from orchestration.core.summary import text_table
from orchestration.project import Home

NOTHING = "Nothing to show yet."

app = typer.Typer(
    name="experiments",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Experiments of the published version: what is planned, running and decided.\n\n"
    "Example: `rekindle experiments results`",
)


@app.command("list")
def list_experiments() -> None:
    """Every experiment with its arms, how many were assigned, and what was decided.

    Example: `rekindle experiments list`
    """
    _print("list")


@app.command("plan")
def plan_experiments() -> None:
    """What each experiment can find, with a warning where its audience is too small.

    Example: `rekindle experiments plan`
    """
    _print("plan")


@app.command("results")
def show_results() -> None:
    """The primary metric of every started experiment, look by look; look 0 is everybody matured so far.

    Whether those held out of everything were left alone stands at the end.

    Example: `rekindle experiments results`
    """
    from orchestration.readers.experiments import holdout_block, read_experiments, result_block

    blocks = []
    for question, as_block in {"results": result_block, "holdouts": holdout_block}.items():
        columns, rows = read_experiments(Home.from_environment(), question)
        blocks += [as_block(dict(zip(columns, row, strict=True))) for row in rows]
    typer.echo("\n".join(blocks or [NOTHING]))


@app.command("money")
def show_money() -> None:
    """What each arm left over after its cost, and the return on cost, by the looks that are final.

    Example: `rekindle experiments money`
    """
    _print("money")


@app.command("program")
def show_program() -> None:
    """What the whole program brought, against those never contacted; money only from `final_on` on.

    Example: `rekindle experiments program`
    """
    _print("program")


@app.command("proposals")
def show_proposals() -> None:
    """Pilots of a region or store that met their target: proposed for all.

    Example: `rekindle experiments proposals`
    """
    _print("proposals")


def _print(question: str) -> None:
    from orchestration.readers.experiments import read_experiments

    columns, rows = read_experiments(Home.from_environment(), question)
    headings = [column.replace("_", " ") for column in columns]
    typer.echo(text_table(headings, rows) if rows else NOTHING)
