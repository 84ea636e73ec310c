"""What a larger chain costs, step by step as a user types it: CPU seconds, memory and disk, kept with a plot.

Belongs here: running whole commands on a sample chain of a size, the table of what was measured, its page.
Does not: assertions (no test asserts a time), ratios of small chains (whole_way, fixed_cost).

Usage: make bench-large MEMBERS=20000 DAYS=2, or python -m benchmarks.large --members 20000 --days 2
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import altair as alt
import typer
import vl_convert

from orchestration.core.summary import markdown_table, text_table
from orchestration.project import HOME_VARIABLE, PROJECT_DIR, Home
from orchestration.sources.sample import LAST_DAY
from orchestration.warehouse.code_version import code_version
from orchestration.warehouse.versions import current_version, read_manifest

MEASURED = PROJECT_DIR / "benchmarks" / "large.csv"
PAGE = PROJECT_DIR / "docs" / "performance.md"
PICTURE = PROJECT_DIR / "docs" / "images" / "performance.svg"
SAMPLE, LOAD, LOAD_AGAIN = "sample", "load", "load, nothing new"
ONE_DATE, YEAR, DAY = "first build, one date", "first build, 53 dates", "a following day"
WEEKS = 52
MB = 1e6


@dataclass(frozen=True)
class Step:
    """One command on a chain of a size.

    Attributes:
        members: People simulated.
        step: What was done.
        as_of: As-of date of a build; empty for others.
        cpu_seconds: User and system seconds of the process and what it started.
        wall_seconds: From its start to its end.
        peak_mb: Most memory of the process.
        loaded_mb: Loaded Parquet afterwards.
        published_mb: The published version afterwards; 0 before the first.
        facts_mb: Of it, room ``core``: facts and what they are about.
        code: The project's commit.
    """

    members: int
    step: str
    as_of: str
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    loaded_mb: float
    published_mb: float
    facts_mb: float
    code: str

    @property
    def kb_per_member_beside_facts(self) -> float:
        """What a member takes in the published version beside the facts."""
        return (self.published_mb - self.facts_mb) * MB / 1000 / self.members


def measure(home: Home, members: int, step: str, *arguments: str, as_of: str = "") -> Step:
    """Run a command of Rekindle in a process of its own.

    Raises:
        SystemExit: It failed; with what it said.
    """
    code = f"from orchestration.cli import app; app({list(arguments)!r})"
    started = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=PROJECT_DIR,
            env=os.environ | {HOME_VARIABLE: str(home.root)},
            stdout=said,
            stderr=said,
        )
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(said.read().decode())
    current = current_version(home)
    manifest = read_manifest(home, current) if current else None
    return Step(
        members=members,
        step=step,
        as_of=as_of,
        cpu_seconds=round(used.ru_utime + used.ru_stime, 1),
        wall_seconds=round(time.perf_counter() - started, 1),
        peak_mb=round(used.ru_maxrss * 1024 / MB),
        loaded_mb=round(_bytes_of(home.loaded) / MB, 1),
        published_mb=round(manifest.bytes / MB, 1) if manifest else 0,
        facts_mb=round(manifest.room_bytes["core"] / MB, 1) if manifest else 0,
        code=code_version(),
    )


def steps_of(home: Home, members: int, days: int, *, with_year: bool) -> Iterable[Step]:
    """Simulate, load twice, build, and as many following days; each step once it is done."""
    yield measure(home, members, SAMPLE, "sample", "--members", str(members))
    yield measure(home, members, LOAD, "load")
    yield measure(home, members, LOAD_AGAIN, "load")
    first = LAST_DAY - timedelta(days=days)
    weeks = WEEKS if with_year else 0
    yield _build(home, members, ONE_DATE, first, 0)
    if with_year:
        yield _build(home, members, YEAR, first, weeks)
    for day in range(1, days + 1):
        yield _build(home, members, DAY, first + timedelta(days=day), weeks)


def _build(home: Home, members: int, step: str, day: object, weeks: int) -> Step:
    asked = ("run", "--as-of", str(day), "--weeks", str(weeks))
    return measure(home, members, step, *asked, as_of=str(day))


def _bytes_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*.parquet"))


def read_measured(file: Path = MEASURED) -> list[Step]:
    """What is kept of all sizes, smallest first."""
    if not file.exists():
        return []
    kinds = {field.name: {"int": int, "float": float}.get(str(field.type), str) for field in fields(Step)}
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [{name: kinds[name](value) for name, value in row.items()} for row in csv.DictReader(lines)]
    return [Step(**row) for row in rows]


def keep_measured(new: Sequence[Step], file: Path = MEASURED) -> list[Step]:
    """Replace what is kept of these sizes; returns what is kept now."""
    sizes = {step.members for step in new}
    kept = sorted(
        [step for step in read_measured(file) if step.members not in sizes] + list(new),
        key=lambda step: step.members,
    )
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, [field.name for field in fields(Step)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(step) for step in kept)
    return kept


def page(kept: Sequence[Step]) -> str:
    """docs/performance.md: a table per size, and how the bars stand."""
    parts = [
        "# What it costs\n\nWritten by `make bench-large MEMBERS=20000 DAYS=2` (`benchmarks/large.py`): "
        "whole commands on the sample chain, each in a process of its own, default memory limit. A member of "
        "the sample has about 44 orders and 220 events in two years. CPU seconds are user and system, of "
        "everything the command started; memory is the process's peak; a *following day* is `rekindle run` "
        "with all loaded before, publication and sealed weeks included.\n\n"
        "![CPU seconds by members and step](images/performance.svg)",
    ]
    for members in sorted({step.members for step in kept}):
        own = [step for step in kept if step.members == members]
        rows = [
            (
                step.step + (f", {step.as_of}" if step.step == DAY else ""),
                f"{step.cpu_seconds:,.1f}",
                f"{step.wall_seconds:,.1f}",
                f"{step.peak_mb:,.0f}",
            )
            for step in own
        ]
        last = own[-1]
        told = (
            f"Loaded Parquet {last.loaded_mb:,.1f} MB; published {last.published_mb:,.1f} MB, of it facts "
            f"and dimensions (room `core`) {last.facts_mb:,.1f} MB, which is "
            f"{last.facts_mb / last.loaded_mb:.2f} times the Parquet. Beside them a member takes "
            f"{last.kb_per_member_beside_facts:.1f} KB. Commit {last.code}."
            if last.published_mb
            else f"Loaded Parquet {last.loaded_mb:,.1f} MB. Commit {last.code}."
        )
        headings = ["step", "CPU s", "wall s", "peak MB"]
        parts.append(f"## {members:,} members\n\n{markdown_table(headings, rows)}\n\n{told}")
    parts.append(f"## Goals\n\n{markdown_table(['goal', 'wanted', 'measured'], list(goals(kept)))}")
    return "\n\n".join(parts) + "\n"


def goals(kept: Sequence[Step]) -> Iterable[tuple[str, str, str]]:
    """Each goal with what is wanted and what was measured, at the largest size that tells of it."""
    by_step = {name: [step for step in kept if step.step == name] for name in {each.step for each in kept}}

    def largest(name: str) -> Step | None:
        return by_step[name][-1] if by_step.get(name) else None

    day = largest(DAY)
    yield (
        "a following day, 500,000 members",
        "at most 120 CPU s, under 4 GB",
        f"{day.cpu_seconds:,.0f} CPU s, {day.peak_mb / 1000:.1f} GB with {day.members:,} members"
        if day
        else "not measured",
    )
    year = largest(YEAR)
    one = next((step for step in by_step.get(ONE_DATE, []) if year and step.members == year.members), None)
    yield (
        "first build of 53 dates",
        "at most 6 times one date",
        f"{year.cpu_seconds / one.cpu_seconds:.1f} times with {year.members:,} members"
        if year and one
        else "not measured",
    )
    yield (
        "published, beside the facts",
        "at most 6 KB a member",
        f"{day.kb_per_member_beside_facts:.1f} KB with {day.members:,} members" if day else "not measured",
    )
    yield (
        "facts, times typed Parquet",
        "at most 1.5",
        f"{day.facts_mb / day.loaded_mb:.2f} with {day.members:,} members" if day else "not measured",
    )
    again = largest(LOAD_AGAIN)
    yield (
        "load with nothing new",
        "at most 2 CPU s",
        f"{again.cpu_seconds:.1f} CPU s with {again.members:,} members" if again else "not measured",
    )


def picture(kept: Sequence[Step]) -> str:
    """CPU seconds by members, a line per step that says its name at its end, as SVG."""
    shown = {LOAD, ONE_DATE, YEAR, DAY}
    means: dict[tuple[str, int], list[float]] = {}
    for step in kept:
        if step.step in shown:
            means.setdefault((step.step, step.members), []).append(step.cpu_seconds)
    points = [
        {"step": name, "members": members, "seconds": sum(found) / len(found)}
        for (name, members), found in sorted(means.items())
    ]
    most = {name: max(point["members"] for point in points if point["step"] == name) for name, _ in means}
    ends = [point for point in points if point["members"] == most[str(point["step"])]]
    x = alt.X("members:Q", title="Members", scale=alt.Scale(type="log"), axis=alt.Axis(format=","))
    y = alt.Y("seconds:Q", title="CPU seconds", scale=alt.Scale(type="log"))
    color = alt.Color("step:N", legend=None)
    lines = alt.Chart(alt.InlineData(values=points)).mark_line(point=True).encode(x=x, y=y, color=color)
    names = (
        alt.Chart(alt.InlineData(values=ends))
        .mark_text(align="left", dx=8)
        .encode(x=x, y=y, color=color, text="step:N")
    )
    chart = (lines + names).properties(title="What a command costs by the size of the chain", width=460)
    return vl_convert.vegalite_to_svg(chart.to_dict())


def main(
    members: Annotated[int, typer.Option(help="People to simulate.")] = 20_000,
    days: Annotated[int, typer.Option(min=1, help="Following days to build.")] = 2,
    year: Annotated[bool, typer.Option(help="Whether builds have 52 Sundays of history.")] = True,
    keep: Annotated[bool, typer.Option(help="Write benchmarks/large.csv and docs/performance.md.")] = True,
) -> None:
    """Measure a chain of a size, print it, and keep it with the page and its plot."""
    with tempfile.TemporaryDirectory(prefix="rekindle-bench-") as folder:
        warm = Home(Path(folder) / "warm")
        # dbt compiles once after a change, before anything is measured.
        list(steps_of(warm, 120, 1, with_year=False))
        home, made = Home(Path(folder) / "home"), []
        for step in steps_of(home, members, days, with_year=year):
            made.append(step)
            typer.echo(f"{step.step} {step.as_of}: {step.cpu_seconds:,.1f} CPU s, {step.peak_mb:,.0f} MB")
        typer.echo(
            text_table(
                ["step", "as of", "CPU s", "wall s", "peak MB"],
                [(step.step, step.as_of, step.cpu_seconds, step.wall_seconds, step.peak_mb) for step in made],
            )
        )
    if keep:
        kept = keep_measured(made)
        PAGE.write_text(page(kept), encoding="utf-8")
        PICTURE.write_text(picture(kept), encoding="utf-8")
        typer.echo(f"Written: {PAGE.relative_to(PROJECT_DIR)}, its plot, {MEASURED.relative_to(PROJECT_DIR)}")


if __name__ == "__main__":
    typer.run(main)
