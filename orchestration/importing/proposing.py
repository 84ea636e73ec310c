"""Proposing: from files that were read to a mapping, the shop's settings and what was assumed on the way.

Belongs here: what is decided by headings, by values, by options and by what is kept of the shop.
Does not: reading files, converting rows, showing and asking.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping as Lookup
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import duckdb

from orchestration.core.contract import SourceContract
from orchestration.core.errors import InputFault
from orchestration.definitions_files.variables import project_variables
from orchestration.importing.fields import LINES, NOT_USED, ORDERS, Vocabulary, compared
from orchestration.importing.forms import COMMA, DATES, DECIMALS, form_of
from orchestration.importing.kept import ShopSettings
from orchestration.importing.looking import Looking
from orchestration.importing.mapping import FileMapping, Mapping
from orchestration.importing.reading import TextTable
from orchestration.importing.recognising import likeness, recognise, refit, same_shape
from orchestration.importing.shape_changes import (
    ALIKE,
    all_kinds,
    changed,
    check_changes,
    check_needed,
    field_of,
)
from orchestration.importing.text_rows import MappedFile

# Where neither a file nor a person says it; the project's own variables go before.
_CURRENCY, _COUNTRY = "CNY", "CN"


@dataclass(frozen=True)
class Options:
    """What a person says about an import; None and nothing where it is left to the files."""

    zone: str | None = None
    currency: str | None = None
    country: str | None = None
    dates: str | None = None
    decimal: str | None = None
    table: str | None = None
    encoding: str | None = None
    delivered_on: date | None = None
    changes: Lookup[str, str] = field(default_factory=dict)
    statuses: Lookup[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Proposal:
    """How files are going to be read.

    Attributes:
        files: Each with its mapping, those that are not used left out.
        labels: What each file is, by its name.
        mapping: To be kept.
        settings: To be kept.
        assumed: What nobody said.
        notes: What else somebody should know.
    """

    files: tuple[MappedFile, ...]
    labels: Lookup[str, str]
    mapping: Mapping
    settings: ShopSettings
    assumed: tuple[str, ...]
    notes: tuple[str, ...]


def propose(
    tables: Sequence[TextTable],
    options: Options,
    known: Mapping | None,
    source: Lookup[str, str],
    contract: SourceContract,
    vocabulary: Vocabulary,
    connection: duckdb.DuckDBPyConnection,
) -> Proposal:
    """Decide how files are read.

    Args:
        tables: The files.
        options: What a person says.
        known: The mapping kept of the shop, or None.
        source: What is kept of the shop otherwise.
        contract: The standard shape as the shop's contract.
        vocabulary: Shapes, synonyms, words.
        connection: To ask the rows.

    Raises:
        Undecided: What the values leave open.
        InputFault: A file cannot be told, or changed its shape.
    """
    work = _Work(options, known, contract, vocabulary, connection)
    kinds = [work.kind(table) for table in tables]
    shape = work.shape
    settings = work.settings(source, kinds)
    decided = [work.decided(kind, settings.currency) for kind in kinds]
    check_changes(options.changes, tables)
    system, channel = shape.system, shape.channel
    if known is not None:
        system, channel = known.system, known.channel
    words = {**(known.words if known else {})}
    if options.statuses:
        words["status"] = {**words.get("status", {}), **options.statuses}
    mapping = Mapping(
        known.shape if known else shape.shape,
        system,
        channel,
        known.fills_down if known else shape.fills_down,
        all_kinds(known, [each.mapping for each in decided]),
        words,
    )
    work.say_defaults(decided, mapping)
    return Proposal(
        tuple(each for each in decided if each.mapping.rows != NOT_USED),
        work.labels,
        mapping,
        settings,
        tuple(dict.fromkeys(work.assumed)),
        tuple(dict.fromkeys(work.notes)),
    )


class _Work:
    def __init__(
        self,
        options: Options,
        known: Mapping | None,
        contract: SourceContract,
        vocabulary: Vocabulary,
        connection: duckdb.DuckDBPyConnection,
    ) -> None:
        self.options, self.known, self.contract = options, known, contract
        self.vocabulary, self.connection = vocabulary, connection
        self.shape = next(shape for shape in vocabulary.shapes if not shape.headings)
        self.labels: dict[str, str] = {}
        self.assumed: list[str] = []
        self.notes: list[str] = []
        self._kept: set[str] = set()

    def looking(self, table: TextTable) -> Looking:
        return Looking(self.connection, table, self.contract)

    def kind(self, table: TextTable) -> MappedFile:
        """What a file is: as it was before, or by its headings."""
        self.notes += [f"{table.name}: {note}" for note in table.notes]
        before = self._as_before(table)
        if before is not None:
            return MappedFile(table, before)
        found = recognise(
            table.headings,
            self.vocabulary,
            self.contract,
            rows=self.options.table,
            changes=self.options.changes,
            empty=self.looking(table).empty(),
            where=table.name,
        )
        if found.shape.headings or not self.shape.headings:
            self.shape = found.shape
        self.labels[table.name] = found.shape.label
        check_needed(table.name, found.mapping, table.headings)
        return MappedFile(table, self._by_values(table, found.mapping, is_list=not found.shape.headings))

    def settings(self, source: Lookup[str, str], files: Sequence[MappedFile]) -> ShopSettings:
        """Zone, currency and country: as said, as kept, as the files have it, or as the project has it."""
        variables = project_variables()
        zone = self.options.zone or source.get("time_zone")
        if not zone:
            zone = str(variables["business_time_zone"])
            self.assumed.append(f"times without an offset are of {zone} (--zone)")
        if zone not in zoneinfo.available_timezones():
            raise InputFault(
                f"There is no zone {zone}. Allowed: those of the IANA list, such as Europe/Berlin."
            )
        country = (self.options.country or source.get("country") or "").upper()
        if not country:
            country = str(variables.get("home_country", _COUNTRY))
            self.assumed.append(f"phone numbers without a prefix are of {country} (--country)")
        if len(country) != 2 or not country.isalpha():
            raise InputFault(f"A country is two letters (ISO 3166), such as DE; found {country}.")
        currency = (self.options.currency or source.get("currency") or self._currency(files) or "").upper()
        if not currency:
            currency = str(variables.get("home_currency", _CURRENCY))
            self.assumed.append(f"amounts are in {currency} (--currency)")
        if len(currency) != 3 or not currency.isalpha():
            raise InputFault(f"A currency is three letters (ISO 4217), such as EUR; found {currency}.")
        return ShopSettings(zone, currency, country, source.get("id_case", "keep"))

    def decided(self, file: MappedFile, currency: str) -> MappedFile:
        """The file with the forms of its numbers and dates."""
        table, mapping = file.table, file.mapping
        if mapping.rows == NOT_USED:
            return file
        looking = self.looking(table)
        signs = [*self.vocabulary.signs, currency]
        numbers, dates = looking.numbers(mapping, signs), looking.dates(mapping)
        is_kept = table.name in self._kept
        decimal = self.options.decimal or form_of(
            DECIMALS, numbers, table.name, mapping.decimal if is_kept else None
        )
        form = self.options.dates or form_of(DATES, dates, table.name, mapping.dates if is_kept else None)
        epochs = bool(dates.epochs) or (mapping.epochs and is_kept)
        if decimal == COMMA:
            self.assumed.append(f"{table.name}: amounts have a decimal comma (1.234,50)")
        if dates.day_first or dates.month_first or dates.either:
            self.assumed.append(f"{table.name}: dates such as 03/04/2025 have the {form.split('-')[0]} first")
        if dates.short_years:
            self.assumed.append(
                f"{table.name}: years of two digits are of this century ({dates.short_years:,} dates)"
            )
        if epochs:
            self.assumed.append(f"{table.name}: times are seconds or milliseconds since 1970 (UTC)")
        for name in ("order_id", "member_id", "product_id", "phone"):
            self._say_spoiled(looking, table, mapping, name)
        return replace(file, mapping=replace(mapping, decimal=decimal, dates=form, epochs=epochs))

    def say_defaults(self, files: Sequence[MappedFile], mapping: Mapping) -> None:
        """What is taken for granted where no column tells it."""
        orders = [file.mapping for file in files if file.mapping.rows in (ORDERS, LINES)]
        told = {name for each in orders for name in each.columns}
        if orders and "status" not in told:
            self.assumed.append("every order is completed: no column tells its status")
        if orders and "channel" not in told:
            self.assumed.append(f"every order came by {mapping.channel}: no column tells its channel")
        if "refund_amount" in told and "refunded_at" not in told:
            self.assumed.append("a refund is of the day of its order: no column tells another")
        if orders and not told & {"member_id", "email", "phone", "order_customer_id"}:
            self.notes.append("no column tells who bought: every order is an anonymous sale")

    def _as_before(self, table: TextTable) -> FileMapping | None:
        candidates = [
            each
            for each in (self.known.files if self.known else ())
            if self.options.table in (None, each.rows)
        ]
        said = {compared(theirs): ours for theirs, ours in self.options.changes.items()}
        fit = next((each for each in candidates if same_shape(each, table.headings)), None)
        if fit is None and candidates:
            near = max(candidates, key=lambda each: likeness(each, table.headings))
            if likeness(near, table.headings) >= ALIKE:
                fit = near
        if fit is None:
            return None
        mapping, missing, new = refit(fit, table.headings)
        mapping = changed(mapping, said, table.headings)
        lost = [
            name
            for name in missing
            if compared(name) not in said and field_of(fit, name) not in mapping.columns
        ]
        if lost:
            raise InputFault(
                f"{table.name}: the columns changed since the last import. Missing: {', '.join(lost)}."
                + (f" New: {', '.join(new)}." if new else "")
                + "\nSay what a new column is with --map 'its name=our name' ("
                + ", ".join(f"{field_of(fit, name)} was '{name}'" for name in lost)
                + "), or that a missing one is done without with --map 'its name='."
            )
        if new:
            left = [name for name in new if name in mapping.left_out]
            self.notes.append(
                f"{table.name}: new columns since the last import: {', '.join(new)}"
                + (" (left out; --map to use one)" if left else "")
            )
        self.labels[table.name] = "as imported before"
        self._kept.add(table.name)
        return mapping

    def _by_values(self, table: TextTable, mapping: FileMapping, *, is_list: bool) -> FileMapping:
        looking = self.looking(table)
        heading = mapping.columns.get("member_id")
        if heading and compared(heading) not in {compared(name) for name in self.options.changes}:
            mapping = self._person(looking, table, mapping, heading)
        if mapping.rows == LINES and is_list and "net_amount" in mapping.columns:
            orders, differing = looking.amounts_differ(mapping)
            mapping = replace(mapping, per_line=bool(differing))
            if orders:
                how = "added up: it is of the line" if differing else "taken once: it is of the order"
                self.assumed.append(f"{table.name}: '{mapping.columns['net_amount']}' is {how}")
        if mapping.rows == ORDERS and (again := looking.is_repeated(mapping.columns["order_id"])):
            self.notes.append(
                f"{table.name}: rows that repeat an order number: {again:,}; if a row is a line "
                "of an order, type "
                "--table order_lines"
            )
        return mapping

    def _person(self, looking: Looking, table: TextTable, mapping: FileMapping, heading: str) -> FileMapping:
        """A column of customers that holds addresses, phones or names is no column of numbers."""
        kind = looking.holds(heading)
        if kind is None:
            return mapping
        columns = {name: taken for name, taken in mapping.columns.items() if name != "member_id"}
        left_out = mapping.left_out
        if kind in columns:
            left_out = (*left_out, heading)
        else:
            columns[kind] = heading
        self.assumed.append(f"{table.name}: '{heading}' is read as {kind}, by what stands in it")
        if kind == "full_name" and not {"email", "phone"} & columns.keys():
            self.notes.append(
                f"{table.name}: a name alone tells nobody from another: its orders are anonymous"
            )
        return replace(mapping, columns=columns, left_out=left_out)

    def _currency(self, files: Sequence[MappedFile]) -> str | None:
        found: list[str] = []
        for file in files:
            looking = self.looking(file.table)
            codes = looking.currencies(file.mapping)
            if not codes:
                by_sign = {sign.upper(): code for sign, code in self.vocabulary.signs.items() if code}
                codes = [by_sign[sign] for sign in looking.signs(file.mapping, by_sign) if sign in by_sign]
            found += [code for code in codes if code not in found]
        if len(found) > 1:
            self.notes.append(f"amounts in several currencies: {', '.join(found)}; the shop's is {found[0]}")
        if found:
            self.assumed.append(f"amounts are in {found[0]}, as the files say")
        return found[0] if found else None

    def _say_spoiled(self, looking: Looking, table: TextTable, mapping: FileMapping, name: str) -> None:
        heading = mapping.columns.get(name)
        if heading is None:
            return
        floats, shortened = looking.spoiled(heading)
        if floats:
            self.notes.append(
                f"{table.name}: {floats:,} of '{heading}' were written like 2001.0; read as 2001"
            )
        if shortened:
            self.notes.append(
                f"{table.name}: {shortened:,} of '{heading}' were written like 1.38E+10; digits "
                "are lost. Export "
                "them as text"
            )
