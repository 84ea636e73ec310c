"""What people are told when the machine fails it: a full disk, a folder it may not write, a file that is cut.

Belongs here: such errors in a sentence, with the path and what to do.
Does not: what the code that fails knows better and says itself; values of rows, which are never shown.
"""

from __future__ import annotations

import errno
from pathlib import Path
from traceback import extract_tb

from orchestration.project import PROJECT_DIR, Home

TRACEBACK_VARIABLE = "REKINDLE_TRACEBACK"
AS_IT_WAS = "What is published stays as it was."
_IN_THE_WAY = {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY, errno.ELOOP}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def in_words(error: BaseException, home: Home) -> str | None:
    """The error as a sentence; None where it is not the machine's.

    Args:
        error: What nobody below has put into words.
        home: The home that was worked on.
    """
    if isinstance(error, OSError):
        return _of_the_system(error, home)
    library = type(error).__module__.partition(".")[0].lstrip("_")
    if library in ("duckdb", "pyarrow"):
        return _of_a_file(error, home)
    if library in ("sqlite3", "sqlalchemy"):
        return (
            f"Dagster's history in {home.dagster} cannot be used ({getattr(error, 'orig', error)}). "
            f"{AS_IT_WAS}\nSee whether its disk is full or may not be written. Otherwise move that folder "
            "away: it only tells of past runs, and a new one is made."
        )
    return None


def unforeseen(error: Exception) -> str:
    """What is said of an error that nobody thought of: where, and nothing of the values in it."""
    last = extract_tb(error.__traceback__)[-1]
    place = Path(last.filename)
    where = place.relative_to(PROJECT_DIR) if place.is_relative_to(PROJECT_DIR) else place.name
    return (
        f"This should not have happened: {type(error).__name__} in {where}, line {last.lineno}. {AS_IT_WAS}\n"
        "A file of the home may be damaged: rekindle verify looks at what is published. "
        f"{TRACEBACK_VARIABLE}=1 before the command shows where it stopped."
    )


def _of_the_system(error: OSError, home: Home) -> str:
    path = error.filename2 or error.filename
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        again = "Free space on it, then type the command again."
        return f"The disk of {path or home.root} is full ({reason}). {AS_IT_WAS} {again}"
    if error.errno in _FORBIDDEN:
        advice = "See who owns it and whether its disk is mounted for writing, then type the command again"
    elif error.errno in _IN_THE_WAY:
        advice = "Something else lies where it belongs; move that away, then type the command again"
    elif error.errno == errno.ENOENT:
        advice = "Bring it back from a copy, or name another home with --home"
    else:
        advice = "See whether its disk is sound, then type the command again"
    return f"{path or home.root}: {reason}. {AS_IT_WAS} {advice}."


def _of_a_file(error: BaseException, home: Home) -> str:
    """What DuckDB and Arrow say of files; what they say of values may hold a person's, and is not shown."""
    kind, first = type(error).__name__, str(error).strip().partition("\n")[0]
    if kind in ("CatalogException", "BinderException"):
        return (
            f"What is published in {home.root} lacks a table or column that this command reads ({kind}): "
            "another version of Rekindle built it. Type: rekindle run"
        )
    told = f": {first}" if first and kind in ("IOException", "ArrowInvalid") else f" ({kind})"
    advice = (
        "The folder of its delivery below loaded/ may be removed; rekindle load makes it anew."
        if str(home.loaded) in first
        else "rekindle verify says whether what is published is whole; where it is not: rekindle rollback."
    )
    return f"A file of {home.root} cannot be read or written{told}. {AS_IT_WAS}\n{advice}"
