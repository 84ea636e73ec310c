"""Recognising: what the rows of a file are, and which of its columns is which field, by its headings.

Belongs here: shapes, synonyms, choosing between headings, what changed since the last file of a shape.
Does not: looking at values (proposing.py), files (reading.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from orchestration.core.contract import SourceContract, Table
from orchestration.core.errors import InputFault
from orchestration.importing.fields import (
    ANY,
    ITEMS,
    LINES,
    ORDERS,
    Shape,
    Vocabulary,
    compared,
    fields_of,
    kinds_of_rows,
)
from orchestration.importing.mapping import FileMapping

PACKED = re.compile(r"(line|order)item([0-9]+)")
"""Headings, as they are compared, of columns that hold a whole line of an order each."""
_PRICES = {"net_amount", "gross_amount", "line_amount", "unit_price"}
_PRODUCT = {"product_id", "product_name"}
_PERSON = {"member_id", "email", "phone"}


@dataclass(frozen=True)
class Recognised:
    """What a file is taken for, by its headings alone."""

    shape: Shape
    mapping: FileMapping


def recognise(
    headings: Sequence[str],
    vocabulary: Vocabulary,
    contract: SourceContract,
    *,
    rows: str | None = None,
    changes: Mapping[str, str] | None = None,
    empty: Collection[str] = (),
    where: str = "the file",
) -> Recognised:
    """What a file is, and which column of it is which field.

    Args:
        headings: As the file has them.
        vocabulary: Shapes and synonyms.
        contract: The standard shape.
        rows: What somebody says its rows are, or None.
        changes: Fields by heading, as somebody says; an empty one leaves the column out.
        empty: Headings of columns without a value; another with values goes before.
        where: How messages call it.

    Raises:
        InputFault: It cannot be told.
    """
    if rows is not None and rows not in kinds_of_rows(contract):
        raise InputFault(
            f"There is no table {rows} to import into. Allowed: {', '.join(kinds_of_rows(contract))}."
        )
    said = {compared(theirs): ours for theirs, ours in (changes or {}).items()}

    def mapped(kind: str, shape: str) -> FileMapping:
        return _mapped(headings, kind, shape, vocabulary, contract, said, empty)

    names = {compared(heading) for heading in headings}
    shape = next((each for each in vocabulary.shapes if each.headings and each.headings <= names), None)
    if shape is not None and rows in (None, shape.rows):
        return _sound(Recognised(shape, mapped(shape.rows, shape.shape)), said, contract, where)
    other = next(each for each in vocabulary.shapes if not each.headings)
    names = {compared(said.get(name, name)) for name in names}
    table = contract.table(rows) if rows else _of_the_contract(names, contract)
    if (table is not None and table.name not in (ORDERS, ITEMS)) or (table and _has_required(names, table)):
        standard = replace(other, label="the standard shape")
        return _sound(Recognised(standard, mapped(table.name, other.shape)), said, contract, where)
    found = rows or _by_fields(headings, lambda kind: mapped(kind, other.shape), where)
    return _sound(Recognised(other, mapped(found, other.shape)), said, contract, where)


def _sound(found: Recognised, said: Mapping[str, str], contract: SourceContract, where: str) -> Recognised:
    """What was recognised, unless somebody named a field that its rows do not have."""
    allowed = fields_of(found.mapping.rows, contract)
    unknown = sorted({ours for ours in said.values() if ours and ours not in allowed})
    if unknown and any(compared(heading) in said for heading in found.mapping.headings):
        raise InputFault(
            f"{where}: {found.mapping.rows} have no field {', '.join(unknown)}. Allowed: "
            f"{', '.join(allowed)}."
        )
    return found


def corrected(
    mapping: FileMapping, changes: Mapping[str, str], contract: SourceContract, where: str
) -> FileMapping:
    """The mapping after `--map theirs=ours`; nothing behind `=` leaves a column out.

    Raises:
        InputFault: A field that there is not.
    """
    known = {compared(heading): heading for heading in mapping.headings}
    columns, left_out = dict(mapping.columns), set(mapping.left_out)
    allowed = fields_of(mapping.rows, contract)
    for theirs, ours in changes.items():
        heading = known.get(compared(theirs))
        if heading is None:
            continue
        for name in [name for name, taken in columns.items() if taken == heading]:
            del columns[name]
        left_out.add(heading)
        if ours:
            if ours not in allowed:
                raise InputFault(
                    f"{where}: {mapping.rows} have no field {ours}. Allowed: {', '.join(allowed)}."
                )
            if ours in columns:
                left_out.add(columns[ours])
            columns[ours] = heading
            left_out.discard(heading)
    kept = tuple(heading for heading in mapping.headings if heading in left_out)
    return replace(mapping, columns=columns, left_out=kept)


def same_shape(mapping: FileMapping, headings: Iterable[str]) -> bool:
    """Whether a file has exactly the headings of a mapping, in whatever order."""
    return _telling(mapping.headings) == _telling(headings)


def likeness(mapping: FileMapping, headings: Iterable[str]) -> float:
    """The share of headings that a file and a mapping have in common."""
    ours, theirs = _telling(mapping.headings), _telling(headings)
    return len(ours & theirs) / max(len(ours | theirs), 1)


def refit(mapping: FileMapping, headings: Sequence[str]) -> tuple[FileMapping, list[str], list[str]]:
    """A mapping for a file whose columns changed.

    Returns:
        The mapping with the file's own headings, columns that it needs and the file lacks, new columns.
    """
    by_name = {compared(heading): heading for heading in reversed(headings)}
    columns = {
        field: by_name[compared(heading)]
        for field, heading in mapping.columns.items()
        if compared(heading) in by_name
    }
    missing = [heading for heading in mapping.columns.values() if compared(heading) not in by_name]
    known = _telling(mapping.headings)
    new = [
        heading
        for heading in headings
        if compared(heading) not in known and not PACKED.fullmatch(compared(heading))
    ]
    left_out = tuple(heading for heading in headings if heading not in columns.values())
    return replace(mapping, columns=columns, left_out=left_out), missing, new


def _telling(headings: Iterable[str]) -> set[str]:
    names = {compared(heading) for heading in headings}
    return {name for name in names if not PACKED.fullmatch(name)}


def _mapped(
    headings: Sequence[str],
    rows: str,
    shape: str,
    vocabulary: Vocabulary,
    contract: SourceContract,
    said: Mapping[str, str],
    empty: Collection[str],
) -> FileMapping:
    allowed = fields_of(rows, contract)
    choices: list[tuple[int, int, str, str]] = []
    for heading in headings:
        name = compared(heading)
        bare = compared(re.sub(r"[(（\[].*?[)）\]]", "", heading))
        if name in said:
            choices += [(-1, 0, said[name], heading)] if said[name] in allowed else []
            continue
        for field in allowed:
            if name == compared(field):
                choices.append((0 if shape not in _known(vocabulary) else 2, 0, field, heading))
        for synonym in vocabulary.synonyms:
            if synonym.field not in allowed or synonym.heading not in (name, bare):
                continue
            if synonym.shape not in (shape, ANY) or synonym.rows not in (rows, ANY):
                continue
            # A row for the shape counts before one for any, one for what the rows are before the others.
            level = 1 if synonym.shape == shape else 4 - (synonym.rows != ANY)
            choices.append((level, synonym.preference, synonym.field, heading))
    columns: dict[str, str] = {}
    for _, _, field, heading in sorted(choices, key=lambda choice: (choice[3] in empty, *choice[:2])):
        if field not in columns and heading not in columns.values():
            columns[field] = heading
    ordered = {field: columns[field] for field in allowed if field in columns}
    left_out = tuple(heading for heading in headings if heading not in columns.values())
    return FileMapping(rows, ordered, left_out)


def _known(vocabulary: Vocabulary) -> set[str]:
    return {shape.shape for shape in vocabulary.shapes if shape.headings}


def _of_the_contract(names: set[str], contract: SourceContract) -> Table | None:
    """The table all of whose required columns a file names as the contract does."""
    fits = [table for table in contract.tables if _has_required(names, table)]
    return max(
        fits, key=lambda table: sum(compared(column.name) in names for column in table.columns), default=None
    )


def _has_required(names: set[str], table: Table) -> bool:
    return all(compared(column.name) in names for column in table.columns if column.required)


def _by_fields(headings: Sequence[str], mapped: Callable[[str], FileMapping], where: str) -> str:
    def has(rows: str) -> set[str]:
        return set(mapped(rows).columns)

    order, lines, refunds = has(ORDERS), has(LINES), has("refunds")
    if "refund_id" in refunds or ({"order_id", "refunded_at"} <= refunds and not order & _PRICES):
        return "refunds"
    if {"order_id", "ordered_at"} <= order and (lines & _PRICES):
        return LINES if lines & {*_PRODUCT, "line_amount", "unit_price"} else ORDERS
    if "order_id" in lines and lines & _PRODUCT:
        return ITEMS
    if {"store_id", "store_name"} <= has("stores"):
        return "stores"
    if lines & _PRODUCT and ("category" in lines or not lines & _PERSON):
        return "products"
    if has("members") & _PERSON and not order & _PRICES:
        return "members"
    needed = "an order number, a date and an amount (orders), or a member number or e-mail address (members)"
    raise InputFault(
        f"{where}: what its rows are cannot be told. Its columns: {', '.join(headings)}.\n"
        f"Needed are {needed}. Say which column is which with --map 'their column=our column' (order_id, "
        "ordered_at, net_amount, member_id, email, ...), and --table orders or members."
    )
