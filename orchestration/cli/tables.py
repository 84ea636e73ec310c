"""The command `rekindle tables`.

Belongs here: reading the manifest, printing.
Does not: what the page says (core.tables_page).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

import json

import typer

from orchestration.core.errors import RekindleError


def tables() -> None:
    """Print every public table with what a row of it is, as Markdown: `docs/tables.md`.

    Example: `rekindle tables > docs/tables.md`
    """
    from orchestration.core.tables_page import tables_page
    from orchestration.warehouse.dbt import prepare

    made = prepare()
    try:
        manifest = json.loads(made.read_text(encoding="utf-8"))
    except ValueError:
        raise RekindleError(f"{made} is damaged. Remove it, then type: rekindle prepare") from None
    typer.echo(tables_page(manifest), nl=False)
