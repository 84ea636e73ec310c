"""Amounts in other currencies than the home's: their rates, and the SQL that converts an amount.

Belongs here: rates of one delivery, what holds a row whose currency has none.
Does not: which column is an amount (the contract's ``money``), the currency of a source (its settings).

An amount in another currency becomes ``amount * rate``, rounded half up to the decimals of its column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from orchestration.core.contract import CURRENCY, Column, Table
from orchestration.core.definition_rows import refuse
from orchestration.definitions_files.seeds import faults_of, sound_rows
from orchestration.files import exact_path
from orchestration.loader.deliveries import CheckedDelivery
from orchestration.loader.row_rules import Rule, literal, quoted

RATES_SEED = "sources/exchange_rates.csv"
# So wide that the product of an amount and a rate of its own type is never out of range.
_RATE_TYPE = "decimal(38,8)"
_CODE = "[A-Z]{3}"


@dataclass(frozen=True)
class Rate:
    """What one unit of a currency is worth in the home's, from a day on until its next rate."""

    currency: str
    valid_from: date
    rate: Decimal


def read_rates(seeds_dir: Path) -> tuple[Rate, ...]:
    """All rates, those of a currency from the newest on.

    Raises:
        InputFault: The seed is not as it is declared.
    """
    file = seeds_dir / RATES_SEED
    if not file.exists():
        return ()
    refuse(faults_of([file.stem], {file.stem: file}), "seed")
    rates = [
        Rate(row["currency"], date.fromisoformat(row["valid_from"]), Decimal(row["rate"]))
        for row in sound_rows(RATES_SEED, seeds_dir)
    ]
    return tuple(sorted(rates, key=lambda each: (each.currency, -each.valid_from.toordinal())))


def currency_sql(table: Table, is_delivered: bool) -> str:
    """SQL: the currency of a row's amounts."""
    own = literal(table.settings.currency)
    return f"coalesce(nullif(upper(trim({quoted(CURRENCY)})), ''), {own})" if is_delivered else own


def foreign_currencies(connection: duckdb.DuckDBPyConnection, checked: CheckedDelivery) -> tuple[str, ...]:
    """Other currencies than the home's that amounts of a delivery are in."""
    table = checked.delivery.table
    if not any(column.money for column in table.columns):
        return ()
    found = {table.settings.currency}
    naming = [file for file in checked.files if file.types.get(CURRENCY, '"NULL"') != '"NULL"']
    if naming:
        rows = connection.execute(
            f"select distinct {currency_sql(table, is_delivered=True)} as code "
            f"from read_parquet([{', '.join(literal(exact_path(file.path)) for file in naming)}], "
            "union_by_name = true, hive_partitioning = false) where regexp_full_match(code, '[A-Z]{3}')"
        ).fetchall()
        found.update(code for (code,) in rows)
    return tuple(sorted(found - {table.settings.home_currency}))


def rates_fingerprint(rates: Iterable[Rate], currencies: Iterable[str], delivered_on: date) -> str:
    """What changes when a delivery's amounts would become others; empty where all are the home's currency."""
    foreign = set(currencies)
    if not foreign:
        return ""
    counting = [each for each in rates if each.currency in foreign and each.valid_from <= delivered_on]
    return hashlib.sha256(repr(counting).encode()).hexdigest()


@dataclass(frozen=True)
class Conversion:
    """How the amounts of one delivery become amounts in the home's currency.

    Attributes:
        table: Its table.
        delivered_on: Its date; rates that hold from a later day on were not known.
        foreign: Other currencies than the home's that its rows name.
        rates: All rates.
    """

    table: Table
    delivered_on: date
    foreign: tuple[str, ...]
    rates: tuple[Rate, ...]

    def value(self, column: Column, values: Mapping[str, str], read: str) -> str:
        """SQL: the value of a column as it is loaded, made of the value as it was read.

        Args:
            column: The column.
            values: SQL of the value as it was read of each column that was delivered.
            read: That of this column, or of what it is where it was not.
        """
        if not self.foreign or not column.money:
            return read
        rate = self._rate(values)
        if column.data_type == "double":
            return f"{read} * cast({rate} as double)"
        return f"try_cast({read} * {rate} as {column.data_type})"

    def rules(self, values: Mapping[str, str]) -> list[Rule]:
        """What holds a row because its amounts are in a currency that cannot be converted."""
        rules = []
        amounts = [column for column in self.table.columns if column.money and column.name in values]
        if not amounts:
            return []
        code, home = self._code(values), self.table.settings.home_currency
        if CURRENCY in values:
            rules.append(
                Rule(f"not regexp_full_match({code}, '{_CODE}')", "not a currency of three letters", CURRENCY)
            )
        has_amount = " or ".join(f"{quoted(column.name)} is not null" for column in amounts)
        for currency in self.foreign:
            first = min((each.valid_from for each in self._counting(currency)), default=None)
            what = f"currency {currency}" + (f" has no rate before {first}" if first else "")
            rules.append(
                Rule(
                    f"{code} = {literal(currency)} and {self._rate(values)} is null and ({has_amount})",
                    f"{what}; this home counts in {home}; add a rate to seeds/{RATES_SEED}",
                    CURRENCY,
                )
            )
        for column in amounts if self.foreign else []:
            read = values[column.name]
            lost = f"{self.value(column, values, read)} is null and {self._rate(values)} is not null"
            rules.append(Rule(f"{read} is not null and {lost}", f"too large in {home}", column.name))
        return rules

    def _code(self, values: Mapping[str, str]) -> str:
        return currency_sql(self.table, CURRENCY in values)

    def _counting(self, currency: str) -> list[Rate]:
        return [
            each for each in self.rates if each.currency == currency and each.valid_from <= self.delivered_on
        ]

    def _rate(self, values: Mapping[str, str]) -> str:
        """SQL: the rate of a row by its currency and day; null where there is none."""
        table = self.table
        day = f"date '{self.delivered_on}'"
        if table.month_of in values:
            day = f"cast({values[table.month_of]} as date)"
        known = [f"when {literal(table.settings.home_currency)} then 1"]
        for currency in self.foreign:
            steps = " ".join(
                f"when {day} >= date '{each.valid_from}' then {each.rate}"
                for each in self._counting(currency)
            )
            if steps:
                known.append(f"when {literal(currency)} then case {steps} end")
        return f"cast(case {self._code(values)} {' '.join(known)} end as {_RATE_TYPE})"
