"""Every command on every broken home: an answer or a sentence, an exit code, never a traceback.

Belongs here: the commands with options, what each must do on a home that is broken.
Does not: breaking homes (broken_homes.py), what commands say of sound ones (tests/orchestration).
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.project import HOME_VARIABLE, Home
from tests.faults.broken_homes import BREAKAGES, DAY, WEEK, Breakage, sound_home

SEED = int(os.environ.get("REKINDLE_FAULT_SEED", "20251228"))
"""Another one draws another sample; a failure names the one it was drawn with."""
SAMPLE = 40
QUICK: dict[str, list[list[str]]] = {
    "answer": [[]],
    "audiences show": [[]],
    "campaigns check": [["--on", str(DAY)]],
    "campaigns list": [[]],
    "deliver": [["{place}/orders.csv", "--source", "chain", "--table", "orders", "--date", "2025-12-29"]],
    "erase": [
        ["--system", "pos", "--member", "M1"],
        ["--phone", "13800000001"],
        ["--from", "{place}/list.csv"],
        ["--withdraw"],
    ],
    "experiments list": [[]],
    "experiments money": [[]],
    "experiments plan": [[]],
    "experiments program": [[]],
    "experiments proposals": [[]],
    "experiments results": [[]],
    "export": [[], ["--week", str(WEEK)], ["--out", "{place}/out", "--drt", "{place}/drt"]],
    "give-up": [["2025-12-29", "--why", "the tills were closed"]],
    "plan": [[], ["--as-of", str(DAY), "--weeks", "0", "--history"]],
    "quarantine": [[], ["--table", "orders"]],
    "report churn": [[], ["--out", "{place}/out"]],
    "rollback": [[], ["--to", "2025-12-28-00000001"]],
    "status": [[], ["--tables"]],
    "tags check": [["--on", str(DAY)]],
    "tags list": [[]],
    "truth": [[]],
    "verify": [[], ["2025-12-28-00000001"]],
    "why": [["1"], ["1", "--as-of", str(DAY)]],
    "why-merged": [["1"], ["pos", "M1"]],
}
"""Those that answer within a second, with what they are asked."""
SLOW: dict[str, list[list[str]]] = {
    "audiences compare": [["--week", str(WEEK)]],
    "audiences correct": [["--week", str(WEEK), "--reason", "late orders"]],
    "audiences seal": [[], ["--week", str(WEEK)]],
    "build": [["--as-of", str(DAY), "--weeks", "0"]],
    "import": [["{place}/orders.csv", "--yes"]],
    "load": [[]],
    "publish": [[]],
    "run": [[], ["--as-of", str(DAY), "--weeks", "0"]],
    "sample": [["--members", "1"]],
    "tags preview": [[]],
    "ui": [[]],
}
"""Those that run Dagster, dbt or the simulation."""
ELSEWHERE = {
    "demo": "sample, run, export and answer after each other",
    "real": "journey and run",
    "journey": "needs data that the tests do not install",
    "prepare": "looks at no home",
    "tables": "looks at no home",
}
NOTHING = Breakage("nothing", lambda _: None)
# What must not end well: readers would take it for the truth.
_LEDGER = {
    "seal's manifest cut", "seal's manifest gone", "seal's decisions cut", "seal's week gone", "ledger gone",
    "seal added by hand", "index of seals cut", "copy of the index garbled",
}  # fmt: skip
MUST_FAIL = {
    **dict.fromkeys(
        ("export", "audiences show", "audiences seal", "audiences correct", "build", "run"), _LEDGER
    ),
    "verify": _LEDGER | {
        "not there", "empty", "published file cut", "published file cut late", "published file empty",
        "published file garbled", "published file gone", "version's manifest cut", "version's manifest gone",
        "version's manifest of nothing", "link dangling", "link to itself", "link to nowhere",
        "link a folder",
    },
}  # fmt: skip


def commands(group: click.Group, path: str = "") -> Iterator[str]:
    """Every command of the command line, its groups before it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}"


