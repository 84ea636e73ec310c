"""Fits that a build makes count once that build passed its audit: those of one that failed are dropped again.

Belongs here: noting what was kept before a build fits, going back to it, letting it stand; dropping what an
earlier version of Rekindle fitted otherwise.
Does not: making fits, deciding whether a build passed (warehouse.builds).

A fit may be what a build fails by. Kept, it would make every later build fail as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestration.files import read_json, write_json
from orchestration.own_tables import is_of_another_version, read_own_table, write_own_table
from orchestration.warehouse.versions import list_versions

if TYPE_CHECKING:
    from pathlib import Path

    from orchestration.project import Home
    from orchestration.warehouse.builds import Build

# Tables to which fits only ever add rows; a version of the trained model counts by its card: cards go first.
TABLES = (
    "churn_model_cards",
    "churn_recalibrations",
    "churn_coefficients",
    "amount_parameters",
    "churn_parameters",
    "churn_seasons",
)


def begin_fits(home: Home, build: Build) -> str | None:
    """Drop what the last build fitted if it did not pass, and note what is kept before this one fits.

    What another version of Rekindle fitted with other columns is dropped as well: all of it is made anew from
    the facts.

    Args:
        home: Keeps the fits.
        build: The build that is about to fit.

    Returns:
        What was dropped, as a sentence; None where nothing was.
    """
    note = _note(home)
    said = _drop_of_another_version(home)
    if note.exists() and said is None:
        noted = read_json(note, "Remove it; the fits that are kept then stay.")
        if noted["build"] == build.build_id:
            return None  # a step tried again goes on where it was
        if not _passed(home, noted["build"]):
            said = _go_back(home, noted["build"], noted["rows"])
    note.unlink(missing_ok=True)
    rows = {table: len(read_own_table(home, table)) for table in TABLES}
    write_json(note, {"build": build.build_id, "rows": rows})
    return said


def let_fits_stand(home: Home, build: Build) -> None:
    """The build passed its audit, so what it fitted is kept for good."""
    note = _note(home)
    if note.exists() and read_json(note, "Remove it.")["build"] == build.build_id:
        note.unlink()


def _drop_of_another_version(home: Home) -> str | None:
    if not any(is_of_another_version(home, table) for table in TABLES):
        return None
    for table in TABLES:
        write_own_table(home, table, [])
    return (
        "Dropped, for another version of Rekindle made them with other columns: all fits. They are made anew."
    )


def _note(home: Home) -> Path:
    return home.own_tables / "fits_of_a_build.json"


def _passed(home: Home, build_id: str) -> bool:
    """A kill between the audit and what follows it leaves the note of a build that passed."""
    published = (version.manifest.build_id for version in list_versions(home))
    return (home.builds / build_id / "audited.json").exists() or build_id in published


def _go_back(home: Home, build_id: str, kept_rows: dict[str, int]) -> str | None:
    versions: set[str] = set()
    for table in TABLES:
        # A note of a version of Rekindle without the table knows no rows of it.
        rows, kept = read_own_table(home, table), kept_rows.get(table, 0)
        if len(rows) > kept:
            versions |= {row["version"] for row in rows[kept:]} - {row["version"] for row in rows[:kept]}
            write_own_table(home, table, rows[:kept])
    if not versions:
        return None
    named = ", ".join(sorted(versions))
    return f"Dropped, for build {build_id} did not pass: {named}. Due fits are made anew."
