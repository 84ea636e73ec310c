"""The commands that look at a home as a whole: `rekindle status`, `rekindle quarantine`.

Belongs here: reading options, calling, printing.
Does not: gathering what is shown (readers.status, readers.quarantine).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from pathlib import Path
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
    table: Annotated[
        str | None, typer.Option(help="The rows of this one, such as orders or chain.orders.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Only rows of this source.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="Only rows with this in a reason, such as 'not a bigint'.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows shown of each table, at most.")] = 20,
    file: Annotated[
        Path | None, typer.Option("--csv", help="Write the open rows of one table to this file, to correct.")
    ] = None,
) -> None:
    """Which rows are in quarantine, what was found in them, what is allowed, and what was corrected since.

    Without a table, source or reason: reasons and counts. What may be a contact detail is never shown.

    Example: `rekindle quarantine --table orders` or `rekindle quarantine --table orders --csv bad.csv`
    """
    from orchestration.readers.quarantine import quarantine_text, write_for_correction
    from orchestration.readers.refused_rows import Wanted

    home, wanted = Home.from_environment(), Wanted(table, source, reason)
    if file is not None:
        typer.echo(write_for_correction(home, wanted, file))
    else:
        typer.echo(quarantine_text(home, wanted, limit))
