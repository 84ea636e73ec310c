"""The commands about tags: `rekindle tags ...`.

Belongs here: reading options, calling, printing.
Does not: what is wrong with a definition (core.tag_definitions), SQL.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from orchestration.core.summary import text_table

tags = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Tags of members: list and check their definitions in seeds/tags.\n\nExample: `rekindle tags check`",
)


@tags.command("list")
def list_tags() -> None:
    """Every tag with its layer, labels, owner and action.

    Example: `rekindle tags list`
    """
    from orchestration.tag_files import read_definitions

    columns = ["tag", "layer", "label_en", "label_zh", "owner", "action"]
    rows = [[row[column] for column in columns] for row in read_definitions().tags]
    typer.echo(text_table(columns, rows))


@tags.command("check")
def check_tags(
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="As-of date on which no tag may have expired; default: today."
        ),
    ] = None,
) -> None:
    """Hold the definitions against the rules, as every build does first; lists all faults at once.

    Example: `rekindle tags check` or `rekindle tags check --on 2025-12-28`
    """
    from orchestration.tag_files import check_definitions

    day = (on or datetime.now(UTC)).date()
    definitions = check_definitions(day)
    typer.echo(f"{len(definitions.tags)} tags, {len(definitions.rules)} clauses: nothing is wrong on {day}.")
