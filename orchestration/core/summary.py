"""How rows become tables that people read: in the terminal and as Markdown in Dagster.

Belongs here: alignment, labels, shares.
Does not: counting anything (the warehouse does), printing (the command line does).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Cell = str | int | float | Decimal | date | None

LINE = 100
"""Columns that a printed line has at most."""


@dataclass(frozen=True)
class Label:
    """What people call a code.

    Attributes:
        code: The code in the data, such as ``silent``.
        english: English label.
        chinese: Chinese label.
    """

    code: str
    english: str
    chinese: str


def markdown_table(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A Markdown table; numbers are right-aligned, a pipe in a text is escaped."""
    body = [list(row) for row in rows]
    rule = ["---:" if _is_numeric(body, column) else "---" for column in range(len(headings))]
    lines = [list(headings), rule, *[[_shown(cell).replace("|", "\\|") for cell in row] for row in body]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def text_table(headings: Sequence[str], rows: Iterable[Sequence[Cell]], indent: str = "  ") -> str:
    """An aligned table for a terminal; a Chinese character counts as the two columns it takes there.

    What does not fit a line of ``LINE`` columns is laid out as a block per row: the first cell, and below
    it every other one that is not empty behind its heading.
    """
    body = [list(row) for row in rows]
    shown = [list(headings), *[[_shown(cell) for cell in row] for row in body]]
    widths = [max(_width(line[column]) for line in shown) for column in range(len(headings))]
    if len(indent) + sum(widths) + 2 * (len(widths) - 1) > LINE:
        return "\n".join(
            block(
                cells[0],
                (
                    f"{name} {cell}"
                    for name, cell in list(zip(headings, cells, strict=True))[1:]
                    if cell not in ("", "-")
                ),
                indent,
            )
            for cells in shown[1:]
        )
    numeric = [_is_numeric(body, column) for column in range(len(headings))]
    rule = ["-" * width for width in widths]
    return "\n".join(
        (indent + "  ".join(map(_padded, line, widths, numeric))).rstrip()
        for line in [shown[0], rule, *shown[1:]]
    )


def block(title: str, parts: Iterable[str], indent: str = "  ") -> str:
    """A title and, indented below it, its parts in a row, continued on as many lines as they take."""
    below = indent + "    "
    return "\n".join([*_lines([title], indent, below), *_lines(parts, below, below)])


def in_a_row(parts: Iterable[str], indent: str = "") -> str:
    """Parts with a dot between them; what does not fit a line goes on in the next, further in."""
    return "\n".join(_lines(parts, indent, indent + "    "))


def labelled_counts(
    labels: Sequence[Label], counts: Mapping[str, int]
) -> list[tuple[str, str, str, int, str]]:
    """Code, English label, Chinese label, count and share, in the labels' order.

    Args:
        labels: Every code there is, in the order to show.
        counts: Count per code. A code without label is shown last under its own name, never dropped.
    """
    known = {label.code for label in labels}
    unknown = [Label(code, code, code) for code in sorted(counts, key=str) if code not in known]
    total = sum(counts.values())
    return [
        (label.code, label.english, label.chinese, count, share(count, total))
        for label in [*labels, *unknown]
        for count in [counts.get(label.code, 0)]
    ]


def share(part: int, whole: int) -> str:
    """A share as a percentage with one decimal; a dash where there is no whole."""
    return f"{part / whole:.1%}" if whole else "-"


def clipped(text: str, columns: int) -> str:
    """A text that takes at most so many columns of a terminal; what is cut off is marked."""
    if _width(text) <= columns:
        return text
    fits = next(length for length in range(len(text), -1, -1) if _width(text[:length]) < columns)
    return text[:fits] + "…"


def counted(number: int, thing: str) -> str:
    """So many of a thing: ``1 request``, ``2 requests``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def figure(value: float | Decimal) -> str:
    """An estimate with four significant digits, from thousands on as a whole number."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{float(value):.4g}"


def _lines(parts: Iterable[str], first: str, further: str) -> Iterator[str]:
    """Lines of at most ``LINE`` columns; broken between parts, else at a blank, else anywhere."""
    line = first
    for part in filter(None, parts):
        joined = f"{line}{' · ' if line.strip() else ''}{part}"
        if _width(joined) <= LINE:
            line = joined
            continue
        if line.strip():
            yield line
            line = further
        for word in re.findall(r"\S+", part):
            parted = f"{line}{' ' if line.strip() else ''}{word}"
            if _width(parted) > LINE and line.strip():
                yield line
                line, parted = further, further + word
            while _width(parted) > LINE:
                fits = _fitting(parted)
                yield parted[:fits]
                parted = further + parted[fits:]
            line = parted
    if line.strip():
        yield line


def _fitting(text: str) -> int:
    """How many characters of a text fit a line."""
    return next(length for length in range(len(text), 0, -1) if _width(text[:length]) <= LINE)


def _shown(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, Decimal):
        return figure(cell)
    if isinstance(cell, float):
        return f"{cell:,.1f}"
    return f"{cell:,}" if isinstance(cell, int) else str(cell)


def _is_numeric(rows: Sequence[Sequence[Cell]], column: int) -> bool:
    return bool(rows) and all(_is_number(row[column]) for row in rows)


def _is_number(cell: Cell) -> bool:
    if cell is None or isinstance(cell, str):
        return cell is None or cell.endswith("%") or cell == "-"
    return isinstance(cell, int | float | Decimal) and not isinstance(cell, bool)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _padded(text: str, width: int, is_numeric: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if is_numeric else text + blanks
