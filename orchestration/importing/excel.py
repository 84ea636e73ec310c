"""Excel workbooks: the cells of a sheet as text.

Belongs here: opening .xlsx, dates and numbers in ISO form.
Does not: what the cells mean, keeping the rows (reading.py).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from orchestration.core.errors import InputFault


def sheet_names(path: Path) -> list[str]:
    """The sheets of a workbook that hold more than one cell of text, in order.

    Raises:
        InputFault: It is no workbook, or all its sheets are empty.
    """
    book = _book(path)
    try:
        names = [sheet.title for sheet in book.worksheets if _has_rows(sheet)]
    finally:
        book.close()
    if not names:
        raise InputFault(f"{path.name} has no sheet with rows. Export it again.")
    return names


def sheet_rows(path: Path, sheet: str) -> Iterator[tuple[list[str], list[bool]]]:
    """Each row of a sheet: its cells as text, and for each whether Excel kept a number or date there."""
    book = _book(path)
    try:
        worksheet = book[sheet]
        worksheet.reset_dimensions()
        for row in worksheet.iter_rows(values_only=True):
            yield [as_text(value) for value in row], [not isinstance(value, str) for value in row]
    finally:
        book.close()


def as_text(value: Any) -> str:
    """A cell as the contract reads it: ISO dates, a decimal point, no digit that Excel lacks."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.time() == time():
            return value.date().isoformat()
        # Excel keeps days as a fraction; the last digits of its seconds are not real.
        whole = (value + timedelta(microseconds=500_000)).replace(microsecond=0)
        return whole.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        # Fifteen digits are what Excel has; more would be noise of the binary form.
        text = format(value, ".15g")
        return format(value, ".0f") if "e" in text and value.is_integer() else text
    return str(value)


def _book(path: Path) -> Any:
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, OSError) as error:
        raise InputFault(
            f"{path.name} is no Excel workbook that can be read (.xlsx, without a password). "
            "Save it as .xlsx or as CSV."
        ) from error


def _has_rows(sheet: Any) -> bool:
    rows = sheet.iter_rows(max_row=50, values_only=True)
    return sum(value is not None for row in rows for value in row) > 1
