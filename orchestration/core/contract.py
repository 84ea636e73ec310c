"""What a source promises: tables, columns, types, keys, codes and ranges, read from dbt's sources file.

Belongs here: the shape of a contract, the check of a parsed one, its fingerprint.
Does not: reading the YAML file, looking at delivered data.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from typing import Any

from orchestration.core.contract_ranges import at_most_of, in_its_table, range_of
from orchestration.core.contract_values import (
    DECIMAL,
    Bound,
    bound_of,
    check_distinct,
    codes_of,
    flag_of,
    is_money,
    opt_out_of,
    text_words,
)
from orchestration.core.errors import InputFault
from orchestration.core.pseudonyms import CONTACT_KINDS
from orchestration.core.source_settings import AS_WRITTEN, SourceSettings

PLAIN_TYPES = ("varchar", "bigint", "integer", "double", "boolean", "date", "timestamp")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TABLE_WORDS = {"key", "month_of", "required", "silences", "at_most"}
_NOTHING = "nothing"
_COLUMN_WORDS = {
    "required", "allowed", "min", "max", "contact", "opt_out", "money", "max_length", "pattern",
    "or_pseudonym_of", "range",
}  # fmt: skip
_SOURCE_WORDS = {"external_location", "time_zone"}
CURRENCY = "currency"
"""Name of the column in which a row says what its amounts are in; empty: in the source's currency."""


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
        silences: What the warehouse cannot say while an optional table is missing, or "nothing".
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
    def is_read(self) -> bool:
        """Whether a model reads it; what else is delivered is checked and kept, and no more."""
        return self.silences != _NOTHING

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
    check_distinct([table.name for table in tables], f"source {name}: table", faults)
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
    check_distinct([column.name for column in columns], f"{where}: column", faults)
    by_name = {column.name: column for column in columns}
    key = meta.get("key")
    if not isinstance(key, list) or not key or not all(isinstance(part, str) for part in key):
        faults.append(f"{where}: meta.key must list the columns that identify a row; found {key!r}")
        key = []
    check_distinct(key, f"{where}: key column", faults)
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
    required = flag_of(meta, where, faults)
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
    minimum = bound_of(meta, "min", data_type, where, faults)
    maximum = bound_of(meta, "max", data_type, where, faults)
    if minimum is not None and maximum is not None and minimum > maximum:
        faults.append(f"{where}: min {minimum} is above max {maximum}")
    allowed = codes_of(meta, data_type, where, faults)
    return Column(
        name=str(name),
        data_type=data_type,
        description=str(entry.get("description", "")),
        required=flag_of(meta, where, faults),
        allowed=allowed,
        minimum=minimum,
        maximum=maximum,
        contact=contact,
        opt_out=opt_out_of(meta, allowed, where, faults),
        money=is_money(meta, data_type, where, faults),
        range=range_of(meta, data_type, where, faults),
        **text_words(meta, data_type, where, faults),
    )


def _is_known(data_type: str) -> bool:
    decimal = DECIMAL.fullmatch(data_type)
    if decimal:
        precision, scale = int(decimal[1]), int(decimal[2])
        return 1 <= precision <= 38 and scale <= precision
    return data_type in PLAIN_TYPES


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
