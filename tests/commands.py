"""The command line as a process of its own, forked from one that has loaded the libraries already.

Belongs here: starting a command in a project's folder, its signals, its exit code, what it printed.
Does not: what it should print.

Loading Dagster and dbt is most of what a small command costs. Nothing of Rekindle is loaded before the fork:
a command imports the project in whose folder it is started.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
from collections.abc import Mapping
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp

_FORKING = get_context("forkserver")
_FORKING.set_forkserver_preload(
    [
        "alembic.command", "dagster", "dagster._core.storage.event_log", "dagster._core.storage.runs",
        "dagster._core.storage.schedules", "tests.dbt_macros", "dbt.adapters.duckdb", "dbt.cli.main",
        "pandas", "phonenumbers", "pyarrow.dataset", "pyarrow.parquet", "rich.progress", "scipy.optimize",
        "scipy.stats", "typer",
    ]
)  # fmt: skip


class Command:
    """A command at work, asked as ``subprocess.Popen`` is.

    Args:
        project: The folder that holds ``orchestration``; the command is started in it.
        arguments: What stands behind ``rekindle``.
        environment: All that it finds in the environment.
    """

    def __init__(self, project: Path, arguments: list[str], environment: Mapping[str, str]) -> None:
        self._said = Path(mkdtemp(prefix="rekindle-command-"))
        printed = [str(self._said / name) for name in ("out", "err")]
        self._process = _FORKING.Process(
            target=_work, args=(str(project), arguments, dict(environment), *printed)
        )
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for the signal that ended it; None while it works."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self._process.pid or 0, number)

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait for its end; what it printed and what it said of errors.

        Raises:
            TimeoutError: It is not over after so many seconds; it is then killed.
        """
        self._process.join(timeout)
        if self._process.is_alive():
            self._process.kill()
            raise TimeoutError(f"a command worked for more than {timeout} seconds")
        out, err = ((self._said / name).read_text(encoding="utf-8") for name in ("out", "err"))
        shutil.rmtree(self._said)
        return out, err


def _work(project: str, arguments: list[str], environment: dict[str, str], out: str, err: str) -> None:
    for file, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND), descriptor)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(project)
    sys.path.insert(0, project)
    sys.argv = ["rekindle", *arguments]
    try:
        from orchestration.cli import app

        app(prog_name="rekindle")
    finally:
        # A forked process does not do so by itself.
        atexit._run_exitfuncs()
        sys.stdout.flush()
