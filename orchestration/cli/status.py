"""The commands that look at a home as a whole: `rekindle status`, `rekindle quarantine`.

Belongs here: reading options, calling, printing.
Does not: gathering what is shown (readers.status).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.project import Home


def status(
    tables: Annotated[bool, typer.Option("--tables", help="Only the rows of each published table.")] = False,
) -> None:
    """What is published, loaded, quarantined, due and under way.

    Example: `rekindle status` or `rekindle status --tables`
    """
    from orchestration.exports.handing_over import left_behind
    from orchestration.readers.status import status_text, tables_text

    home = Home.from_environment()
    typer.echo(tables_text(home) if tables else status_text(home))
    left = [] if tables else left_behind(home)
    if left:
        typer.echo("\nA killed export left contact details, which the next rekindle export removes:")
        typer.echo("\n".join(f"  {folder}" for folder in left))


def quarantine(
    table: Annotated[str | None, typer.Option(help="Only this one, such as orders or chain.orders.")] = None,
) -> None:
    """Why rows are in quarantine: reasons and counts, never the rows.

    Example: `rekindle quarantine --table orders`
    """
    from orchestration.readers.status import quarantine_text

    typer.echo(quarantine_text(Home.from_environment(), table))
