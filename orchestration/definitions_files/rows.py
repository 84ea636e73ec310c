"""Files of definitions as rows.

Belongs here: reading a CSV file with the line of each row, refusing what is none.
Does not: what is a fault in a row (core), which files there are (the modules beside this one).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from orchestration.core.definition_rows import Row, shown
from orchestration.core.errors import InputFault
from orchestration.core.summary import counted


@dataclass(frozen=True)
class Table:
    """A file that was read.

    Attributes:
        header: Its columns.
        rows: Its rows.
    """

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read_rows(path: Path) -> tuple[Row, ...]:
    """The rows of a definition file.

    Raises:
        InputFault: See :func:`read_table`.
    """
    return read_table(path).rows


def read_table(path: Path) -> Table:
    """The columns and rows of a definition file.

    Raises:
        InputFault: It is missing or no CSV, or a row has not one cell per column.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise InputFault(
            f"{path} is missing. A folder of definitions holds the files of seeds; bring it back."
        ) from None
    except OSError as error:
        raise InputFault(_unreadable(path, error.strerror or type(error).__name__)) from error
    return _read(path, content)


# Each file is asked for by many: its own rules, those of others, hashes, labels.
@lru_cache(maxsize=256)
def _read(path: Path, content: bytes) -> Table:
    try:
        # A spreadsheet marks UTF-8 by three bytes before the first column; they are no part of its name.
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputFault(_unreadable(path, f"line {line} is not UTF-8")) from error
    except csv.Error as error:
        raise InputFault(_unreadable(path, f"line {reader.line_num}: {error}")) from error
    if not lines:
        raise InputFault(_unreadable(path, "it is empty, not even a header stands in it"))
    (_, header), *body = lines
    _check_header(path, header)
    return Table(
        tuple(header), tuple(Row(path.name, line, _cells(path, line, header, cells)) for line, cells in body)
    )


def _unreadable(path: Path, why: str) -> str:
    return (
        f"{path} cannot be read as a CSV file in UTF-8: {why}. "
        "Save it as CSV (UTF-8, commas, quotes closed) or bring the former file back."
    )


def _check_header(path: Path, header: Sequence[str]) -> None:
    twice = sorted({shown(name) for name in header if header.count(name) > 1})
    if twice:
        raise InputFault(f"{path}:1 names the column {', '.join(twice)} twice; a column has one name.")


def _cells(path: Path, line: int, header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if len(cells) != len(header):
        raise InputFault(
            f"{path}:{line} has {counted(len(cells), 'cell')}, its header {counted(len(header), 'column')}; "
            "allowed: one cell per column, quoted where a comma is part of it."
        )
    if any("\0" in cell for cell in cells):
        raise InputFault(_unreadable(path, f"line {line} holds a zero byte"))
    return dict(zip(header, cells, strict=True))
