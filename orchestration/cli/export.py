"""The command `rekindle export`.

Belongs here: reading options, calling, printing counts.
Does not: who is exported (orchestration.exports), printing members.
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.core.summary import text_table
from orchestration.project import Home

if TYPE_CHECKING:
    from orchestration.exports.writing import Exported


def export(
    week: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Monday of the campaign week; default: newest published."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder that gets a copy of what this run writes.")
    ] = None,
    drt: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="New folder that gets a drt project for the week's files."),
    ] = None,
) -> None:
    """Write the files for sending tools, of what is published and sealed; each file once.

    Example: `rekindle export` or `rekindle export --week 2025-12-29 --out outbox`
    """
    home = Home.from_environment()
    files = export_week(home, week.date() if week else None, out.resolve() if out else None)
    recalls = [file for file in files if file.is_recall]
    files = [file for file in files if not file.is_recall]
    typer.echo(exports_text(files))
    if recalls:
        typer.echo("\n" + recalls_text(recalls))
    if drt is not None:
        from orchestration.exports.recipe import write_recipe

        monday = date.fromisoformat(files[0].manifest["campaign_week"])
        written = write_recipe(home, monday, [file.manifest["channel"] for file in files], drt.resolve())
        typer.echo(f"\nA drt project of {len(written)} files: {drt}. Set the addresses in its syncs/.")
    typer.echo(
        f"\nThey hold contact details: {home.exports} is its owner's alone. Receipts come back with\n"
        "rekindle deliver receipts.csv --source receipts --table touches --date <day>"
    )


def export_week(home: Home, week: date | None = None, out: Path | None = None) -> list[Exported]:
    """Write what a week asks for; see :func:`orchestration.exports.writing.export`."""
    from orchestration.exports.writing import export as write_export

    return write_export(home, week, out)


def recalls_text(recalls: list[Exported]) -> str:
    """What was exported earlier and is taken back, a row per recall."""
    rows = [
        [
            recall.manifest["campaign"],
            recall.manifest["channel"],
            str(recall.manifest["step_no"]),
            f"{recall.manifest['rows']:,}",
            ", ".join(f"{reason} {count:,}" for reason, count in recall.manifest["recalled"].items()),
            recall.folder.name,
        ]
        for recall in recalls
    ]
    table = text_table(["campaign", "channel", "step", "recalled", "because", "folder"], rows)
    return f"Exported earlier and not to be sent any more: hand these to the sending tools at once.\n{table}"


def exports_text(files: list[Exported]) -> str:
    """A table of files, one row each."""
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
    table = text_table(["campaign", "channel", "step", "planned", "rows", "left out", "written"], rows)
    unreadable = max((file.manifest.get("consents_of_nobody", 0) for file in files), default=0)
    if not unreadable:
        return table
    return (
        f"{table}\n\nConsent events refused that name nobody who is known: {unreadable:,}. They may be\n"
        "opt-outs: see rekindle quarantine --table consents, and ask the source before anything is sent."
    )
