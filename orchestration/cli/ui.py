"""The command `rekindle ui`.

Belongs here: starting Dagster's page and daemon, ending both together.
Does not: settings of Dagster (dagster_home).
Late imports: a command loads what it needs, so that the others start at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Annotated

import typer

from orchestration.project import HOME_VARIABLE, PROJECT_DIR, Home

PORT = 3000


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
    from orchestration.dagster_home.instance import prepare_dagster_home

    home = Home.from_environment()
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
