"""The command `rekindle import`: a shop's own files, shown first, delivered when somebody agrees.

Belongs here: reading options, asking on a terminal, calling, printing.
Does not: reading and converting files (orchestration.importing).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.core.errors import InputFault
from orchestration.project import Home

if TYPE_CHECKING:
    from orchestration.importing.proposing import Options, Proposal
    from orchestration.importing.shop_import import ShopImport

NOT_CONFIRMED = 3
"""Exit code where nobody was there to agree."""


def import_files(
    files: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="CSV, .gz, .xlsx or Parquet.")
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the shop; default: by the columns, or the file.")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="Zone of its times, such as Europe/Berlin.")] = None,
    currency: Annotated[str | None, typer.Option(help="Currency of its amounts, such as EUR.")] = None,
    country: Annotated[str | None, typer.Option(help="Country of its phone numbers, such as DE.")] = None,
    dates: Annotated[str | None, typer.Option(help="03/04/2025: day-first or month-first.")] = None,
    decimal: Annotated[str | None, typer.Option(help="1,234: decimal point or comma.")] = None,
    on: Annotated[
        datetime | None,
        typer.Option(
            "--date", formats=["%Y-%m-%d"], help="Day of the delivery; default: of the newest order."
        ),
    ] = None,
    table: Annotated[
        str | None, typer.Option(help="What a row is: orders, order_lines, members, ...")
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option("--map", help="'Their column=our_column'; nothing behind = leaves it out."),
    ] = None,
    statuses: Annotated[
        list[str] | None,
        typer.Option("--status", help="'Their word=completed', pending, cancelled or refunded."),
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of CSV files; default: found out.")] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="The files hold everything: what is missing is gone.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Deliver without asking.")] = False,
) -> None:
    """Bring in a shop's own files: orders, members, lines, as Shopify, WooCommerce or a list has them.

    Shows what would become of them and what would be quarantined, and delivers when you agree. What it found
    out is kept in the home's `sources/<name>/`, so the next file of that shape needs only its name.

    Example: `rekindle import orders_export.csv --name shop --zone Europe/Berlin`

    Example: `rekindle import orders.xlsx customers.csv --dates day-first --yes`

    Example: `rekindle import list.csv --map 'Ref=order_id' --map 'Paid=net_amount' --currency EUR`
    """
    from orchestration.importing.preview import preview
    from orchestration.importing.proposing import Options
    from orchestration.importing.shop_import import importing

    is_there = is_terminal() and not yes
    options = Options(
        zone=zone,
        currency=currency,
        country=country,
        dates=_one_of("--dates", dates, "day-first", "month-first"),
        decimal=_one_of("--decimal", decimal, "point", "comma"),
        table=table,
        encoding=encoding,
        delivered_on=on.date() if on else None,
        changes=_pairs("--map", changes),
        statuses=_pairs("--status", statuses),
    )
    with importing(Home.from_environment()) as shop:
        shop.read(files, name, encoding)
        if is_there and zone is None and "time_zone" not in shop.source:
            options = _with_zone(options)
        proposal = _proposed(shop, options, is_there=is_there)
        prepared = shop.prepare(proposal, options.delivered_on)
        typer.echo(preview(shop, prepared))
        typer.echo(
            f"\nTo be delivered as {shop.name}, {prepared.delivered_on}: "
            f"{', '.join(prepared.converted.files)}"
        )
        if not yes and not (is_there and typer.confirm("Deliver?")):
            typer.echo(
                "Nothing was delivered." + ("" if is_there else " To deliver, type the same with --yes.")
            )
            raise typer.Exit(0 if is_there else NOT_CONFIRMED)
        shop.deliver(prepared, is_whole=whole)
        typer.echo(
            f"Delivered. How it was read is kept in sources/{shop.name}/mapping.yml of the home; "
            "edit it as you "
            f"like.\nNext: rekindle run --as-of {prepared.delivered_on}"
        )


def is_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _proposed(shop: ShopImport, options: Options, *, is_there: bool) -> Proposal:
    from dataclasses import replace

    from orchestration.importing.forms import Undecided

    while True:
        try:
            return shop.propose(options)
        except Undecided as question:
            if not is_there:
                raise
            typer.echo(question.text)
            answer = ""
            while answer not in question.allowed:
                answer = typer.prompt(f"{question.option}: {' or '.join(question.allowed)}")
            options = replace(options, **{question.option: answer})


def _with_zone(options: Options) -> Options:
    from dataclasses import replace

    from orchestration.definitions_files.variables import project_variables

    usual = str(project_variables()["business_time_zone"])
    return replace(options, zone=typer.prompt("Zone of the times (such as Europe/Berlin)", default=usual))


def _pairs(option: str, texts: list[str] | None) -> dict[str, str]:
    pairs = {}
    for text in texts or ():
        theirs, sign, ours = text.rpartition("=")
        if not sign or not theirs.strip():
            raise InputFault(f"{option} {text}: write 'theirs=ours', such as 'Order No=order_id'.")
        pairs[theirs.strip()] = ours.strip()
    return pairs


def _one_of(option: str, value: str | None, *allowed: str) -> str | None:
    if value is not None and value not in allowed:
        raise InputFault(f"{option} {value}: allowed are {' and '.join(allowed)}.")
    return value
