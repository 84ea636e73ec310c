"""Which state of the project makes a build.

Belongs here: naming it.
Does not: what of it decides past dates (``history.definition_hash``).
"""

from __future__ import annotations

import subprocess
from importlib.metadata import PackageNotFoundError, version

from orchestration.project import PROJECT_DIR


def code_version() -> str:
    """The project's commit, ``+changed`` appended when files differ; without git the version."""
    if (PROJECT_DIR / ".git").exists():
        described = _git("describe", "--always", "--exclude=*", "--dirty=+changed")
        if described:
            return described
    try:
        return version("rekindle")
    except PackageNotFoundError:
        return "unknown"


def _git(*arguments: str) -> str | None:
    try:
        answer = subprocess.run(
            # Without its locks: on a full disk git would leave one behind, and the next commit would fail.
            ["git", "--no-optional-locks", "-C", str(PROJECT_DIR), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
