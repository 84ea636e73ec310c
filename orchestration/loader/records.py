"""What is loaded: the record that lies beside the loaded files of each delivery.

Belongs here: finding and reading records, whether one is of today's contract, what they tell together.
Does not: loading (loading.py), the tables made of them (bookkeeping.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.contract import SourceContract, Table
from orchestration.files import read_json
from orchestration.loader.bookkeeping import write_loads
from orchestration.loader.currencies import Rate, rates_fingerprint
from orchestration.loader.deliveries import CHANGES, delivery_date
from orchestration.loader.plausible import Plausible, read_plausible
from orchestration.loader.secret import LOAD_AGAIN, Secret
from orchestration.loader.unreadable import UNREADABLE, unreadable_consents
from orchestration.own_tables import write_own_table
from orchestration.project import SEEDS_DIR, Home

RECORD = "load.json"
# Raised when the loader writes the same delivery differently: everything is then loaded again.
FORMAT = 5


@dataclass(frozen=True)
class TableLoad:
    """One delivery loaded, or one table never delivered (``status`` missing, ``delivered_on`` None).

    ``notes`` are what was left out or stays empty, ``findings`` what is not as usual with it as a whole.
    """

    source: str
    table: str
    delivered_on: date | None
    status: str
    rows_in: int = 0
    rows_loaded: int = 0
    rows_quarantined: int = 0
    exact_duplicates: int = 0
    contract: str = ""
    covers: str | None = None
    notes: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()


def tell_what_is_loaded(
    home: Home, contracts: dict[str, SourceContract], seeds_dir: Path = SEEDS_DIR
) -> list[TableLoad]:
    """Write the tables about deliveries, as they lie there now."""
    tables = summary_of(contracts, read_records(home, contracts))
    with duckdb.connect() as connection:
        write_own_table(
            home, UNREADABLE, unreadable_consents(home, contracts, connection, read_plausible(seeds_dir))
        )
    write_loads(home, tables)
    return tables


def read_records(home: Home, contracts: dict[str, SourceContract]) -> dict[tuple[str, str, date], Any]:
    """The record of every delivery loaded, by source, table and date."""
    records = {}
    for path in home.load_records:
        table, source, delivered = path.parts[-4:-1]
        delivered_on = delivery_date(delivered)
        if delivered_on is not None and source in contracts and contracts[source].table(table):
            records[source, table, delivered_on] = read_json(path, LOAD_AGAIN)
    return records


def identity(table: Table, delivered_on: date) -> tuple[str, str, date]:
    """What a delivery is known by."""
    return table.source, table.name, delivered_on


def is_current(
    record: dict[str, Any], table: Table, secret: Secret, plausible: Plausible, rates: tuple[Rate, ...]
) -> bool:
    """Whether a delivery would be loaded today as it was."""
    expected = {
        "contract": table.fingerprint,
        "plausible": plausible.fingerprint(table),
        "secret": secret.fingerprint,
        "format": FORMAT,
    }
    if record.get("currencies"):
        delivered_on = date.fromisoformat(record["delivered_on"])
        expected["rates"] = rates_fingerprint(rates, record["currencies"], delivered_on)
    return all(record.get(word) == value for word, value in expected.items())


def required_tables_missing(
    contracts: dict[str, SourceContract], present: set[tuple[str, str, date]]
) -> list[str]:
    """Faults: tables that a source must deliver and did not."""
    sources = {source for source, _, _ in present}
    tables = {(source, table) for source, table, _ in present}
    return [
        f"{table.full_name}: required, and {source} delivered other tables but never this one"
        for source in sorted(sources)
        for table in contracts[source].tables
        if table.required and (source, table.name) not in tables
    ]


def summary_of(
    contracts: dict[str, SourceContract], records: dict[tuple[str, str, date], Any]
) -> list[TableLoad]:
    """What the records tell, one entry per delivery, and one per table never delivered."""
    tables = []
    for contract in contracts.values():
        for table in contract.tables:
            dates = sorted(
                day for source, name, day in records if (source, name) == (table.source, table.name)
            )
            if not dates:
                tables.append(
                    TableLoad(table.source, table.name, None, "missing", contract=contract.contract)
                )
            for day in dates:
                record = records[table.source, table.name, day]
                counts = {
                    word: record[word]
                    for word in ("rows_in", "rows_loaded", "rows_quarantined", "exact_duplicates")
                }
                told = {word: tuple(record.get(word, ())) for word in ("notes", "findings")}
                covers = record.get("covers", CHANGES)
                tables.append(
                    TableLoad(
                        table.source, table.name, day, "loaded", **counts, **told,
                        contract=contract.contract, covers=covers,
                    )
                )  # fmt: skip
    return tables
