"""What the next build will make anew and what it will take over, before it runs.

Belongs here: laying out the as-of dates with why, with rows estimated from the version that tells of them.
Does not: the choice itself (warehouse.history), running anything.
"""

from __future__ import annotations

from datetime import date

from orchestration.core.calendar import as_of_dates_for
from orchestration.core.summary import counted, text_table
from orchestration.project import Home
from orchestration.readers.loads import loaded_deliveries
from orchestration.warehouse.history import History, definition_hash, history_of, whole_history
from orchestration.warehouse.kept_sql import kept_sql

_NEXT = "the next build"
_FIRST_PART = "build"
_MEMBERS = "core.dim_member"


def plan_text(home: Home, as_of: date, weeks: int, *, with_history: bool) -> str:
    """What a build of an as-of date would do.

    Args:
        home: The home.
        as_of: The as-of date.
        weeks: Sundays of history before it.
        with_history: Whether past dates would be decided anew.
    """
    dates = as_of_dates_for(as_of, weeks)
    history = whole_history(dates, _NEXT) if with_history else history_of(home, dates, _NEXT)
    sections = [
        f"Next build: as of {as_of}, with {counted(len(dates) - 1, 'earlier as-of date')}",
        _made_anew(history),
        *_taken_over(history),
        *_stands_elsewhere(history),
        _facts(home),
        _sql(),
        "Nothing was built. Next: rekindle run",
    ]
    return "\n\n".join(sections)


def _made_anew(history: History) -> str:
    told = history.version
    members = told.manifest.rows.get(_MEMBERS, 0) if told else 0
    about = f", about {members * len(history.computed):,} rows of members and dates" if members else ""
    why = (
        f"\nNothing is taken over: {history.instead}"
        if history.version is None and len(history.dates) > 1
        else ""
    )
    by_reason: dict[str, list[date]] = {}
    for day, because in history.computed.items():
        by_reason.setdefault(because, []).append(day)
    rows = [(because, len(days), str(days[0]), str(days[-1])) for because, days in by_reason.items()]
    return f"Made anew: {counted(len(history.computed), 'as-of date')}{about}{why}\n" + text_table(
        ["because", "dates", "first", "last"], rows
    )


def _taken_over(history: History) -> list[str]:
    told = [each for each in history.dates if each.is_told]
    if not told or history.version is None:
        return []
    return [
        f"Taken over as told: {counted(len(told), 'as-of date')}, {told[0].as_of_date} to "
        f"{told[-1].as_of_date}, from {history.version.build_id}"
    ]


def _stands_elsewhere(history: History) -> list[str]:
    today = definition_hash()
    others = [each for each in history.dates if each.is_told and each.definition_hash != today]
    if not others:
        return []
    return [
        f"{len(others):,} of them, {others[0].as_of_date} to {others[-1].as_of_date}, were decided by other "
        "definitions or SQL than today's.\n"
        "To decide past dates anew: rekindle run --history"
    ]


def _facts(home: Home) -> str:
    loads = loaded_deliveries(home)
    rows = sum(delivery.rows_loaded for delivery in loads)
    return f"Facts: {rows:,} rows of {counted(len(loads), 'delivered table')}, read as a whole"


def _sql() -> str:
    if kept_sql(_FIRST_PART):
        return "SQL: as dbt compiled it before; nothing of the project changed since"
    return (
        "SQL: compiled anew by dbt, with contracts and seeds, because the project changed or never was built"
    )
