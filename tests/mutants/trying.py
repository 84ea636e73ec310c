"""Making one edit in a copy of the project and running the test that must fail of it.

Belongs here: the copy, the run, what came of it; all of them one after the other, as a program.
Does not: the edits (``edits.py``).

    python -m tests.mutants.trying            # all; before a release
    python -m tests.mutants.trying ledger     # those of files whose path holds this
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from orchestration.project import PROJECT_DIR
from tests.mutants.edits import MUTANTS, Mutant

FAILED = 1
"""What pytest ends with where tests failed; anything else means that nothing was tried."""
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "var", "__pycache__", ".*_cache", "*.egg-info", "dist", "node_modules"
)


def survives(mutant: Mutant, seconds: int = 900) -> str:
    """Why an edit is not found; nothing where its test fails of it.

    Args:
        mutant: The edit.
        seconds: After so many the test is given up, which finds nothing.
    """
    with TemporaryDirectory(prefix="rekindle-mutant-") as place:
        project = Path(place) / "project"
        shutil.copytree(PROJECT_DIR, project, ignore=_LEFT_OUT, symlinks=True)
        file = project / mutant.file
        before = file.read_text(encoding="utf-8")
        if before.count(mutant.text) != 1:
            return f"its text stands there {before.count(mutant.text)} times"
        file.write_text(before.replace(mutant.text, mutant.instead), encoding="utf-8")
        try:
            done = subprocess.run(
                [
                    sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                    "--basetemp", str(Path(place) / "made"), mutant.killed_by,
                ],
                cwd=project,
                env={**os.environ, "PYTHONPATH": str(project), "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"{mutant.killed_by} was given up after {seconds} seconds"
        if done.returncode != FAILED:
            return (
                f"{mutant.killed_by} ended with {done.returncode}: {done.stdout[-300:]}{done.stderr[-300:]}"
            )
        # A build that already fails of the edit finds it before any unit test does.
        if mutant.unit and mutant.unit not in done.stdout and "BuildFailed" not in done.stdout:
            return f"{mutant.unit} is not what failed: {done.stdout[-600:]}"
        return ""


def main(part: str = "") -> int:
    """Try every edit of files whose path holds a text; how many survive."""
    survivors = 0
    for mutant in (each for each in MUTANTS if part in each.file):
        why = survives(mutant)
        survivors += bool(why)
        sys.stdout.write(f"{'SURVIVES' if why else 'killed'}  {mutant}\n" + (f"  {why}\n" if why else ""))
        sys.stdout.flush()
    return survivors


if __name__ == "__main__":
    sys.exit(min(main(*sys.argv[1:]), FAILED))
