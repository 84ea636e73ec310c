"""The commands about published versions: `rekindle rollback`, `rekindle verify`.

Belongs here: reading options, calling, printing.
Does not: switching and checking (orchestration.warehouse.versions).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.core.errors import RekindleError
from orchestration.core.summary import counted
from orchestration.project import Home


def rollback(
    to: Annotated[str | None, typer.Option(help="A kept version; default: the one before.")] = None,
) -> None:
    """Give readers an earlier version.

    Example: `rekindle rollback` or `rekindle rollback --to 2025-12-28-1a2b3c4d`
    """
    from orchestration.warehouse.lock import hold_build_lock
    from orchestration.warehouse.versions import rollback as go_back

    home = Home.from_environment()
    with hold_build_lock(home, "rolling back"):
        manifest = go_back(home, to)
    typer.echo(f"Readers now get {manifest.build_id} (as of {manifest.as_of_date}).")


def verify(
    version: Annotated[str | None, typer.Argument(help="Build id; default: what readers get.")] = None,
) -> None:
    """Compare a published version with its manifest, rows, dates and bytes, and the ledger with its seals.

    Example: `rekindle verify`
    """
    from orchestration.ledger.index import read_index
    from orchestration.ledger.seals import seals
    from orchestration.warehouse.versions import current_version
    from orchestration.warehouse.versions import verify as faults_of

    home = Home.from_environment()
    faults = faults_of(home, version)
    try:
        sealed, noted = seals(home), read_index(home)
    except RekindleError as error:
        faults.append(str(error))
    if faults:
        typer.echo("\n".join(faults), err=True)
        raise typer.Exit(1)
    typer.echo(f"{version or current_version(home)} is what was published: every table, date, row and byte.")
    if sealed:
        taken_over = sum(each.is_taken_over for each in noted or [])
        typer.echo(
            f"The ledger is what was sealed: {counted(len(sealed), 'seal')}"
            + (f", {taken_over:,} taken over from before they were noted." if taken_over else ".")
            + ("" if noted else " None is noted in an index yet; the next build or seal notes them.")
        )
