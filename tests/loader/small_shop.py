"""A small shop's contract, and deliveries written by hand so that each can be wrong in one way."""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from orchestration.core.contract import parse_contract
from orchestration.loader import load
from orchestration.project import Home

CONTRACT = """
sources:
  - name: shop
    tables:
      - name: members
        config: {meta: {key: [member_id], required: true}}
        columns:
          - {name: member_id, data_type: varchar, config: {meta: {required: true}}}
          - {name: phone, data_type: varchar, config: {meta: {contact: phone}}}
          - {name: email, data_type: varchar, config: {meta: {contact: email}}}
          - {name: union_id, data_type: varchar, config: {meta: {contact: union_id}}}
          - {name: card_number, data_type: varchar, config: {meta: {contact: card}}}
          - {name: full_name, data_type: varchar, config: {meta: {contact: name}}}
          - {name: street_address, data_type: varchar, config: {meta: {contact: address}}}
          - {name: birth_month, data_type: integer, config: {meta: {min: 1, max: 12}}}
          - {name: level, data_type: varchar, config: {meta: {allowed: [basic, gold]}}}
      - name: orders
        config: {meta: {key: [order_id], month_of: ordered_at, required: true}}
        columns:
          - {name: order_id, data_type: bigint, config: {meta: {required: true}}}
          - {name: system, data_type: varchar}
          - {name: member_id, data_type: varchar}
          - {name: ordered_at, data_type: timestamp, config: {meta: {required: true}}}
          - name: status
            data_type: varchar
            config: {meta: {required: true, allowed: [completed, it's open]}}
          - {name: amount, data_type: "decimal(18,2)", config: {meta: {min: 0, max: 1000}}}
          - {name: units, data_type: integer}
          - {name: weight, data_type: double}
          - {name: is_gift, data_type: boolean}
          - {name: due_on, data_type: date, config: {meta: {min: 2020-01-01}}}
      - name: prices
        config: {meta: {key: [product_id, valid_from], month_of: valid_from}}
        columns:
          - {name: product_id, data_type: varchar, config: {meta: {required: true}}}
          - {name: valid_from, data_type: date, config: {meta: {required: true}}}
          - {name: price, data_type: "decimal(18,2)"}
"""
MEMBERS = {"member_id": ["m1", "m2"], "phone": ["13911112222", None]}
ORDER = {"order_id": 1, "ordered_at": "2024-05-01 10:00:00", "status": "completed"}


def contracts_from(text=CONTRACT):
    """The contracts of one sources file."""
    contract = parse_contract(yaml.safe_load(text), "shop.yml")
    return {contract.name: contract}


def write_csv(path: Path, columns: dict) -> int:
    """Write columns as CSV, None as an empty field; returns the rows."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        rows = list(zip(*columns.values(), strict=True))
        writer.writerows(rows)
    return len(rows)


def write_parquet(path: Path, columns: dict) -> int:
    """Write columns as Parquet with the types pyarrow infers or the arrays given; returns the rows."""
    table = pa.table(columns)
    pq.write_table(table, path)
    return table.num_rows


@dataclass
class Shop:
    """A home with a landing folder to deliver to."""

    home: Home
    seeds: Path
    said: list[str] = field(default_factory=list)

    def folder(self, table, on="2024-06-01"):
        return self.home.landing / "shop" / table / f"delivered={on}"

    def deliver(self, table, *parts, on="2024-06-01", form="csv", manifest=None):
        """One delivery, a file per part; ``manifest`` may spoil the manifest."""
        folder = self.folder(table, on)
        folder.mkdir(parents=True)
        for number, columns in enumerate(parts):
            (write_csv if form == "csv" else write_parquet)(folder / f"part-{number}.{form}", columns)
        self.seal(table, on, manifest)
        return folder

    def seal(self, table, on="2024-06-01", change=None):
        """Write the manifest of what lies in the delivery's folder."""
        folder = self.folder(table, on)
        files = []
        for path in sorted(folder.iterdir()):
            content = path.read_bytes()
            rows = 0
            if path.suffix == ".parquet" and content[:4] == b"PAR1":
                rows = pq.read_metadata(path).num_rows
            elif path.suffix == ".csv":
                rows = max(len(list(csv.reader(content.decode("utf-8", "replace").splitlines()))) - 1, 0)
            files.append({"name": path.name, "rows": rows, "sha256": hashlib.sha256(content).hexdigest()})
        manifest = {"source": "shop", "table": table, "delivered_on": on, "files": files}
        if change:
            change(manifest)
        (folder / "manifest.json").write_text(json.dumps(manifest))

    def deliver_required(self):
        self.deliver("members", MEMBERS)
        self.deliver("orders", {name: [value] for name, value in ORDER.items()})

    def load(self, contract=CONTRACT, **options):
        return load(self.home, contracts_from(contract), self.said.append, seeds_dir=self.seeds, **options)

    def loaded(self, table, on="*"):
        """Rows loaded, sorted, as dictionaries."""
        paths = sorted(self.home.loaded.glob(f"shop/{table}/shop/delivered={on}/month=*/*.parquet"))
        rows = [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]
        return sorted(rows, key=str)

    def quarantined(self, table, on="2024-06-01"):
        """Rows quarantined, in order."""
        path = self.home.quarantine / "shop" / table / f"delivered={on}" / "quarantined.parquet"
        return pq.read_table(path, partitioning=None).to_pylist() if path.exists() else []

    def reasons(self, table):
        return [
            (row["quarantine_row_number"], row["quarantine_column"], row["quarantine_reason"])
            for row in self.quarantined(table)
        ]


def load_of(summary, table):
    """The one load of a table in a summary."""
    (found,) = [load for load in summary.tables if load.table == table]
    return found


def counts(summary, table):
    """Rows in, loaded, quarantined, exact duplicates."""
    found = load_of(summary, table)
    return found.rows_in, found.rows_loaded, found.rows_quarantined, found.exact_duplicates
