"""The command `rekindle export`.

Belongs here: reading options, calling, printing counts.
Does not: who is exported (orchestration.exports), printing members.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration.core.summary import text_table


def export(
    week: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Monday of the campaign week; default: newest published."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder that gets a copy of what this run writes.")
    ] = None,
) -> None:
    """Write the files for sending tools, of what is published and sealed; each file once.

    Example: `rekindle export` or `rekindle export --week 2025-12-29 --out outbox`
    """
    from orchestration.exports.writing import export as export_week
    from orchestration.project import Home

    home = Home.from_environment()
    files = export_week(home, week.date() if week else None, out.resolve() if out else None)
    rows = [
        [
            file.manifest["campaign"],
            file.manifest["channel"],
            str(file.manifest["step_no"]),
            f"{file.manifest['planned']:,}",
            f"{file.manifest['rows']:,}",
            ", ".join(f"{reason} {count:,}" for reason, count in file.manifest["left_out"].items()),
            "now" if file.is_new else "before",
        ]
        for file in files
    ]
    typer.echo(text_table(["campaign", "channel", "step", "planned", "rows", "left out", "written"], rows))
    typer.echo(
        f"\nThey hold contact details: {home.exports} is its owner's alone. Receipts come back with\n"
        "rekindle deliver receipts.csv --source receipts --table touches --date <day>"
    )
