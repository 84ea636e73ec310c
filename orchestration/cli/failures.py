"""What a command says when the machine fails it: a full disk, a folder it may not write, a file that is cut.

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


def in_words(error: Exception, home: Home) -> str:
    """The error as a sentence.

    Args:
        error: What nobody below has put into words.
        home: The home that the command works on.
    """
    if isinstance(error, OSError):
        return _of_the_system(error, home)
    library = type(error).__module__.partition(".")[0].lstrip("_")
    if library in ("duckdb", "pyarrow"):
        return (
            f"A file of {home.root} cannot be read or written{_told_by(error)}. {AS_IT_WAS}\n"
            "Whether the published version is whole: rekindle verify. Where it is not: rekindle rollback. "
            "What lies below loaded/ is written anew by rekindle load, once its delivery's folder is removed."
        )
    last = extract_tb(error.__traceback__)[-1]
    place = Path(last.filename)
    where = place.relative_to(PROJECT_DIR) if place.is_relative_to(PROJECT_DIR) else place.name
    return (
        f"This should not have happened: {type(error).__name__} in {where}, line {last.lineno}. {AS_IT_WAS}\n"
        f"A file of {home.root} may be damaged: rekindle verify looks at what is published. "
        f"{TRACEBACK_VARIABLE}=1 before the command shows where it stopped."
    )


def _of_the_system(error: OSError, home: Home) -> str:
    path = error.filename2 or error.filename or home.root
    reason = error.strerror or type(error).__name__
    if error.errno in _FULL:
        advice = "Free space on its disk, then type the command again"
    elif error.errno in _FORBIDDEN:
        advice = "See who owns it and whether its disk is mounted for writing, then type the command again"
    elif error.errno in _IN_THE_WAY:
        advice = "Something else lies where it belongs; move that away, then type the command again"
    elif error.errno == errno.ENOENT:
        advice = "Bring it back from a copy, or name another home with --home"
    else:
        advice = "See whether its disk is sound, then type the command again"
    return f"{path}: {reason}. {AS_IT_WAS} {advice}."


def _told_by(error: Exception) -> str:
    """The first line of what a library says of files; what it says of values may hold a person's."""
    says_of_files = type(error).__name__ in ("IOException", "CatalogException", "ArrowInvalid")
    first = str(error).strip().partition("\n")[0]
    return f": {first}" if says_of_files and first else f" ({type(error).__name__})"


def is_of_the_command_line(error: Exception) -> bool:
    """Whether a command ends so by itself: an exit, wrong options, a reader of its output that left."""
    library = type(error).__module__.partition(".")[0]
    return isinstance(error, BrokenPipeError) or library in ("typer", "click")
