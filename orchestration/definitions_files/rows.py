"""Files of definitions as rows.

Belongs here: reading a CSV file with the line of each row.
Does not: what is a fault in a row (core), which files there are (the modules beside this one).
"""

from __future__ import annotations

import csv
from pathlib import Path

from orchestration.core.definition_rows import Row
from orchestration.core.errors import InputFault


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
