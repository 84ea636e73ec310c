"""The tag definitions of `seeds/tags/`, read for those who check or show them.

Belongs here: finding and reading the CSV files, refusing them when they are at fault.
Does not: what is a fault (core.tag_definitions), evaluating rules (dbt).
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from orchestration.core.errors import InputFault
from orchestration.core.tag_definitions import SUBJECTS, Definitions, Row, check
from orchestration.project import SEEDS_DIR


def read_definitions(folder: Path = SEEDS_DIR / "tags", subject: str = SUBJECTS[0]) -> Definitions:
    """The rows of the six files that are about one subject, each with the line it stands in.

    Args:
        folder: Where the files are.
        subject: What holds the tags; strategies for pairs are for members only.
    """
    subject_of = {row["tag"]: row["subject"] for row in read_rows(folder / "tags.csv")}

    def own(name: str) -> tuple[Row, ...]:
        # A row that names no subject has that of its tag; what belongs to no known subject is read with the first.
        named = [(row, row["subject"] or subject_of.get(row["tag"])) for row in read_rows(folder / name)]
        return tuple(row for row, its in named if (its if its in SUBJECTS else SUBJECTS[0]) == subject)

    return Definitions(
        attributes=own("attributes.csv"),
        layers=own("tag_layers.csv"),
        tags=own("tags.csv"),
        rules=own("tag_rules.csv"),
        conflicts=own("tag_conflicts.csv"),
        strategies=read_rows(folder / "tag_strategies.csv") if subject == SUBJECTS[0] else (),
    )


def check_definitions(on: date, folder: Path = SEEDS_DIR / "tags") -> Definitions:
    """The definitions of a folder, if nothing is wrong on a date with those of member and of product tags.

    Raises:
        InputFault: With every fault.
    """
    definitions, *others = (read_definitions(folder, subject) for subject in SUBJECTS)
    check(definitions, on, *others)
    return definitions


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a definition file.

    Raises:
        InputFault: It is missing or no CSV.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            return tuple(
                # A row with more cells than the header has them under None; they belong to no column.
                Row(path.name, reader.line_num, {name: value or "" for name, value in row.items() if name})
                for row in reader
            )
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputFault(
            f"{path} cannot be read as a CSV file in UTF-8 ({type(error).__name__}). "
            "A folder of definitions holds the files of seeds."
        ) from error
