"""The `rekindle` command line: one module per group of commands.

Belongs here: putting the commands together, telling errors, reading options, calling, printing.
Does not: arithmetic, SQL, deciding what is due; heavy imports at the top (``--help`` answers at once).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli import (
    audiences,
    campaigns,
    deliver,
    demo,
    erase,
    experiments,
    export,
    import_files,
    report,
    run,
    sample,
    status,
    tables,
    tags,
    ui,
    versions,
    why,
)
from orchestration.core.errors import InputFault, RekindleError
from orchestration.failures import TRACEBACK_VARIABLE, in_words, unforeseen
from orchestration.project import HOME_VARIABLE, Home

INTERRUPTED = 130


class Commands(typer.core.TyperGroup):
    """Prints an error a user can act on as its text, without a traceback, and leaves with its exit code."""

    def invoke(self, ctx: typer.Context) -> object:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except RekindleError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(error.exit_code) from None
        except Exception as error:
            # An exit, wrong options, a reader of the output that left: the library's own ways to end.
            library = type(error).__module__.partition(".")[0]
            if isinstance(error, BrokenPipeError) or library in ("typer", "click"):
                raise
            if os.environ.get(TRACEBACK_VARIABLE):
                raise
            typer.echo(in_words(error, Home.from_environment()) or unforeseen(error), err=True)
            raise typer.Exit(1) from None
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
    app.add_typer(group.app)
for command in (
    erase.erase,
    sample.sample,
    sample.answer,
    sample.truth,
    why.why,
    why.why_merged,
    export.export,
    versions.rollback,
    versions.verify,
    run.prepare,
    tables.tables,
    deliver.journey,
    deliver.deliver,
    run.load,
    run.plan,
    run.build,
    run.publish,
    run.run,
    run.give_up,
    demo.demo,
    demo.real,
    status.status,
    status.quarantine,
    ui.ui,
):
    app.command()(command)
app.command("import")(import_files.import_files)


@app.callback()
def main(
    home: Annotated[
        Path | None,
        typer.Option(envvar=HOME_VARIABLE, help="Folder of one business's data; default: var/demo."),
    ] = None,
) -> None:
    """Names the home in the environment, where every part of the project looks for it."""
    if home is not None:
        if home.exists() and not home.is_dir():
            raise InputFault(f"{home} is a file; a home is a folder. Name another one with --home.")
        if "?" in str(home.resolve()):
            raise InputFault(
                f"{home}: the path of a home may not have a question mark, for no history of runs can be "
                "opened there. Rename that folder, or name another one with --home."
            )
        os.environ[HOME_VARIABLE] = str(home.resolve())
