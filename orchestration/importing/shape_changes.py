"""What changes in how a shop's files are read: by what somebody says, and by files with other columns.

Belongs here: a mapping and what is said of it, the kinds of files that are kept.
Does not: headings as such (recognising.py), the order of decisions (proposing.py).
"""

from __future__ import annotations

from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from dataclasses import replace

from orchestration.core.errors import InputFault
from orchestration.importing.fields import CUSTOMERS, ITEMS, LINES, NOT_USED, ORDERS, PAYMENTS, compared
from orchestration.importing.mapping import FileMapping, Mapping
from orchestration.importing.reading import TextTable
from orchestration.importing.recognising import likeness, same_shape

_NEEDED = {
    ORDERS: ("order_id", "ordered_at"),
    LINES: ("order_id", "ordered_at"),
    ITEMS: ("order_id",),
    PAYMENTS: ("order_id", "payment_amount"),
    CUSTOMERS: ("order_customer_id",),
}
ALIKE = 0.5
"""Share of common headings from which a file counts as one of a kind that changed."""


def changed(mapping: FileMapping, said: Lookup[str, str], headings: Sequence[str]) -> FileMapping:
    """A mapping after what somebody says: fields by heading, an empty one leaves the column out."""
    columns = dict(mapping.columns)
    for heading in headings:
        ours = said.get(compared(heading))
        if ours is not None:
            columns = {name: taken for name, taken in columns.items() if taken != heading and name != ours}
            if ours:
                columns[ours] = heading
    left_out = tuple(heading for heading in headings if heading not in columns.values())
    return replace(mapping, columns=columns, left_out=left_out)


def field_of(mapping: FileMapping, heading: str) -> str:
    """The field of a heading."""
    return next(name for name, taken in mapping.columns.items() if taken == heading)


def check_changes(changes: Lookup[str, str], tables: Sequence[TextTable]) -> None:
    """Refuse what somebody says of columns that no file has.

    Raises:
        InputFault: Naming them, and the columns there are.
    """
    names = {compared(heading) for table in tables for heading in table.headings}
    lost = [theirs for theirs, ours in changes.items() if ours and compared(theirs) not in names]
    if lost:
        found = "; ".join(f"{table.name}: {', '.join(table.headings)}" for table in tables)
        raise InputFault(f"--map names columns that no file has: {', '.join(lost)}. Found: {found}.")


def check_needed(where: str, mapping: FileMapping, headings: Sequence[str]) -> None:
    """Refuse a file without which column nothing can be made of it.

    Raises:
        InputFault: Naming what is missing, and the columns there are.
    """
    missing = [field for field in _NEEDED.get(mapping.rows, ()) if field not in mapping.columns]
    if missing:
        raise InputFault(
            f"{where}: no column of {mapping.rows} was found for {', '.join(missing)}. Its columns: "
            f"{', '.join(headings)}.\nSay which it is with --map 'its name={missing[0]}'."
        )


def all_kinds(known: Mapping | None, now: Sequence[FileMapping]) -> tuple[FileMapping, ...]:
    """The kinds of files of today, and those known before that did not come today."""
    kinds = [each for each in now if each.rows != NOT_USED]
    kept = [
        each
        for each in (known.files if known else ())
        if not any(each.rows == other.rows and likeness(each, other.headings) >= ALIKE for other in kinds)
    ]
    distinct = [
        each
        for place, each in enumerate(kinds)
        if not any(same_shape(each, other.headings) and each.rows == other.rows for other in kinds[:place])
    ]
    return (*distinct, *kept)
