"""What a source promises: tables, columns, types, keys, codes and ranges, read from dbt's sources file.

Belongs here: the shape of a contract, the check of a parsed one, its fingerprint.
Does not: reading the YAML file, looking at delivered data.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from orchestration.core.contract_ranges import at_most_of, in_its_table, range_of
from orchestration.core.errors import InputFault
from orchestration.core.pseudonyms import CONTACT_KINDS
from orchestration.core.source_settings import AS_WRITTEN, SourceSettings

PLAIN_TYPES = ("varchar", "bigint", "integer", "double", "boolean", "date", "timestamp")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DECIMAL = re.compile(r"decimal\(([0-9]+),([0-9]+)\)")
_TABLE_WORDS = {"key", "month_of", "required", "silences", "at_most"}
_COLUMN_WORDS = {
    "required", "allowed", "min", "max", "contact", "opt_out", "money", "max_length", "pattern",
    "or_pseudonym_of", "range",
}  # fmt: skip
_MOST_DIGITS_OF_MONEY = 18
_SOURCE_WORDS = {"external_location", "time_zone"}
CURRENCY = "currency"
"""Name of the column in which a row says what its amounts are in; empty: in the source's currency."""

Bound = Decimal | date | datetime


class ContractFault(InputFault):
    """A contract that cannot be used; the text lists every fault of the file."""


@dataclass(frozen=True)
class Column:
    """One column of a contract.

    Attributes:
        name: Name in the delivered and in the loaded files.
        data_type: DuckDB type in lower case without spaces, for example ``decimal(18,2)``.
        description: What the column means.
        required: Never empty.
        allowed: The codes it may hold; empty when any text may be.
        minimum: Smallest value allowed, itself included.
        maximum: Largest value allowed, itself included.
        contact: Kind of contact detail (see ``CONTACT_KINDS``), or None.
        opt_out: What of it tells that the member wants no messages: these codes, whatever stands there (no
            code named), or None where it tells nothing of that.
        money: Whether it is an amount in a currency.
        max_length: Most characters a text may have, or None.
        pattern: Regular expression that the whole text must match, or None.
        or_pseudonym_of: Contact details; where it is empty, the pseudonym of the first that is there
            takes its place.
        range: What kind of value it has, of which seeds say what can be so; None where anything can.
        is_id: Whether it is an id or a code, of which two spellings are one (see ``core.folding``).
    """

    name: str
    data_type: str
    description: str = ""
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: Bound | None = None
    maximum: Bound | None = None
    contact: str | None = None
    opt_out: tuple[str, ...] | None = None
    money: bool = False
    max_length: int | None = None
    pattern: str | None = None
    or_pseudonym_of: tuple[str, ...] = ()
    range: str | None = None
    is_id: bool = False


