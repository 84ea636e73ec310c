"""The commands about audiences: `rekindle audiences ...`.

Belongs here: reading options, calling, printing.
Does not: deciding who enters (dbt's models), sealing (orchestration.ledger), layout (readers).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.core.errors import RekindleError
from orchestration.core.summary import text_table
from orchestration.project import Home

if TYPE_CHECKING:
    from orchestration.ledger.seals import Seal
    from orchestration.progress import Terminal
app = typer.Typer(
    name="audiences",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Weekly audiences of campaigns: show, seal, compare and correct.\n\n"
    "Example: `rekindle audiences show`",
)

Week = Annotated[
    datetime | None,
    typer.Option("--week", formats=["%Y-%m-%d"], help="Monday of the week; default: the newest."),
]
SealedWeek = Annotated[
    datetime, typer.Option("--week", formats=["%Y-%m-%d"], help="Monday of a sealed week.")
]


@app.command("show")
def show(week: Week = None) -> None:
    """A week per campaign: from everyone who matched to everyone who entered, journeys and touches.

    Example: `rekindle audiences show` or `rekindle audiences show --week 2025-12-29`
    """
    typer.echo(audiences_text(Home.from_environment(), week.date() if week else None))


def audiences_text(home: Home, week: date | None = None) -> str:
    """The waterfall, journeys and touches of a week, and what is sealed of it."""
    from orchestration.ledger.sealing import newest_seals
    from orchestration.readers.audience_tables import journey_blocks, waterfall_blocks
    from orchestration.readers.audiences import read_audiences

    read = read_audiences(home, week)
    sealed = newest_seals(home, read.campaign_week)
    journeys = "\n".join(journey_blocks(read.rows["journeys"]))
    touches = [tuple(row.values()) for row in read.rows["touches"]]
    return "\n\n".join(
        [
            f"Campaign week {read.campaign_week}: who enters, and the first reason why the others do not",
            "\n".join(waterfall_blocks(read.rows["waterfall"])),
            *([f"Journeys on the day before\n\n{journeys}"] if journeys else []),
            text_table(["touches 触达", "step", "channel", "planned 计划", "capped 受限"], touches),
            _sealed_text(sealed, read.campaign_week),
        ]
    )


@app.command("seal")
def seal(week: Week = None) -> None:
    """Check the audiences that the published version proposes, and seal them; a sealed week stays as it is.

    Example: `rekindle audiences seal` or `rekindle audiences seal --week 2025-12-29`
    """
    from orchestration.ledger.sealing import due_weeks, newest_seals, refuse_redefined
    from orchestration.progress import Terminal
    from orchestration.readers.audiences import read_audiences

    home = Home.from_environment()
    chosen = read_audiences(home, week.date() if week else None).campaign_week
    if chosen in due_weeks(home):
        with Terminal() as terminal:
            _seal(home, chosen, terminal)
    else:
        refuse_redefined(home, chosen)
    typer.echo(_sealed_text(newest_seals(home, chosen), chosen))


@app.command("compare")
def compare(week: SealedWeek) -> None:
    """Rebuild a sealed week from the facts and compare it, byte by byte, with its seal. Nothing is changed.

    Example: `rekindle audiences compare --week 2025-12-29`
    """
    from orchestration.ledger.correcting import decided_anew
    from orchestration.ledger.seals import differences

    home = Home.from_environment()
    with decided_anew(home, week.date()) as (build, rebuilt):
        found = differences(home, rebuilt)
    if found:
        raise RekindleError(
            "\n".join(found) + "\nWhat was sealed stays. The facts, the definitions or the code changed."
        )
    typer.echo(
        f"{len(rebuilt)} campaigns of {week.date()} rebuilt as of {build.as_of_date}: every byte is equal."
    )


@app.command("correct")
def correct(
    week: SealedWeek,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the manifest.")],
    campaign: Annotated[
        list[str] | None, typer.Option(help="Only this one; may be given several times. Default: all.")
    ] = None,
) -> None:
    """Decide a sealed week anew and seal it as the next version; the former one stays beside it.

    Example: `rekindle audiences correct --week 2025-12-29 --campaign second_order --reason "late orders"`
    """
    from orchestration.ledger.correcting import correct as correct_week

    if not reason.strip():
        raise typer.BadParameter("a correction needs a reason", param_hint="--reason")
    made = correct_week(Home.from_environment(), week.date(), campaign or (), reason.strip())
    typer.echo(_sealed_text(made, week.date()))
    typer.echo("Readers get it with the next build: rekindle run")


def seal_due_weeks(home: Home, terminal: Terminal) -> None:
    """Seal every decided week of the published version that is not sealed yet."""
    from orchestration.ledger.sealing import due_weeks

    for week in due_weeks(home):
        _seal(home, week, terminal)


def _seal(home: Home, week: date, terminal: Terminal) -> None:
    from orchestration.runs import CheckFailed, run_job

    try:
        run_job(home, "seal", terminal, as_of=week)
    except CheckFailed as error:
        raise CheckFailed(
            f"Week {week} was not sealed; what is published stays published.\n{error}\n"
            "Look at: rekindle audiences show. Where the change is wanted, raise its bound in "
            "seeds/campaigns/campaign_settings.csv, then: rekindle run"
        ) from error


def _sealed_text(sealed: list[Seal], week: date) -> str:
    if not sealed:
        return f"Week {week} is not sealed. Type: rekindle audiences seal --week {week}"
    rows = [
        (
            each.campaign,
            f"v{each.version}",
            each.counts["decisions"],
            each.counts["included"],
            each.counts["touches"],
            each.definition_hash[:12],
            each.reason or "-",
        )
        for each in sealed
    ]
    headings = ["sealed 已封存", "version", "matched", "included", "touches", "definition", "reason"]
    return text_table(headings, rows)
