"""The commands that work through a home: `rekindle load`, `plan`, `build`, `publish`, `run` and more.

Belongs here: reading options, calling, printing.
Does not: what a job does (orchestration.jobs), which campaign weeks are due (ledger.sealing).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.audiences import seal_due_weeks
from orchestration.core.errors import InputFault, RekindleError
from orchestration.core.summary import in_a_row
from orchestration.project import Home

if TYPE_CHECKING:
    from orchestration.progress import Terminal
    from orchestration.readers.loads import LoadedDelivery

WEEKS = 52
LOADED_BUT_LOOK = 3
"""Exit code of a load that went well, of a delivery that is not as usual."""

AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="Last day that counts; default: last one with an order."
    ),
]
Weeks = Annotated[int, typer.Option(min=0, help="Sundays of history before the as-of date.")]
History = Annotated[
    bool,
    typer.Option(
        "--history", help="Decide those Sundays anew; else what an earlier version told of them stays."
    ),
]


def prepare() -> None:
    """Parse the dbt project, once, as the installation does.

    Example: `rekindle prepare`
    """
    from orchestration.warehouse.dbt import prepare as prepare_dbt

    typer.echo(f"dbt project parsed: {prepare_dbt()}")


def load() -> None:
    """Validate new deliveries and load what meets the contracts.

    Leaves with exit code 3 where all went well but a delivery as a whole is not as usual. Where nothing was
    delivered or changed since the last load, it tells that and starts no run.

    Example: `rekindle load`
    """
    from orchestration.loader.settled import is_settled
    from orchestration.readers.loads import told_sections
    from orchestration.readers.status import loads_text

    home = Home.from_environment()
    if is_settled(home):
        typer.echo(
            f"{loads_text(home)}\n\nNothing new: all of it was loaded before, and nothing changed since."
        )
        return
    from orchestration.progress import Terminal
    from orchestration.runs import run_job

    before = _told_before(home)
    with Terminal() as terminal:
        run_job(home, "load", terminal)
    new = _told_since(home, before)
    typer.echo("\n\n".join([loads_text(home), *told_sections(new)]))
    if any(delivery.findings for delivery in new):
        raise typer.Exit(LOADED_BUT_LOOK)


def build(as_of: AsOf = None, weeks: Weeks = WEEKS, history: History = False) -> None:
    """Build and audit the warehouse beside the published one.

    Of earlier Sundays stays what an earlier version told of them; `rekindle plan` shows which.

    Example: `rekindle build --as-of 2025-12-28 --weeks 52` or `rekindle build --history`
    """
    from orchestration.progress import Terminal
    from orchestration.readers.status import later_orders
    from orchestration.runs import run_job

    with Terminal() as terminal:
        run_job(
            Home.from_environment(),
            "build",
            terminal,
            as_of=_as_of(as_of),
            weeks=weeks,
            with_history=history,
        )
    for told in later_orders(Home.from_environment()):
        typer.echo(told + "\n")
    typer.echo("Audited. Next: rekindle publish")


def plan(as_of: AsOf = None, weeks: Weeks = WEEKS, history: History = False) -> None:
    """What the next build makes anew and why, and what it takes over; nothing is built.

    Example: `rekindle plan` or `rekindle plan --as-of 2025-12-28 --history`
    """
    from orchestration.readers.plan import plan_text

    typer.echo(plan_text(Home.from_environment(), _as_of(as_of), weeks, with_history=history))


def publish(
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="Its as-of date, where several builds wait."),
    ] = None,
    build: Annotated[str | None, typer.Option(help="Its name, where several of one as-of date wait.")] = None,
) -> None:
    """Switch readers to the audited build that waits; where several do, one must be named.

    A build of a date before the one that readers have must be named too; else it is published beside.

    Example: `rekindle publish` or `rekindle publish --as-of 2025-12-28`
    """
    from orchestration.progress import Terminal
    from orchestration.runs import run_job
    from orchestration.warehouse.builds import AlreadyPublished, waiting_build
    from orchestration.warehouse.lock import hold_build_lock
    from orchestration.warehouse.publish import remove_leftovers

    home = Home.from_environment()
    try:
        waiting = waiting_build(home, build_id=build, as_of_date=as_of.date() if as_of else None)
    except AlreadyPublished as told:
        with hold_build_lock(home, "publishing"):
            remove_leftovers(home)
        typer.echo(str(told))
        return
    with Terminal() as terminal:
        named = waiting.build_id if build or as_of else None
        run_job(home, "publish", terminal, as_of=waiting.as_of_date, build_id=named)
    print_published(run_id=waiting.run_id)


def run(as_of: AsOf = None, weeks: Weeks = WEEKS, history: History = False) -> None:
    """Load, build, audit, publish and seal the week's audiences, as the sensors do.

    A date before the one that readers have is published beside it. Of earlier Sundays stays what an earlier
    version told of them; `rekindle plan` shows which.

    Example: `rekindle run` or `rekindle run --as-of 2025-12-28`
    """
    from orchestration.progress import Terminal

    home = Home.from_environment()
    before = _told_before(home)
    try:
        with Terminal() as terminal:
            run_id = run_daily(terminal, as_of.date() if as_of else None, weeks, with_history=history)
    except RekindleError:
        with suppress(RekindleError):  # The one before says what went wrong.
            _print_deliveries(home, before)
        raise
    _print_deliveries(home, before)
    print_published(terminal, run_id)


def _print_deliveries(home: Home, before: list[LoadedDelivery]) -> None:
    """Print which rows are in quarantine, and what is noted of the deliveries loaded since."""
    from orchestration.readers.loads import told_sections
    from orchestration.readers.quarantine import quarantine_section

    for section in [*quarantine_section(home), *told_sections(_told_since(home, before))]:
        typer.echo(section + "\n")


def _told_before(home: Home) -> list[LoadedDelivery]:
    """What is noted of deliveries now; nothing where that cannot be read, for a load writes it anew."""
    from orchestration.readers.loads import loaded_deliveries

    try:
        return loaded_deliveries(home)
    except RekindleError:
        return []


def _told_since(home: Home, before: list[LoadedDelivery]) -> list[LoadedDelivery]:
    """Deliveries that were loaded since, or of which something else is noted now."""
    from orchestration.readers.loads import loaded_deliveries

    told = {delivery.noted for delivery in before}
    return [delivery for delivery in loaded_deliveries(home) if delivery.noted not in told]


def give_up(
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="A date that is due.")],
    why: Annotated[str, typer.Option(help="Why; `rekindle status` shows it.")],
) -> None:
    """Ask no more for a date that is due: it stays without a version of its own.

    Example: `rekindle give-up 2025-12-29 --why "the tills were closed"`
    """
    from orchestration.readers.due import due_now
    from orchestration.warehouse.asked_dates import note_given_up

    home, given_up = Home.from_environment(), day.date()
    if not why.strip():
        raise typer.BadParameter("a reason is needed", param_hint="--why")
    due = due_now(home)
    if given_up not in due:
        raise InputFault(f"{given_up} is not due. Due are: {', '.join(map(str, due)) or 'none'}")
    note_given_up(home, given_up, why.strip())
    typer.echo(f"{given_up} is asked for no more. To build it all the same: rekindle run --as-of {given_up}")


def run_daily(terminal: Terminal, as_of: date | None, weeks: int, *, with_history: bool = False) -> str:
    """Load, build, audit and publish, then seal what is due.

    Args:
        terminal: Gets the progress.
        as_of: The as-of date; None for the last day with an order.
        weeks: Sundays of history before it.
        with_history: Decide them anew, also those that an earlier version tells of.

    Returns:
        The id of the run that built and published.
    """
    from orchestration.readers.due import due_now
    from orchestration.runs import run_job
    from orchestration.warehouse.asked_dates import note_asked

    home = Home.from_environment()
    is_loaded = as_of is None
    if is_loaded:
        # The last day with an order is known only after loading.
        run_job(home, "load", terminal)
    day = as_of or _as_of(None)
    if day in due_now(home):
        note_asked(home, [day])
    run_id = run_job(
        home,
        "daily",
        terminal,
        as_of=day,
        weeks=weeks,
        with_history=with_history,
        without_loading=is_loaded,
    )
    seal_due_weeks(home, terminal)
    return run_id


def _as_of(asked: datetime | None) -> date:
    if asked is not None:
        return asked.date()
    from orchestration.readers.deliveries import order_days
    from orchestration.readers.due import business_today
    from orchestration.readers.status import later_orders, no_order_text

    home = Home.from_environment()
    orders = order_days(home, business_today())
    if orders.last is None and orders.later:
        raise RekindleError("\n".join([*later_orders(home), "Name the date: --as-of"]))
    if orders.last is None:
        raise RekindleError(no_order_text(home))
    return orders.last


def print_published(terminal: Terminal | None = None, run_id: str | None = None) -> None:
    """Print the seconds of each step, what readers get now, and what a run built that they do not get."""
    from orchestration.readers.overview import overview_text
    from orchestration.readers.states import UNMATCHED
    from orchestration.readers.status import later_orders, told_details
    from orchestration.warehouse.versions import list_versions, told_aside

    if terminal is not None:
        steps = [f"{step} {seconds:,.1f}" for step, seconds in terminal.seconds.items()]
        typer.echo(in_a_row([f"Seconds: {terminal.elapsed:,.1f} with start-up", *steps]) + "\n")
    home = Home.from_environment()
    versions = list_versions(home)
    current = next((version for version in versions if version.current), None)
    unmatched = current.manifest.details.get(UNMATCHED) if current else None
    for told in [*later_orders(home), *told_details({UNMATCHED: unmatched})]:
        typer.echo(told + "\n")
    typer.echo(overview_text(home))
    for version in versions:
        if version.manifest.run_id == run_id and not version.current:
            typer.echo("\n" + told_aside(version.manifest, current and current.build_id))
