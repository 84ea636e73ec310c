"""The commands that report: `rekindle report ...`.

Belongs here: reading options, calling, printing, writing the files asked for.
Does not: tables and pictures (orchestration.report), computing (dbt).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.core.errors import RekindleError
from orchestration.project import Home

PAGE, PICTURE = "churn_backtest.md", "churn_reliability.svg"

app = typer.Typer(
    name="report",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Tables and pictures of what is published.\n\nExample: `rekindle report churn`",
)


@app.callback()
def about() -> None:
    """Keeps `churn` a command of its own while it is the only one."""


@app.command("churn")
def report_churn(
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Write the tables and the reliability plot here.")
    ] = None,
    title: Annotated[str, typer.Option(help="Stands above the plot.")] = "Reliability 可靠性",
) -> None:
    """How well past scores told who would buy nothing: rules, RFM and probabilities on the same as-of dates.

    Example: `rekindle report churn` or `rekindle report churn --out var/report`
    """
    from orchestration.report.churn_figures import read_figures
    from orchestration.report.churn_page import churn_page
    from orchestration.report.churn_picture import reliability_svg

    home = Home.from_environment()
    if not home.published_file.exists():
        raise RekindleError(f"Nothing is published in {home.root} yet. Type: rekindle run")
    figures = read_figures(home.published_file)
    page = churn_page(figures)
    if out is None:
        typer.echo(page)
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / PAGE).write_text(page, encoding="utf-8")
    (out / PICTURE).write_text(reliability_svg(figures, title), encoding="utf-8")
    typer.echo(f"{out / PAGE}\n{out / PICTURE}")
