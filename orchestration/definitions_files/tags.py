"""The tag definitions of `seeds/tags/`, read for those who check or show them.

Belongs here: finding the CSV files, refusing them when they are at fault.
Does not: what is a fault (core.tag_definitions), evaluating rules (dbt).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from orchestration.core.definition_rows import Row
from orchestration.core.tag_definitions import SUBJECTS, Definitions, check
from orchestration.definitions_files.rows import read_rows
from orchestration.definitions_files.seeds import faults_of, files_of
from orchestration.definitions_files.settings import all_setting_faults, setting_types
from orchestration.project import SEEDS_DIR


def read_definitions(folder: Path = SEEDS_DIR / "tags", subject: str = SUBJECTS[0]) -> Definitions:
    """The rows of the seven files that are about one subject, each with the line it stands in.

    Args:
        folder: Where the files are.
        subject: What holds the tags; strategies for pairs are for members only, settings are read with them.
    """
    subject_of = {row["tag"]: row["subject"] for row in read_rows(folder / "tags.csv")}

    def own(name: str) -> tuple[Row, ...]:
        # A row without a subject has that of its tag; what has no known subject is read with the first.
        named = [(row, row["subject"] or subject_of.get(row["tag"])) for row in read_rows(folder / name)]
        return tuple(row for row, its in named if (its if its in SUBJECTS else SUBJECTS[0]) == subject)

    return Definitions(
        attributes=own("attributes.csv"),
        layers=own("tag_layers.csv"),
        tags=own("tags.csv"),
        rules=own("tag_rules.csv"),
        conflicts=own("tag_conflicts.csv"),
        strategies=read_rows(folder / "tag_strategies.csv") if subject == SUBJECTS[0] else (),
        settings=read_rows(folder / "tag_settings.csv") if subject == SUBJECTS[0] else (),
        setting_types=setting_types("tag_settings") if subject == SUBJECTS[0] else {},
    )


def check_definitions(on: date, folder: Path = SEEDS_DIR / "tags") -> Definitions:
    """The definitions of a folder, if a build would refuse neither them on a date nor any others.

    Raises:
        InputFault: With every fault.
    """
    definitions, *others = (read_definitions(folder, subject) for subject in SUBJECTS)
    # A folder of drafts refers to the other definitions as they are.
    files = files_of() | files_of(folder)
    check(definitions, on, *others, declared=(*faults_of(files, files), *all_setting_faults()))
    return definitions
