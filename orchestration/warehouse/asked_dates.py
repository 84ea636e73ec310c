"""As-of dates that were asked for: each until a version of it is written, or until somebody gives it up.

Belongs here: keeping that, in one small file per date, so that no two processes overwrite each other's.
Does not: which dates are due (core.due), asking for them (sensors, cli).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from orchestration.files import read_json, write_json
from orchestration.project import Home

_ASK_AGAIN = "Remove it; to build the date in its name all the same: rekindle run --as-of DATE."


def note_asked(home: Home, days: Iterable[date]) -> None:
    """Keep that these dates were asked for; one that was given up stays so."""
    for day in days:
        file = home.asked_dates / f"{day}.json"
        if not file.exists():
            home.asked_dates.mkdir(parents=True, exist_ok=True)
            write_json(file, {"given_up": ""})


def note_given_up(home: Home, day: date, why: str) -> None:
    """Keep that nobody asks for a date any more, and why."""
    home.asked_dates.mkdir(parents=True, exist_ok=True)
    write_json(home.asked_dates / f"{day}.json", {"given_up": why})


def note_published(home: Home, day: date) -> None:
    """Forget a date: a version of it was written."""
    (home.asked_dates / f"{day}.json").unlink(missing_ok=True)


def open_dates(home: Home) -> set[date]:
    """Dates that were asked for, have no version yet and were not given up."""
    return {day for day, why in _noted(home).items() if not why}


def given_up_dates(home: Home) -> dict[date, str]:
    """Dates that were given up, with the reason."""
    return {day: why for day, why in _noted(home).items() if why}


def _noted(home: Home) -> dict[date, str]:
    return {
        date.fromisoformat(file.stem): str(read_json(file, _ASK_AGAIN).get("given_up", ""))
        for file in sorted(home.asked_dates.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].json"))
    }
