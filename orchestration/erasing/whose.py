"""Whose a row is: how each table names its member, and what becomes of a fact whose member leaves.

Belongs here: the columns that tell it, as SQL over delivered, loaded and quarantined rows.
Does not: rewriting files (``deliveries.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from orchestration.core.contract import Column, SourceSettings, Table
from orchestration.core.folding import identifier_sql
from orchestration.core.pseudonyms import ContactRules
from orchestration.loader.quarantining import BEYOND, WITHHELD
from orchestration.loader.row_rules import (
    AS_WRITTEN,
    WHOLE_ROW,
    first_of_somebody,
    first_pseudonym,
    is_written,
    literal,
    quoted,
)

# Columns that say whose a row is: the number, and beside it the system where a source has several.
_NUMBERS = ("member_id", "household_id")
SYSTEM = "system"
TOUCH = "planned_touch_id"
# SQL: a quarantined row whose cells do not fit the header of its file.
SLIPPED = f"landed.quarantine_column = {literal(WHOLE_ROW)}"
# Columns of loaded and quarantined files that the loader added.
_OWN = frozenset(
    [
        "source",
        "delivered_on",
        "quarantine_file",
        "quarantine_row_number",
        "quarantine_reason",
        "quarantine_column",
        "quarantine_faults",
    ]
)


@dataclass(frozen=True)
class Whose:
    """How a table tells whose a row is, and what becomes of it.

    Attributes:
        source: Its source.
        columns: Those with the member, the system or the touch, and the contact details of ``instead``.
        instead: Columns of contact details, with their kind, that stand for an empty member number.
        system: The column with the system, if it has one; what cannot be a system may stand for any.
        known: All columns of the contract; empty where there is none.
        stays: Whether the fact stays without its member.
        kept: Columns of a fact that stays which tell nothing of the member by themselves: those of its key.
        settings: What was known of the source when the table was loaded.
        contacts: Columns of contact details. Of a file with any of them quarantine does not show the cells
            of a row that does not fit its header; then nobody knows whose such a row is, and it leaves with
            whoever leaves. So does one with values outside the contract's columns, which quarantine lacks.
    """

    source: str
    columns: tuple[str, ...]
    system: Column | None
    known: frozenset[str]
    stays: bool
    settings: SourceSettings = AS_WRITTEN
    instead: tuple[tuple[str, str], ...] = ()
    kept: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()

    def tells_of_a_member(self, column: str) -> bool:
        """Whether a column of a fact that stays is emptied: nobody knows what unknown columns hold."""
        return column not in self.kept and (column in self.columns or column not in self.known | _OWN)

    def is_withheld(self, line: list[str], header: list[str]) -> bool:
        """Whether quarantine lacks cells of a line that does not fit this header."""
        beyond = [cell for name, cell in zip(header, line, strict=False) if name not in self.known]
        return not self.contacts.isdisjoint(header) or any([*beyond, *line[len(header) :]])

    def condition(self, present: Iterable[str], *, is_hashed: bool = True) -> str:
        """SQL that is true for rows of ``landed`` to erase; for a file without these columns it is false.

        Where a row's cells do not fit the header, any of them may be the one that names the member.

        Args:
            present: The file's columns.
            is_hashed: Whether its contact details are pseudonyms, as everywhere but in landing.
        """
        present = list(present)
        if "quarantine_column" not in present:
            return self._of_columns(present, is_hashed=is_hashed)
        of_the_source = [name for name in present if name not in _OWN]
        cells = ", ".join(map(self._id, of_the_source))
        of_any_cell = (
            f"(exists (select 1 from erased where erased.source = {literal(self.source)} "
            f"and erased.member_id in ({cells})) "
            f"or exists (select 1 from erased_touches where touch in ({cells})))"
        )
        # Quarantine has every column of the contract, whatever was delivered; its cells tell.
        withheld = [
            f"starts_with(cast(landed.{quoted(name)} as varchar), {literal(WITHHELD)})"
            for name in (of_the_source if self.contacts else ())
        ]
        if "quarantine_faults" in present:
            withheld.append(f"contains(landed.quarantine_faults, {literal(BEYOND)})")
        if withheld:
            of_any_cell = f"(coalesce({' or '.join(withheld)}, false) or {of_any_cell})"
        return f"({self._of_columns(present, is_hashed=is_hashed)} or {SLIPPED} and {of_any_cell})"

    def _of_columns(self, present: list[str], *, is_hashed: bool) -> str:
        there = [name for name in self.columns if name in present]
        if TOUCH in there:
            return f"{self._id(TOUCH)} in (select touch from erased_touches)"
        number = next((name for name in there if name in _NUMBERS), None)
        contacts = [
            (kind, f"cast(landed.{quoted(name)} as varchar)") for name, kind in self.instead if name in there
        ]
        rules = ContactRules(self.settings.country)
        guest = (
            first_of_somebody([value for _, value in contacts])
            if is_hashed
            else first_pseudonym(contacts, rules)
        )
        numbers = [self._id(number)] if number else []
        if guest:
            numbers.append(guest)
        if not numbers:
            return "false"
        own = self._id(SYSTEM)
        system = f" and (erased.system = {own} or not coalesce({_may_be(self.system, own)}, false))"
        same = f"erased.member_id = coalesce({', '.join(numbers)})"
        return (
            f"exists (select 1 from erased where erased.source = {literal(self.source)} and {same}"
            f"{system if SYSTEM in there else ''})"
        )

    def _id(self, column: str) -> str:
        """An id as it is loaded, in whatever spelling it was delivered."""
        is_code = column == SYSTEM and self.system is not None and bool(self.system.allowed)
        case = "keep" if is_code else self.settings.id_case
        return identifier_sql(f"cast(landed.{quoted(column)} as varchar)", case)


def whose_rows(table: Table) -> Whose:
    """What tells it in a table of a contract."""
    own = [column for column in table.columns if column.name in (*_NUMBERS, SYSTEM, TOUCH)]
    numbered = [column for column in own if column.name != SYSTEM]
    instead = [table.column(name) for column in own for name in column.or_pseudonym_of]
    contacts = [column.name for column in table.contacts if numbered]
    return Whose(
        table.source,
        (*(column.name for column in own), *contacts) if numbered else (),
        next((column for column in own if column.name == SYSTEM), None),
        frozenset(column.name for column in table.columns),
        stays=not any(column.required for column in numbered),
        instead=tuple((column.name, column.contact or "") for column in instead),
        kept=frozenset(table.key),
        settings=table.settings,
        contacts=frozenset(column.name for column in table.contacts),
    )


def _may_be(system: Column | None, value: str) -> str:
    """SQL: whether a text can be the name of a system."""
    if system is not None and system.pattern:
        return is_written(value, system.pattern)
    codes = ", ".join(map(literal, system.allowed if system is not None else ())) or "null"
    return f"{value} in ({codes})"