def test_every_command_is_tried_or_said_why_not():
    assert set(commands(get_command(app))) == {*QUICK, *SLOW, *ELSEWHERE}


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Home:
    """The sound home; only to be copied."""
    return sound_home(tmp_path_factory.mktemp("sound") / "home")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Where copies are made; what commands put into the environment leaves again."""
    for name in (HOME_VARIABLE, "DAGSTER_HOME"):
        monkeypatch.setenv(name, "")
    # The module's own name alone: others ask git through the same library.
    monkeypatch.setattr("orchestration.cli.ui.subprocess", SimpleNamespace(Popen=lambda *_, **__: Served()))
    monkeypatch.setattr("orchestration.cli.ui.os.wait", lambda: None)
    monkeypatch.setattr("orchestration.cli.ui.signal.signal", lambda *_: None)
    (tmp_path / "orders.csv").write_text("order_id\n1\n")
    (tmp_path / "list.csv").write_text("system,member_id\npos,M1\n")
    return tmp_path


class Served:
    """A server that nobody starts."""

    def terminate(self):
        """Nothing to end."""

    def wait(self):
        """Nothing to wait for."""


def faults_of(sound: Home, place: Path, command: str, options: list[str], breakage: Breakage) -> list[str]:
    """What is wrong with how a command takes a broken home."""
    home = Home(place / "home")
    try:
        shutil.copytree(sound.root, home.root, symlinks=True)
        breakage.breaks(home)
        asked = [*command.split(), *(option.format(place=place) for option in options)]
        with breakage.meanwhile(home):
            done = CliRunner().invoke(app, ["--home", str(home.root), *asked])
        where = f"{' '.join(asked)} | {breakage}: exit {done.exit_code}: {done.output.strip()[-600:]}"
        return [f"{what}: {where}" for what in _wrong_with(done, " ".join(asked), breakage)]
    finally:
        for name in ("home", "out", "drt"):
            _removed(place / name)


def _wrong_with(done, command: str, breakage: Breakage) -> Iterator[str]:
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        yield f"raised {type(done.exception).__name__}: {done.exception}"
        return
    if "Traceback" in done.output or "13800000001" in done.output:
        yield "shows what it must not"
    for vague in ("This should not have happened", "failed unexpectedly"):
        if vague in done.output:
            yield "says nothing"
    if not done.output.strip():
        yield "is silent"
    if done.exit_code == 0 and breakage.name in MUST_FAIL.get(command, ()):
        yield "ends well"
    if done.exit_code != 0 and breakage is NOTHING:
        yield "fails on a sound home"
    if done.exit_code not in (0, 1, 2, 75):
        yield "has an odd exit code"


def _removed(path: Path) -> None:
    for folder, _, _ in os.walk(path):
        Path(folder).chmod(0o700)
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def cases(ways: dict[str, list[list[str]]]) -> list[tuple[str, list[str], Breakage]]:
    """Every way to call these commands, on every broken home."""
    return [
        (command, options, breakage)
        for command, all_options in ways.items()
        for options in all_options
        for breakage in BREAKAGES
    ]


QUICK_CASES = cases(QUICK)
# Every one of them would take hours.
DRAWN_WORK = random.Random(SEED).sample(cases(SLOW), 40)


def test_commands_take_a_sound_home(sound, place):
    for command in ("status", "verify", "quarantine", "why", "audiences show", "deliver", "rollback"):
        assert faults_of(sound, place, command, QUICK[command][0], NOTHING) == []


def test_what_the_ledger_lost_is_told_by_whoever_reads_it(sound, place):
    faults = [
        fault
        for case in QUICK_CASES
        if case[2].name in _LEDGER and case[0] in ("export", "audiences show", "verify", "campaigns check")
        for fault in faults_of(sound, place, *case)
    ]
    assert faults == []


def test_a_sample_of_commands_on_broken_homes_ends_in_words(sound, place):
    drawn = random.Random(SEED).sample(QUICK_CASES, SAMPLE)
    faults = [fault for case in drawn for fault in faults_of(sound, place, *case)]
    assert faults == [], f"drawn with REKINDLE_FAULT_SEED={SEED}:\n" + "\n".join(faults)


@pytest.mark.slow
@pytest.mark.parametrize("breakage", BREAKAGES, ids=str)
def test_every_quick_command_ends_in_words(sound, place, breakage):
    met = [case for case in QUICK_CASES if case[2] is breakage]
    assert [fault for case in met for fault in faults_of(sound, place, *case)] == []


@pytest.mark.slow
@pytest.mark.parametrize("case", DRAWN_WORK, ids=lambda case: f"{case[0]}, {case[2]}")
def test_a_sample_of_commands_that_work_ends_in_words(sound, place, case):
    assert faults_of(sound, place, *case) == [], f"drawn with REKINDLE_FAULT_SEED={SEED}"
