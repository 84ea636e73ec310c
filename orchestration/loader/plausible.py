"""What a value can be: ranges and words that are rows of seeds, as conditions on rows and on contact details.

Belongs here: reading `seeds/sources/`, the SQL of plausible values.
Does not: what a contract says of types, codes and bounds (row_rules.py), placeholders (bookkeeping.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

from orchestration.core.contract import Column, ContractFault, SourceContract, Table
from orchestration.core.pseudonyms import ContactRules, word_form
from orchestration.definitions_files.seeds import sound_rows
from orchestration.loader.row_rules import Rule, quoted
from orchestration.project import SEEDS_DIR

RANGES_SEED = "sources/plausible_ranges.csv"
WORDS_SEED = "sources/empty_words.csv"
PLAUSIBLE = "is plausible"
"""In the reason of every row that is refused by a range, which tells by itself what is allowed."""
# No place on earth is further from UTC; it is written after a time of day, or else a date would end in one.
_NO_OFFSET = ":[0-9]{2}([.][0-9]+)? *[+-](1[5-9]|[2-9][0-9]|14:?(0[1-9]|[1-9])|[0-9]{2}:?[6-9])(:?[0-9]*)$"
_FURTHEST = "14:00"


@dataclass(frozen=True)
class PlausibleRange:
    """What a kind of value can be; None where there is no limit.

    Attributes:
        earliest: First day.
        days_after_delivery: So many days after the delivery's day.
        lowest: Least number.
        highest: Largest number.
    """

    earliest: date | None
    days_after_delivery: int | None
    lowest: Decimal | None
    highest: Decimal | None


@dataclass(frozen=True)
class Plausible:
    """The rows of seeds that decide what is loaded.

    Attributes:
        ranges: By the name contracts use.
        words: Which words stand for no contact detail.
    """

    ranges: Mapping[str, PlausibleRange]
    words: ContactRules

    def of(self, column: Column) -> PlausibleRange | None:
        """The range of a column's values, if it has one."""
        return self.ranges.get(column.range or "")

    def contacts(self, table: Table) -> ContactRules:
        """What a contact detail of a table is."""
        return replace(self.words, country=table.settings.country)

    def fingerprint(self, table: Table) -> str:
        """SHA-256 over what changes what is loaded of a table, beside its contract.

        That is its rows here, and for phones the version of the library, whose data decide what is one.
        """
        ranges = {column.range: asdict(found) for column in table.columns if (found := self.of(column))}
        words = sorted(self.words.words) if table.contacts else []
        has_phones = any(column.contact == "phone" for column in table.contacts)
        library = version("phonenumbers") if has_phones else None
        content = json.dumps([ranges, words, library], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()


def read_plausible(
    seeds_dir: Path = SEEDS_DIR, contracts: Mapping[str, SourceContract] | None = None
) -> Plausible:
    """The rows of both seeds.

    Args:
        seeds_dir: Folder of all definitions.
        contracts: By source name; each range they name must be there.

    Raises:
        InputFault: A seed is not as it is declared.
        ContractFault: A contract names a range that no row has.
    """
    ranges = {
        row["range_name"]: PlausibleRange(
            date.fromisoformat(row["earliest"]) if row["earliest"] else None,
            int(row["days_after_delivery"]) if row["days_after_delivery"] else None,
            Decimal(row["lowest"]) if row["lowest"] else None,
            Decimal(row["highest"]) if row["highest"] else None,
        )
        for row in sound_rows(RANGES_SEED, seeds_dir)
    }
    tables = [table for contract in (contracts or {}).values() for table in contract.tables]
    unknown = sorted(
        f"  - {table.full_name}, column {column.name}: range {column.range}"
        for table in tables
        for column in table.columns
        if column.range and column.range not in ranges
    )
    if unknown:
        raise ContractFault(
            f"Contracts name ranges that seeds/{RANGES_SEED} does not have:\n"
            + "\n".join(unknown)
            + f"\nIt has: {', '.join(ranges) or 'none'}. Add a row, or name one of these."
        )
    words = {(row["part"], word_form(row["word"])) for row in sound_rows(WORDS_SEED, seeds_dir)}
    return Plausible(ranges, ContactRules(words=frozenset(words)))


def offset_rules(column: Column, delivered: str | None) -> Iterable[Rule]:
    """What holds a row before its value is read: an offset that no time zone has."""
    if column.data_type == "timestamp" and delivered == "VARCHAR":
        condition = f"regexp_matches({quoted(column.name)}, '{_NO_OFFSET}')"
        yield Rule(
            condition, f"an offset no time zone has; at most {_FURTHEST} from UTC is allowed", column.name
        )


def range_rules(
    column: Column, delivered: str | None, value: str, plausible: Plausible, delivered_on: date
) -> Iterable[Rule]:
    """The conditions that hold a row because a value cannot be so."""
    found = plausible.of(column)
    if found is None or delivered is None:
        return
    name = column.name
    if found.earliest is not None:
        yield Rule(
            f"{value} < {column.data_type} '{found.earliest}'",
            f"before {found.earliest}, the earliest that {PLAUSIBLE}",
            name,
        )
    if found.days_after_delivery is not None:
        last = _last(found.days_after_delivery, delivered_on)
        yield Rule(
            f"{value} >= {column.data_type} '{last + timedelta(days=1)}'",
            f"after {last}, the latest that {PLAUSIBLE} in this delivery",
            name,
        )
    if found.lowest is not None:
        yield Rule(f"{value} < {found.lowest}", f"below {found.lowest}, the least that {PLAUSIBLE}", name)
    if found.highest is not None:
        yield Rule(f"{value} > {found.highest}", f"above {found.highest}, the most that {PLAUSIBLE}", name)


def pair_rules(table: Table, values: Mapping[str, str]) -> Iterable[Rule]:
    """The conditions that hold a row because two of its values cannot both be so.

    Times are compared by their days: a date without a time is read as the start of its day.

    Args:
        table: The table.
        values: SQL of the value of each column that was delivered.
    """
    for lower, higher in table.at_most:
        if lower not in values or higher not in values:
            continue
        less, more = values[lower], values[higher]
        if table.column(lower).data_type in ("date", "timestamp"):
            less, more = f"cast({less} as date)", f"cast({more} as date)"
            reason = f"{lower} must not be on a later day than {higher}"
        else:
            reason = f"{lower} must be at most {higher}"
        yield Rule(f"{less} > {more}", reason, f"{lower}, {higher}")


def is_plausible(column: Column, value: str, plausible: Plausible, delivered_on: date) -> str:
    """SQL: whether a typed date or time can be so."""
    found = plausible.of(column)
    tests = []
    if found is not None and found.earliest is not None:
        tests.append(f"{value} >= {column.data_type} '{found.earliest}'")
    if found is not None and found.days_after_delivery is not None:
        last = _last(found.days_after_delivery, delivered_on)
        tests.append(f"{value} < {column.data_type} '{last + timedelta(days=1)}'")
    return " and ".join(tests) or "true"


def _last(days: int, delivered_on: date) -> date:
    return delivered_on + min(timedelta(days=days), date.max - delivered_on - timedelta(days=1))
