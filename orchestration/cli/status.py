"""The commands that look at a home as a whole: `rekindle status`, `rekindle held`.

Belongs here: reading options, calling, printing.
Does not: gathering what is shown (readers.status).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.project import Home


def status() -> None:
    """What is published, loaded, held, due and under way.

    Example: `rekindle status`
    """
    from orchestration.readers.status import status_text

    typer.echo(status_text(Home.from_environment()))


def held(
    table: Annotated[str | None, typer.Option(help="Only this one, such as orders or chain.orders.")] = None,
) -> None:
    """Why rows were held back: reasons and counts, never the rows.

    Example: `rekindle held --table orders`
    """
    from orchestration.readers.status import held_text

    typer.echo(held_text(Home.from_environment(), table))
