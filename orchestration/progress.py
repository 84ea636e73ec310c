"""How a run says how far it is, whoever listens.

Belongs here: what steps may report; the way from a step to the terminal.
Does not: measuring or deciding anything.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Progress(Protocol):
    """What a step may report while it works."""

    def begin(self, step: str) -> None:
        """A step begins; the one before is through."""
        ...

    def say(self, message: str) -> None:
        """One line about what is being done now."""
        ...

    def count(self, done: int, total: int, name: str) -> None:
        """``done`` of ``total`` parts are through; ``name`` is the one in hand."""
        ...


class Relay:
    """Passes reports on to whoever watches the runs of this process; to nobody in Dagster's own processes."""

    def __init__(self) -> None:
        self._watcher: Progress | None = None

    @contextmanager
    def watched_by(self, watcher: Progress) -> Iterator[None]:
        """Passes on to this watcher while the block runs."""
        self._watcher = watcher
        try:
            yield
        finally:
            self._watcher = None

    def begin(self, step: str) -> None:
        """Passes on."""
        if self._watcher:
            self._watcher.begin(step)

    def say(self, message: str) -> None:
        """Passes on."""
        if self._watcher:
            self._watcher.say(message)

    def count(self, done: int, total: int, name: str) -> None:
        """Passes on."""
        if self._watcher:
            self._watcher.count(done, total, name)


RELAY = Relay()


class Terminal:
    """Shows each step's progress on a terminal, and keeps the seconds each took.

    On a terminal a bar moves; in a pipe or a log only a line per finished step is written.

    Attributes:
        seconds: Seconds per finished step, in the order they ran.
    """

    def __init__(self) -> None:
        self.console = Console(stderr=True, soft_wrap=True, highlight=False)
        self.seconds: dict[str, float] = {}
        self._opened = time.monotonic()
        self._step: str | None = None
        self._started = 0.0
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.fields[step]:<8}"),
            TimeElapsedColumn(),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.description}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task = self._bars.add_task("", total=None, step="", visible=False)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._end("[green]✓[/green]" if kind is None else "[red]✗[/red]")
        self._bars.stop()

    @property
    def elapsed(self) -> float:
        """Seconds since the command began, start-up of Dagster and dbt included."""
        return time.monotonic() - self._opened

    def begin(self, step: str) -> None:
        """Writes the finished step's seconds and moves the bar to the next."""
        self._end("[green]✓[/green]")
        self._step, self._started = step, time.monotonic()
        self._bars.reset(self._task, total=None, step=step, description="", visible=True)

    def say(self, message: str) -> None:
        """The message beside the moving bar."""
        self._bars.update(self._task, description=_one_line(message))

    def count(self, done: int, total: int, name: str) -> None:
        """Moves the bar."""
        self._bars.update(self._task, completed=done, total=total, description=_one_line(name))

    def _end(self, mark: str) -> None:
        if self._step is not None:
            took = time.monotonic() - self._started
            self.seconds[self._step] = self.seconds.get(self._step, 0.0) + took
            self.console.print(f"{mark} {self._step:<8} {took:6.1f} s")
            self._step = None


def _one_line(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else ""
    return escape(first[:70])
