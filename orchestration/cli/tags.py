"""The commands about tags: `rekindle tags ...`.

Belongs here: reading options, calling, printing.
Does not: what is wrong with a definition (core.tag_definitions), SQL.
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.core.summary import share, text_table
from orchestration.project import SEEDS_DIR, Home

if TYPE_CHECKING:
    from rich.table import Table

    from orchestration.readers.tag_preview import Moved

WIDTH = 110
"""Columns of the preview, also where no terminal says how wide it is."""

app = typer.Typer(
    name="tags",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Tags of members: list and check their definitions in seeds/tags.\n\nExample: `rekindle tags check`",
)


@app.command("list")
def list_tags() -> None:
    """Every tag with its layer, labels, owner and action.

    Example: `rekindle tags list`
    """
    from orchestration.definitions_files.tags import read_definitions

    columns = ["tag", "layer", "label_en", "label_zh", "owner", "action"]
    rows = [[row[column] for column in columns] for row in read_definitions().tags]
    typer.echo(text_table(columns, rows))


@app.command("check")
def check_tags(
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="As-of date on which no tag may have expired; default: today."
        ),
    ] = None,
) -> None:
    """Find all that a build would refuse of the definitions, and of any others; lists all faults at once.

    Example: `rekindle tags check` or `rekindle tags check --on 2025-12-28`
    """
    from orchestration.definitions_files.tags import check_definitions

    day = (on or datetime.now(UTC)).date()
    definitions = check_definitions(day)
    typer.echo(f"{len(definitions.tags)} tags, {len(definitions.rules)} clauses: nothing is wrong on {day}.")


@app.command("preview")
def preview_tags(
    seeds: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="Folder of changed definitions; default: seeds/tags as it is now.",
        ),
    ] = None,
) -> None:
    """How many members the definitions as they are now would move, against what is published.

    Nothing changes: published attributes are read, and dbt runs the models of tags in a file of their own.

    Example: `rekindle tags preview` or `rekindle tags preview --seeds drafts/tags`
    """
    from rich.console import Console

    from orchestration.definitions_files.tags import check_definitions
    from orchestration.readers.tag_preview import preview, published_day

    home = Home.from_environment()
    folder = seeds or SEEDS_DIR / "tags"
    day = published_day(home)
    check_definitions(day, folder)
    shown = preview(home, folder, day)
    moved = [tag for tag in shown.tags if tag.is_changed or tag.gained or tag.lost]
    typer.echo(f"As of {shown.as_of_date}, {shown.members:,} members; published against {folder}")
    if moved:
        Console(width=WIDTH).print(_moved_table(moved, shown.members))
    typer.echo(f"{_those_that_stay(len(shown.tags), len(moved))} Nothing was changed.")


def _those_that_stay(tags: int, moved: int) -> str:
    if not moved:
        return f"All {tags} tags stay as they are."
    if moved == tags:
        return "No tag stays as it is."
    return (
        "1 other tag stays as it is." if tags - moved == 1 else f"{tags - moved} other tags stay as they are."
    )


def _moved_table(moved: Sequence[Moved], members: int) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("tag", "definition"):
        table.add_column(name, no_wrap=True)
    for name in ("before", "after", "gained", "lost", "share", "expected"):
        table.add_column(name, justify="right", no_wrap=True)
    for tag in moved:
        state = "changed" if tag.was_defined and tag.is_defined else "new" if tag.is_defined else "removed"
        is_expected = tag.is_defined and tag.lowest <= Decimal(tag.after) / members <= tag.highest
        table.add_row(
            tag.tag,
            state if tag.is_changed else "as it was",
            *(f"{count:,}" for count in (tag.before, tag.after, tag.gained, tag.lost)),
            share(tag.after, members) + ("" if is_expected or not tag.is_defined else " !"),
            f"{tag.lowest:.1%} to {tag.highest:.1%}" if tag.is_defined else "-",
        )
    return table
