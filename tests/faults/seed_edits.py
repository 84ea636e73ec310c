"""Edits of a definition file, as people, spreadsheets and full disks make them.

Belongs here: naming the edits of a file, making one of them.
Does not: what must come of it (test_seed_edits.py).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

CELLS: dict[str, Callable[[str], str]] = {
    "empty": lambda cell: "",
    "spaces": lambda cell: "   ",
    "trailing space": lambda cell: f"{cell} ",
    "no break space": lambda cell: f"\u00a0{cell}",
    "text": lambda cell: "plenty",
    "negative": lambda cell: "-3",
    "zero": lambda cell: "0",
    "one": lambda cell: "1",
    "huge": lambda cell: "999999999999",
    "endless": lambda cell: "9" * 400,
    "fraction": lambda cell: "0.12345678",
    "not a number": lambda cell: "NaN",
    "infinite": lambda cell: "inf",
    "scientific": lambda cell: "1E+5",
    "thousands": lambda cell: "1,000",
    "full-width digits": lambda cell: cell.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
    "leading zero": lambda cell: f"0{cell}",
    "excel date": lambda cell: "12/28/2025",
    "no such day": lambda cell: "2025-02-30",
    "day out of range": lambda cell: "99999-01-01",
    "first day": lambda cell: "0001-01-01",
    "last day": lambda cell: "9999-12-31",
    "time": lambda cell: "2025-12-28 00:00:00",
    "excel boolean": lambda cell: "TRUE",
    "formula": lambda cell: "=1+1",
    "excel fault": lambda cell: "#REF!",
    "unknown code": lambda cell: f"{cell}_of_old",
    "capitals": lambda cell: cell.upper(),
    "zero byte": lambda cell: f"{cell}\0",
    "line break": lambda cell: f"{cell}\n{cell}",
    "quote": lambda cell: f'{cell}"',
    "braces": lambda cell: f"{cell} {{}} {{0}} {{x}}",
    "bar": lambda cell: f"|{cell}||",
    "contact": lambda cell: "ann@example.org",
    "contact in braces": lambda cell: f"{cell} {{ann@example.org}}",
    "long": lambda cell: "x" * 140_000,
    "surrogate pair": lambda cell: f"{cell}\U0001f600",
}
"""By its name, what becomes of a cell."""

COLUMNS = ("column left out", "column twice", "column renamed", "column moved", "cells swapped with the next")
ROWS = (
    "row twice",
    "row left out",
    "row short of a cell",
    "row with a cell more",
    "row empty",
    "row half written",
)
FILES = (
    "no rows", "empty file", "only a line break", "missing", "BOM", "CRLF", "CR", "UTF-16", "Latin byte",
    "unclosed quote", "semicolons", "tabs", "half written", "column more", "columns in reverse",
    "no line break at the end", "blank lines", "zero bytes", "a folder",
)  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """One edit of one file.

    Attributes:
        file: Its path below the folder of all definitions.
        kind: What is done.
        row: Row it is done to, 0 for the first below the header.
        column: Column it is done to.
    """

    file: str
    kind: str
    row: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}: {self.kind}, row {self.row}, column {self.column}"


def edits_of(file: str, content: bytes) -> Iterator[Edit]:
    """Every edit of a file: of each cell of a row, each column, its first and last row, the whole."""
    header, *rows = _read(content)
    for column in range(len(header)):
        yield from (Edit(file, kind, len(rows) // 2, column) for kind in CELLS if rows)
        yield from (Edit(file, kind, 0, column) for kind in COLUMNS)
    yield from (Edit(file, kind, row) for row in {0, len(rows) - 1} for kind in ROWS if rows)
    yield from (Edit(file, kind) for kind in FILES)


def edited(content: bytes, edit: Edit) -> bytes | None:
    """The file after an edit; None where it is gone, or is no file any more."""
    if edit.kind in FILES:
        return _file_edited(content, edit.kind)
    header, *rows = _read(content)
    if edit.kind in CELLS:
        rows[edit.row][edit.column] = CELLS[edit.kind](rows[edit.row][edit.column])
    elif edit.kind in COLUMNS:
        header, rows = _column_edited(header, rows, edit)
    elif edit.kind == "row half written":
        kept = _written([header, *rows[: edit.row]])
        return kept + _written([rows[edit.row]])[: max(1, len(_written([rows[edit.row]])) // 2)]
    else:
        row = rows[edit.row]
        rows[edit.row : edit.row + 1] = {
            "row twice": [row, row],
            "row left out": [],
            "row short of a cell": [row[:-1]],
            "row with a cell more": [[*row, "more"]],
            "row empty": [[""] * len(row)],
        }[edit.kind]
    return _written([header, *rows])


def _column_edited(header: list[str], rows: list[list[str]], edit: Edit) -> tuple[list[str], list[list[str]]]:
    at, after = edit.column, (edit.column + 1) % len(header)
    lines = [list(line) for line in (header, *rows)]
    for number, line in enumerate(lines):
        if edit.kind == "column left out":
            del line[at]
        elif edit.kind == "column twice":
            line.insert(at, line[at])
        elif edit.kind == "column moved" or (edit.kind.startswith("cells") and number):
            line[at], line[after] = line[after], line[at]
        elif edit.kind == "column renamed" and not number:
            line[at] = f"{line[at]}s"
    return lines[0], lines[1:]


def _file_edited(content: bytes, kind: str) -> bytes | None:
    text = content.decode()
    first_line = text[: text.index("\n") + 1]
    made: dict[str, Callable[[], bytes | None]] = {
        "no rows": first_line.encode,
        "empty file": lambda: b"",
        "only a line break": lambda: b"\n",
        "missing": lambda: None,
        "a folder": lambda: None,
        "BOM": lambda: b"\xef\xbb\xbf" + content,
        "CRLF": lambda: content.replace(b"\n", b"\r\n"),
        "CR": lambda: content.replace(b"\n", b"\r"),
        "UTF-16": lambda: text.encode("utf-16"),
        "Latin byte": lambda: content + b"caf\xe9\n",
        "unclosed quote": lambda: content + b'"caf\n',
        "semicolons": lambda: content.replace(b",", b";"),
        "tabs": lambda: content.replace(b",", b"\t"),
        "half written": lambda: content[: len(content) * 2 // 3],
        "column more": lambda: content.replace(b"\n", b",more\n"),
        "columns in reverse": lambda: _written([line[::-1] for line in _read(content)]),
        "no line break at the end": lambda: content.rstrip(b"\n"),
        "blank lines": lambda: content.replace(b"\n", b"\n\n"),
        "zero bytes": lambda: content + b"\0" * 512,
    }
    return made[kind]()


def _read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def _written(lines: list[list[str]]) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows(lines)
    return written.getvalue().encode()
