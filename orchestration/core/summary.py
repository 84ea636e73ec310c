"""How rows become tables that people read: in the terminal and as Markdown in Dagster.

Belongs here: alignment, labels, shares.
Does not: counting anything (the warehouse does), printing (the command line does).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

Cell = str | int | float | Decimal | date | None


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
    """An aligned table for a terminal; a Chinese character counts as the two columns it takes there."""
    body = [list(row) for row in rows]
    shown = [list(headings), *[[_shown(cell) for cell in row] for row in body]]
    widths = [max(_width(line[column]) for line in shown) for column in range(len(headings))]
    numeric = [_is_numeric(body, column) for column in range(len(headings))]
    rule = ["-" * width for width in widths]
    return "\n".join(
        (indent + "  ".join(map(_padded, line, widths, numeric))).rstrip()
        for line in [shown[0], rule, *shown[1:]]
    )


def labelled_counts(
    labels: Sequence[Label], counts: Mapping[str, int]
) -> list[tuple[str, str, str, int, str]]:
    """Code, English label, Chinese label, count and share, in the labels' order.

    Args:
        labels: Every code there is, in the order to show.
        counts: Count per code. A code without label is shown last under its own name, never dropped.
    """
    known = {label.code for label in labels}
    unknown = [Label(code, code, code) for code in sorted(counts) if code not in known]
    total = sum(counts.values())
    return [
        (label.code, label.english, label.chinese, count, share(count, total))
        for label in [*labels, *unknown]
        for count in [counts.get(label.code, 0)]
    ]


def share(part: int, whole: int) -> str:
    """A share as a percentage with one decimal; a dash where there is no whole."""
    return f"{part / whole:.1%}" if whole else "-"


def counted(number: int, thing: str) -> str:
    """So many of a thing: ``1 request``, ``2 requests``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def figure(value: float | Decimal) -> str:
    """An estimate with four significant digits, from thousands on as a whole number."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{float(value):.4g}"


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
