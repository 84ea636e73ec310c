"""The past dates of a build: which are as an earlier version told them, which are made anew, and why.

Belongs here: choosing that version, the own table of as-of dates, which tables carry past dates on.
Does not: the rule of what is made anew (core.calendar), reading the rows (``told.py``).

A date is decided once. What readers were told of it stays, whatever is delivered or defined since; only
`rekindle build --history` decides it anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import yaml

from orchestration.core.calendar import LookBacks, dates_to_compute
from orchestration.core.definition_rows import Row
from orchestration.definitions_files.seeds import sound_rows
from orchestration.definitions_files.settings import read_settings
from orchestration.definitions_files.variables import project_variables
from orchestration.own_tables import Place, write_own_table
from orchestration.project import DBT_PROJECT_DIR, SEEDS_DIR, Home
from orchestration.warehouse.connections import connect_read_only
from orchestration.warehouse.versions import Version, current_version, list_versions

HISTORY = "as-of dates by where they come from"
"""Key under which a manifest keeps :func:`dates_in`."""
MADE_ANEW, TAKEN_OVER, DEFINITIONS = "made anew", "taken over", "definitions"
"""What :func:`dates_in` tells, each by as-of date: why, by which build, by which state of the definitions."""

_IN_A_FILE = """
    select as_of_date, computed_because, is_told, told_by, definition_hash
    from core.dim_as_of_date order by as_of_date
