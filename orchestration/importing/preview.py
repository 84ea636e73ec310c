"""The preview of an import as text: what was found, rows before and after, what would be quarantined.

Belongs here: words and tables for a terminal, masking contact details.
Does not: finding out any of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from orchestration.core.contract import SourceContract
from orchestration.core.summary import counted, text_table
from orchestration.importing.fields import is_contact
from orchestration.importing.shop_import import Prepared, ShopImport

_WIDEST = 20
_LINE = 96
_SHOWN_FIRST = ("orders", "members")


def preview(shop: ShopImport, prepared: Prepared) -> str:
    """Everything a person should see before anything is delivered."""
    parts = [
        *_found(shop, prepared),
        *_before(shop, prepared, shop.contract),
        *_after(shop, prepared, shop.contract),
    ]
    parts += _said("Found out or assumed, where no option tells it", prepared.proposal.assumed)
    parts += _said(
        "Worth knowing", [*prepared.proposal.notes, *prepared.converted.notes, *_of_rows(prepared)]
    )
    parts += _refused(prepared)
    return "\n".join(parts)


def masked(value: str, *, is_contact: bool) -> str:
    """A value that may be shown: a contact detail by its first sign and its last two."""
    if value and (is_contact or re.search(r"[^@\s]@[^@\s]", value)):
        return f"{value[:1]}…{value[-2:]}" if len(value) > 4 else "…"
    return value


def _found(shop: ShopImport, prepared: Prepared) -> Iterator[str]:
    yield f"Shop {shop.name}"
    mapped = {file.table.name: file.mapping for file in prepared.proposal.files}
    for table in shop.tables:
        label = prepared.proposal.labels[table.name]
        yield f"\n{table.name}: {counted(table.rows, 'row')}, {table.written_as}; {label}"
        mapping = mapped.get(table.name)
        if mapping is None:
            yield "  not used: nothing in it is needed"
            continue
        yield f"  rows: {mapping.rows}"
        yield text_table(
            ("their column", "our column"), [(theirs, ours) for ours, theirs in mapping.columns.items()]
        )
        if mapping.left_out:
            yield f"  left out: {', '.join(mapping.left_out)}"


def _before(shop: ShopImport, prepared: Prepared, contract: SourceContract) -> Iterator[str]:
    for file in prepared.proposal.files:
        fields = {heading: field for field, heading in file.mapping.columns.items()}
        rows = shop.looking(file.table).rows(shop.preview_rows)
        headings = list(fields)
        cells = [
            [
                masked(row[heading], is_contact=is_contact(fields[heading], file.mapping.rows, contract))
                for heading in headings
            ]
            for _, row in rows
        ]
        yield f"\nBefore: {file.table.name}, {len(rows)} of {counted(file.table.rows, 'row')}"
        yield from _fitted(headings, cells)


def _after(shop: ShopImport, prepared: Prepared, contract: SourceContract) -> Iterator[str]:
    tables = list(prepared.converted.files)
    shown = next((name for name in _SHOWN_FIRST if name in tables), tables[0])
    for table in tables:
        check = prepared.checks[table]
        if table != shown:
            yield f"\nAfter: {table}, {counted(check.rows, 'row')}"
            continue
        names, rows = shop.rows(prepared.converted, table, shop.preview_rows)
        cells = [
            [
                masked(cell or "", is_contact=is_contact(name, table, contract))
                for name, cell in zip(names, row, strict=True)
            ]
            for row in rows
        ]
        yield f"\nAfter: {table}, {len(rows)} of {counted(check.rows, 'row')}"
        same = [
            place for place in range(len(names)) if len(rows) > 1 and len({row[place] for row in cells}) == 1
        ]
        other = [place for place in range(len(names)) if place not in same]
        yield from _fitted(
            [names[place] for place in other], [[row[place] for place in other] for row in cells]
        )
        if same:
            listed = ", ".join(f"{names[place]} {cells[0][place]}" for place in same)
            yield f"  the same in all of them: {listed}"


def _of_rows(prepared: Prepared) -> Iterator[str]:
    for table, check in prepared.checks.items():
        if check.duplicates:
            yield f"rows of {table} that repeat another exactly: {check.duplicates:,}; one of them counts"


def _refused(prepared: Prepared) -> Iterator[str]:
    rows = [
        (table, column, reason, count)
        for table, check in prepared.checks.items()
        for (column, reason), count in sorted(check.refused.items(), key=lambda each: -each[1])
    ]
    total = sum(check.rows for check in prepared.checks.values())
    if not rows:
        yield f"\nNone of {counted(total, 'row')} would be quarantined."
        return
    refused = sum(check.rows_refused for check in prepared.checks.values())
    yield f"\nWould be quarantined: {refused:,} of {counted(total, 'row')}"
    yield text_table(("table", "column", "reason", "rows"), rows)


def _said(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield f"\n{title}:"
        yield from (f"  - {line}" for line in lines)


def _fitted(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table as wide as a terminal; columns that do not fit are counted."""
    short = [[_short(cell) for cell in row] for row in rows]
    taken, kept = 0, 0
    for place, heading in enumerate(headings):
        width = max(
            [len(heading), *(sum(1 + (ord(letter) > 0x2E80) for letter in row[place]) for row in short)]
        )
        if kept and taken + width + 2 > _LINE:
            break
        taken, kept = taken + width + 2, place + 1
    yield text_table([_short(heading) for heading in headings[:kept]], [row[:kept] for row in short])
    if kept < len(headings):
        yield f"  and {', '.join(headings[kept:])}"


def _short(text: str) -> str:
    line = re.sub(r"\s+", " ", text)
    return line if len(line) <= _WIDEST else f"{line[: _WIDEST - 1]}…"
