"""The commands about campaign definitions: `rekindle campaigns ...`.

Belongs here: reading options, calling, printing.
Does not: what is wrong with a definition (core.campaign_definitions), audiences (cli.audiences).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from orchestration.core.definition_rows import number
from orchestration.core.summary import block
from orchestration.project import Home

app = typer.Typer(
    name="campaigns",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Campaigns: list and check their definitions in seeds/campaigns and seeds/benefits.\n\n"
    "Example: `rekindle campaigns check`",
)


@app.command("list")
def list_campaigns() -> None:
    """Every campaign in the order of its priority, with labels, arms and steps.

    Example: `rekindle campaigns list`
    """
    from orchestration.definitions_files.campaigns import read_campaigns

    definitions = read_campaigns()
    arms, steps = (definitions.by_campaign(table) for table in ("campaign_arms", "campaign_steps"))
    for row in sorted(definitions.tables["campaigns"], key=lambda row: number(row["priority"]) or 0):
        shares = ", ".join(f"{arm['arm']} {arm['share']}" for arm in arms.get(row["campaign"], []))
        days = (
            f"day {step['day_offset']}: {step['channel']} with {step['benefit']}"
            for step in steps.get(row["campaign"], [])
        )
        parts = [f"priority {row['priority']}", row["trigger"], f"arms {shares}", *days]
        typer.echo(block(f"{row['campaign']}: {row['label_en']} {row['label_zh']}", parts))


@app.command("check")
def check(
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="As-of date for which they must hold; default: today."),
    ] = None,
) -> None:
    """Find all that a build would refuse of the definitions, and of any others; lists all faults at once.

    Example: `rekindle campaigns check` or `rekindle campaigns check --on 2025-12-28`
    """
    from orchestration.definitions_files.campaigns import check_campaigns
    from orchestration.ledger.rules import check_rules
    from orchestration.ledger.seals import seals

    day = (on or datetime.now(UTC)).date()
    definitions = check_campaigns(day)
    # What a started experiment asks is sealed: a build refuses another question.
    check_rules(seals(Home.from_environment()))
    counts = [len(definitions.tables[table]) for table in ("campaigns", "experiments")]
    typer.echo(f"{counts[0]} campaigns, {counts[1]} experiments: nothing is wrong on {day}.")
