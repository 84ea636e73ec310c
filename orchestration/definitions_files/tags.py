"""The tag definitions of `seeds/tags/`, read for those who check or show them.

Belongs here: finding and reading the CSV files, refusing them when they are at fault.
Does not: what is a fault (core.tag_definitions), evaluating rules (dbt).
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from orchestration.core.errors import InputFault
from orchestration.core.tag_definitions import Definitions, Row, check
from orchestration.project import SEEDS_DIR


def read_definitions(folder: Path = SEEDS_DIR / "tags", prefix: str = "") -> Definitions:
    """The rows of the six files, each with the line it stands in.

    Args:
        folder: Where the files are.
        prefix: `product_` for the tags of products, which have no strategies for pairs.
    """
    return Definitions(
        attributes=read_rows(folder / f"{prefix}attributes.csv"),
        layers=read_rows(folder / f"{prefix}tag_layers.csv"),
        tags=read_rows(folder / f"{prefix}tags.csv"),
        rules=read_rows(folder / f"{prefix}tag_rules.csv"),
        conflicts=read_rows(folder / f"{prefix}tag_conflicts.csv"),
        strategies=() if prefix else read_rows(folder / "tag_strategies.csv"),
    )


def check_definitions(on: date, folder: Path = SEEDS_DIR / "tags") -> Definitions:
    """The definitions of a folder, if nothing is wrong on a date with those of member and of product tags.

    Raises:
        InputFault: With every fault.
    """
    definitions = read_definitions(folder)
    check(definitions, on, read_definitions(folder, prefix="product_"))
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