"""


@dataclass(frozen=True)
class AsOfDate:
    """One as-of date of a build.

    Attributes:
        as_of_date: The date.
        is_computed: Whether the build looks at its members.
        computed_because: Why; None where it does not.
        is_told: Whether an earlier version told what was decided on it, which stays.
        told_by: The build that decided it.
        definition_hash: What the definitions and the SQL were when it was decided.
    """

    as_of_date: date
    is_computed: bool
    computed_because: str | None
    is_told: bool
    told_by: str
    definition_hash: str


@dataclass(frozen=True)
class History:
    """The as-of dates of a build, and the file of the version that tells of some of them.

    Attributes:
        dates: Oldest first.
        version: That version; None where everything is made anew.
        instead: Why there is none.
    """

    dates: tuple[AsOfDate, ...]
    version: Version | None = None
    instead: str = ""

    @property
    def computed(self) -> dict[date, str]:
        """The dates whose members are looked at, with why."""
        return {each.as_of_date: each.computed_because or "" for each in self.dates if each.is_computed}


def whole_history(dates: Iterable[date], build_id: str, why: str = "history is decided anew") -> History:
    """Every date is made anew, for one reason."""
    made_by = definition_hash()
    return History(
        tuple(AsOfDate(day, True, why, False, build_id, made_by) for day in sorted(set(dates))), instead=why
    )


def history_of(home: Home, dates: Iterable[date], build_id: str) -> History:
    """Which of these as-of dates an earlier version tells of, and which a build makes anew.

    It is the version that readers have, also where somebody went back to it; for a date before theirs the
    newest one that had seen nothing later.

    Args:
        home: The home.
        dates: The as-of dates asked for.
        build_id: The build that makes the others.
    """
    asked = sorted(set(dates))
    version = _version_before(home, asked[-1])
    if version is None:
        return whole_history(asked, build_id, "no version tells of it")
    found = _told_by(version)
    if isinstance(found, str):
        return whole_history(asked, build_id, found)
    return History(continued(found, asked, build_id), version)


def continued(
    told_before: Iterable[AsOfDate], dates: Collection[date], build_id: str
) -> tuple[AsOfDate, ...]:
    """The as-of dates of a build that goes on from others.

    Args:
        told_before: Those of the version that tells of them.
        dates: The as-of dates asked for; the newest is made anew, whoever told of it.
        build_id: The build that makes those that are not told.
    """
    before = {each.as_of_date: each for each in told_before}
    told = {day: before[day] for day in dates if day in before and day < max(dates)}
    computed = dates_to_compute(dates, told, max(before), look_backs())
    made_by = definition_hash()
    return tuple(
        AsOfDate(
            day,
            day in computed,
            computed.get(day),
            day in told,
            told[day].told_by if day in told else build_id,
            told[day].definition_hash if day in told else made_by,
        )
        for day in sorted(set(dates))
    )


def look_backs(seeds_dir: Path = SEEDS_DIR) -> LookBacks:
    """What needs the members of past dates again, by the seeds and variables."""
    tags = read_settings("tag_settings", seeds_dir)
    experiments: Collection[Row] = sound_rows("campaigns/experiments.csv", seeds_dir)
    return LookBacks(
        decided_weeks=read_settings("campaign_settings", seeds_dir)["decided_weeks"],
        outcome_days=frozenset([*project_variables()["churn_horizons"], tags["lift_days"], tags["hit_days"]]),
        baseline_days=frozenset(int(row["window_days"]) for row in experiments),
    )


def write_as_of_dates(place: Place, history: History) -> None:
    """Tell dbt the as-of dates of a build."""
    write_own_table(place, "as_of_dates", [asdict(each) for each in history.dates])


def dates_in(file: Path) -> dict[str, dict[str, str]]:
    """The as-of dates of a warehouse file: those made anew with why, and those taken over with who decided.

    Nothing of a file of an earlier version, or of a project without as-of dates.
    """
    try:
        with closing(connect_read_only(file)) as connection:
            rows = connection.execute(_IN_A_FILE).fetchall()
    except duckdb.Error:
        return {}
    return {
        MADE_ANEW: {str(day): because for day, because, *_ in rows if because},
        TAKEN_OVER: {str(day): told_by for day, _, is_told, told_by, _ in rows if is_told},
        DEFINITIONS: {str(day): defined for day, *_, defined in rows},
    }


@cache
def tables_of_history(project_dir: Path = DBT_PROJECT_DIR) -> Mapping[str, Mapping[str, str]]:
    """Columns and types of each table that carries past dates on or looks back at itself, by name."""
    models = project_dir / "models"
    tables = {}
    for file in sorted(models.rglob("*.yml")):
        sql = file.with_suffix(".sql")
        said = sql.read_text(encoding="utf-8") if sql.exists() else ""
        if "materialized='history'" in said or "{{ told(" in said:
            [model] = yaml.load(file.read_text(encoding="utf-8"), yaml.CSafeLoader)["models"]
            room = file.relative_to(models).parts[0]
            tables[f"{room}.{model['name']}"] = {
                column["name"]: column["data_type"] for column in model["columns"]
            }
    return tables


def definition_hash(project_dir: Path = DBT_PROJECT_DIR) -> str:
    """One hash over the definitions and the SQL that decide about members."""
    told = hashlib.sha256()
    found = [
        *(project_dir.parent / "seeds").rglob("*.csv"),
        *(path for folder in ("models", "macros") for path in (project_dir / folder).rglob("*.sql")),
        project_dir / "dbt_project.yml",
    ]
    for path in sorted(found):
        told.update(f"{path.relative_to(project_dir.parent)} ".encode())
        told.update(hashlib.sha256(path.read_bytes()).digest())
    return told.hexdigest()


def _version_before(home: Home, newest: date) -> Version | None:
    """The version of at most this date: the readers' own, or else the one of the newest date."""
    fitting = [version for version in list_versions(home) if version.manifest.as_of_date <= newest]
    current = current_version(home)
    return next(
        (version for version in fitting if version.build_id == current),
        max(fitting, key=lambda version: version.manifest.as_of_date, default=None),
    )


def _told_by(version: Version) -> list[AsOfDate] | str:
    """The as-of dates of a version; as a text why it cannot tell of any."""
    try:
        with closing(connect_read_only(version.file)) as connection:
            held: dict[str, dict[str, str]] = {}
            for room, table, column, kind in connection.execute(
                "select schema_name, table_name, column_name, lower(data_type) from duckdb_columns()"
            ).fetchall():
                held.setdefault(f"{room}.{table}", {})[column] = kind
            for table, columns in tables_of_history().items():
                if held.get(table) != {column: kind.lower() for column, kind in columns.items()}:
                    return f"{table} of {version.build_id} has other columns"
            rows = connection.execute(_IN_A_FILE).fetchall()
    except duckdb.Error:
        return f"{version.build_id} does not tell where its dates come from"
    return [AsOfDate(day, because is not None, because, *told) for day, because, *told in rows]
