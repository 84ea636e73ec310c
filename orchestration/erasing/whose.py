"""Whose a row is: how each table names its member, and what becomes of a fact whose member leaves.

Belongs here: the columns that tell it, as SQL over delivered, loaded and quarantined rows.
Does not: rewriting files (``deliveries.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.core.contract import Table
from orchestration.loader.row_rules import WHOLE_ROW, literal, quoted

# Columns that say whose a row is: the number, and beside it the system where a source has several.
_NUMBERS = ("member_id", "household_id")
SYSTEM = "system"
TOUCH = "planned_touch_id"
# SQL: a quarantined row whose cells do not fit the header of its file.
SLIPPED = f"landed.quarantine_column = {literal(WHOLE_ROW)}"
# Columns of loaded and quarantined files that the loader added.
_OWN = frozenset(
    ["delivered_on", "quarantine_file", "quarantine_row_number", "quarantine_reason", "quarantine_column"]
)


@dataclass(frozen=True)
class Whose:
    """How a table tells whose a row is, and what becomes of it.

    Attributes:
        source: Its source.
        columns: Those with the member, the system or the touch.
        systems: Systems a row may name; any other text may stand for each of them.
        known: All columns of the contract; empty where there is none.
        stays: Whether the fact stays without its member.
        is_withheld: Whether quarantine does not show the cells of a row that does not fit its file's header;
            then nobody knows whose such a row is, and it leaves with whoever leaves.
    """

    source: str
    columns: tuple[str, ...]
    systems: tuple[str, ...]
    known: frozenset[str]
    stays: bool
    is_withheld: bool = False

    def tells_of_a_member(self, column: str) -> bool:
        """Whether a column of a fact that stays is emptied: nobody knows what unknown columns hold."""
        return column in self.columns or column not in self.known | _OWN

    def condition(self, present: Iterable[str]) -> str:
        """SQL that is true for rows of ``landed`` to erase; for a file without these columns it is false.

        Where a row's cells do not fit the header, any of them may be the one that names the member.
        """
        present = list(present)
        if "quarantine_column" not in present:
            return self._of_columns(present)
        cells = ", ".join(f"cast(landed.{quoted(name)} as varchar)" for name in present if name not in _OWN)
        of_any_cell = (
            "true"
            if self.is_withheld
            else (
                f"(exists (select 1 from erased where erased.source = {literal(self.source)} "
                f"and erased.member_id in ({cells})) "
                f"or exists (select 1 from erased_touches where touch in ({cells})))"
            )
        )
        return f"({self._of_columns(present)} or {SLIPPED} and {of_any_cell})"

    def _of_columns(self, present: list[str]) -> str:
        there = [name for name in self.columns if name in present]
        if TOUCH in there:
            return f"landed.{TOUCH} in (select touch from erased_touches)"
        number = next((name for name in there if name in _NUMBERS), None)
        if number is None:
            return "false"
        known = ", ".join(literal(system) for system in self.systems) or "null"
        own = f"landed.{SYSTEM}"
        system = f" and (erased.system = {own} or not coalesce({own} in ({known}), false))"
        same = f"erased.member_id = cast(landed.{quoted(number)} as varchar)"
        return (
            f"exists (select 1 from erased where erased.source = {literal(self.source)} and {same}"
            f"{system if SYSTEM in there else ''})"
        )


def whose_rows(table: Table) -> Whose:
    """What tells it in a table of a contract."""
    own = [column for column in table.columns if column.name in (*_NUMBERS, SYSTEM, TOUCH)]
    numbered = any(column.name != SYSTEM for column in own)
    return Whose(
        table.source,
        tuple(column.name for column in own) if numbered else (),
        next((column.allowed for column in own if column.name == SYSTEM), ()),
        frozenset(column.name for column in table.columns),
        stays=not any(column.required for column in own),
        is_withheld=bool(table.contacts),
    )