@dataclass(frozen=True)
class Table:
    """One table of a contract.

    Attributes:
        source: Name of the source.
        name: Name of the table.
        key: Columns that identify a row; where one that may be empty is, emptiness is a value like any other.
        month_of: Date or timestamp the loaded files are partitioned by, or None.
        required: A source that delivers anything must deliver this table.
        silences: What the warehouse cannot say while an optional table is missing.
        columns: All columns in contract order.
        contract: Name of the contract, which several sources may share; empty where the source has its own.
        settings: What is known of all rows of the source.
        at_most: Pairs of columns of which the first is never more, or on a later day, than the second.
    """

    source: str
    name: str
    key: tuple[str, ...]
    month_of: str | None
    required: bool
    columns: tuple[Column, ...]
    silences: str = ""
    contract: str = ""
    settings: SourceSettings = AS_WRITTEN
    at_most: tuple[tuple[str, str], ...] = ()

    @property
    def place(self) -> str:
        """Where loaded files of it lie: ``contract/table/source``."""
        return f"{self.contract or self.source}/{self.name}/{self.source}"

    @property
    def full_name(self) -> str:
        """``source.table``, as messages write it."""
        return f"{self.source}.{self.name}"

    @property
    def contacts(self) -> tuple[Column, ...]:
        """The columns that hold contact details."""
        return tuple(column for column in self.columns if column.contact)

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: There is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over all that changes what is loaded: not wording, not what a missing table means.

        Nor what is an opt-out: that is asked of the quarantine with every load.
        """
        columns = tuple(replace(column, description="") for column in self.columns)
        content = asdict(replace(self, columns=columns, required=False, silences=""))
        for column in content["columns"]:
            del column["opt_out"]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


@dataclass(frozen=True)
class SourceContract:
    """All tables a source may deliver.

    Attributes:
        name: Name of the source.
        tables: Its tables.
        contract: Name of the contract, which several sources may share.
        time_zone: The zone its times are in, where the contract itself names it.
    """

    name: str
    tables: tuple[Table, ...]
    contract: str
    time_zone: str | None = None

    def table(self, name: str) -> Table | None:
        """The table of that name, or None."""
        return next((table for table in self.tables if table.name == name), None)

    def of_source(self, name: str, settings: SourceSettings) -> SourceContract:
        """The same contract as one source delivers by it."""
        tables = tuple(
            replace(table, source=name, contract=self.contract, settings=settings) for table in self.tables
        )
        return replace(self, name=name, tables=tables)


def parse_contract(document: Any, where: str) -> SourceContract:
    """Read the contract out of a parsed dbt sources file.

    Args:
        document: The file's content as YAML gives it.
        where: How messages call the file.

    Returns:
        The contract of the file's one source.

    Raises:
        ContractFault: With every fault found, one per line.
    """
    faults: list[str] = []
    sources = document.get("sources") if isinstance(document, dict) else None
    if not isinstance(sources, list) or len(sources) != 1 or not isinstance(sources[0], dict):
        raise ContractFault(
            f"{where}: needs `sources:` with exactly one source; see docs/bring-your-data.md for an example."
        )
    name = sources[0].get("name")
    _check_name(name, "source", faults)
    meta = _meta(sources[0], _SOURCE_WORDS, f"source {name}", faults)
    tables = tuple(
        _table(str(name), entry, faults)
        for entry in _entries(sources[0].get("tables"), f"source {name}", faults)
    )
    _check_distinct([table.name for table in tables], f"source {name}: table", faults)
    if faults:
        raise ContractFault(
            f"The contract {where} has {len(faults)} fault{'s' if len(faults) > 1 else ''}:\n"
            + "\n".join(f"  - {fault}" for fault in faults)
        )
    return SourceContract(str(name), tables, str(name), meta.get("time_zone"))


def _table(source: str, entry: dict[str, Any], faults: list[str]) -> Table:
    name = entry.get("name")
    where = f"table {name}"
    _check_name(name, "table", faults)
    meta = _meta(entry, _TABLE_WORDS, where, faults)
    columns = tuple(
        _column(column, f"{where}, column {column.get('name')}", faults)
        for column in _entries(entry.get("columns"), where, faults)
    )
    _check_distinct([column.name for column in columns], f"{where}: column", faults)
    by_name = {column.name: column for column in columns}
    key = meta.get("key")
    if not isinstance(key, list) or not key or not all(isinstance(part, str) for part in key):
        faults.append(f"{where}: meta.key must list the columns that identify a row; found {key!r}")
        key = []
    _check_distinct(key, f"{where}: key column", faults)
    for part in key:
        if part not in by_name:
            faults.append(f"{where}: key column {part} is not among its columns")
        elif by_name[part].contact:
            faults.append(
                f"{where}: key column {part} is a contact detail; a key must be readable downstream"
            )
        elif by_name[part].data_type == "double":
            faults.append(f"{where}: key column {part} is a double; use bigint, decimal(p,s) or varchar")
    if key and all(part in by_name and not by_name[part].required for part in key):
        faults.append(f"{where}: of the key {', '.join(key)} at least one column needs meta.required: true")
    for column in columns:
        contacts = {name for name, other in by_name.items() if other.contact}
        if strange := sorted(set(column.or_pseudonym_of) - contacts):
            faults.append(
                f"{where}, column {column.name}: meta.or_pseudonym_of must list contact details of the "
                f"table; found {', '.join(strange)}"
            )
    month_of = meta.get("month_of")
    if month_of is not None:
        if month_of not in by_name:
            faults.append(f"{where}: meta.month_of {month_of!r} is not among its columns")
        elif by_name[month_of].data_type not in ("date", "timestamp"):
            faults.append(
                f"{where}: meta.month_of {month_of} is {by_name[month_of].data_type}, not date or timestamp"
            )
        elif not by_name[month_of].required:
            faults.append(
                f"{where}: meta.month_of {month_of} needs meta.required: true, each row has a month"
            )
    silences = meta.get("silences", "")
    if not isinstance(silences, str):
        faults.append(
            f"{where}: meta.silences must be a text: what is unknown without it; found {silences!r}"
        )
    required = _flag(meta, where, faults)
    columns = tuple(in_its_table(column, key, month_of) for column in columns)
    at_most = at_most_of(meta, by_name, where, faults)
    return Table(
        source, str(name), tuple(key), month_of, required, columns, str(silences), source, at_most=at_most
    )


def _column(entry: dict[str, Any], where: str, faults: list[str]) -> Column:
    name = entry.get("name")
    _check_name(name, "column", faults, where)
    if name in ("source", "delivered_on") or str(name).startswith("quarantine_"):
        faults.append(f"{where}: the loader adds columns of that name itself; choose another")
    data_type = re.sub(r"\s", "", str(entry.get("data_type", ""))).lower()
    if not _is_known(data_type):
        faults.append(
            f"{where}: unknown data_type {entry.get('data_type')!r}; allowed: {', '.join(PLAIN_TYPES)}, "
            "decimal(p,s) with p up to 38"
        )
        data_type = "unknown"
    meta = _meta(entry, _COLUMN_WORDS, where, faults)
    contact = meta.get("contact")
    if contact is not None:
        if contact not in CONTACT_KINDS:
            faults.append(f"{where}: unknown contact kind {contact!r}; allowed: {', '.join(CONTACT_KINDS)}")
        if data_type not in ("varchar", "unknown"):
            faults.append(f"{where}: a contact detail must be varchar, not {data_type}")
    minimum = _bound(meta, "min", data_type, where, faults)
    maximum = _bound(meta, "max", data_type, where, faults)
    if minimum is not None and maximum is not None and minimum > maximum:
        faults.append(f"{where}: min {minimum} is above max {maximum}")
    allowed = _codes(meta, data_type, where, faults)
    return Column(
        name=str(name),
        data_type=data_type,
        description=str(entry.get("description", "")),
        required=_flag(meta, where, faults),
        allowed=allowed,
        minimum=minimum,
        maximum=maximum,
        contact=contact,
        opt_out=_opt_out(meta, allowed, where, faults),
        money=_money(meta, data_type, where, faults),
        range=range_of(meta, data_type, where, faults),
        **_of_text(meta, data_type, where, faults),
    )


def _is_known(data_type: str) -> bool:
    decimal = _DECIMAL.fullmatch(data_type)
    if decimal:
        precision, scale = int(decimal[1]), int(decimal[2])
        return 1 <= precision <= 38 and scale <= precision
    return data_type in PLAIN_TYPES


def _codes(meta: dict[str, Any], data_type: str, where: str, faults: list[str]) -> tuple[str, ...]:
    if "allowed" not in meta:
        return ()
    codes = meta["allowed"]
    if data_type not in ("varchar", "unknown"):
        faults.append(f"{where}: meta.allowed is for varchar, not {data_type}; use min and max")
    if "contact" in meta:
        faults.append(f"{where}: a contact detail has no list of allowed values")
    if not isinstance(codes, list) or not codes or not all(isinstance(code, str) and code for code in codes):
        faults.append(
            f"{where}: meta.allowed must list texts (quote numbers and words like 'no'); found {codes!r}"
        )
        return ()
    _check_distinct(codes, f"{where}: allowed code", faults)
    return tuple(codes)


def _opt_out(
    meta: dict[str, Any], allowed: tuple[str, ...], where: str, faults: list[str]
) -> tuple[str, ...] | None:
    value = meta.get("opt_out")
    if value is None or value is True:
        return () if value else None
    if not isinstance(value, list) or not value or not set(map(str, value)).issubset(allowed):
        faults.append(
            f"{where}: meta.opt_out must be true (whatever stands there is an opt-out) or list some of "
            f"meta.allowed; found {value!r}"
        )
        return None
    return tuple(map(str, value))


def _of_text(meta: dict[str, Any], data_type: str, where: str, faults: list[str]) -> dict[str, Any]:
    """What a contract says of a text that is no contact detail: length, form, what takes its place."""
    length, pattern, instead = (meta.get(word) for word in ("max_length", "pattern", "or_pseudonym_of"))
    is_text = data_type in ("varchar", "unknown") and "contact" not in meta
    if length is not None and (type(length) is not int or length < 1 or not is_text):
        faults.append(
            f"{where}: meta.max_length is a whole number above 0, of a plain varchar; found {length!r}"
        )
    if pattern is not None and not (is_text and "allowed" not in meta and _is_expression(pattern)):
        faults.append(
            f"{where}: meta.pattern is a regular expression, of a plain varchar without meta.allowed; "
            f"found {pattern!r}"
        )
    is_list = isinstance(instead, list) and instead and all(isinstance(name, str) for name in instead)
    if instead is not None and not (is_text and is_list):
        faults.append(
            f"{where}: meta.or_pseudonym_of lists contact details, of a plain varchar; found {instead!r}"
        )
    return {"max_length": length, "pattern": pattern, "or_pseudonym_of": tuple(instead) if is_list else ()}


def _is_expression(value: Any) -> bool:
    try:
        return isinstance(value, str) and value != "" and bool(re.compile(value))
    except re.error:
        return False


def _bound(meta: dict[str, Any], word: str, data_type: str, where: str, faults: list[str]) -> Bound | None:
    value = meta.get(word)
    if value is None or data_type == "unknown":
        return None
    if data_type in ("varchar", "boolean"):
        faults.append(f"{where}: meta.{word} is for numbers, dates and timestamps, not {data_type}")
        return None
    try:
        if data_type == "date":
            if isinstance(value, datetime):
                raise ValueError
            return value if isinstance(value, date) else date.fromisoformat(value)
        if data_type == "timestamp":
            moment = datetime.fromisoformat(str(value))
            if moment.tzinfo is not None:
                raise ValueError
            return moment
        if isinstance(value, bool):
            raise ValueError
        number = Decimal(str(value))
        if not number.is_finite():
            raise ValueError
        return number
    except (ValueError, TypeError, InvalidOperation):
        faults.append(
            f"{where}: meta.{word} {value!r} is not a {data_type} (dates and times in ISO form, no offset)"
        )
        return None


def _money(meta: dict[str, Any], data_type: str, where: str, faults: list[str]) -> bool:
    is_money, decimal = _flag(meta, where, faults, "money"), _DECIMAL.fullmatch(data_type)
    if is_money and not (int(decimal[1]) <= _MOST_DIGITS_OF_MONEY if decimal else data_type == "double"):
        allowed = f"double and decimal(p,s) with p up to {_MOST_DIGITS_OF_MONEY}"
        faults.append(f"{where}: meta.money is for {allowed}, not {data_type}")
    return is_money


def _flag(meta: dict[str, Any], where: str, faults: list[str], word: str = "required") -> bool:
    value = meta.get(word, False)
    if not isinstance(value, bool):
        faults.append(f"{where}: meta.{word} must be true or false; found {value!r}")
    return value is True


def _meta(entry: dict[str, Any], known: set[str], where: str, faults: list[str]) -> dict[str, Any]:
    config = entry.get("config") or {}
    meta = config.get("meta") or {} if isinstance(config, dict) else None
    if not isinstance(meta, dict):
        faults.append(f"{where}: config must be written as config: {{meta: {{...}}}}")
        return {}
    unknown = sorted(str(word) for word in meta if word not in known)
    if unknown:
        faults.append(f"{where}: unknown meta {', '.join(unknown)}; allowed: {', '.join(sorted(known))}")
    return meta


def _entries(value: Any, where: str, faults: list[str]) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value or not all(isinstance(entry, dict) for entry in value):
        faults.append(f"{where}: needs a list of tables or columns, each with a name")
        return []
    return value


def _check_name(name: Any, thing: str, faults: list[str], where: str = "") -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        faults.append(
            f"{where + ': ' if where else ''}{thing} name {name!r} must be lower-case letters, digits and _, "
            "a letter first"
        )


def _check_distinct(names: list[str], thing: str, faults: list[str]) -> None:
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.append(f"{thing} {name} appears more than once")
