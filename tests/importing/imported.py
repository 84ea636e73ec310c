"""Importing files in a home of a test.

Belongs here: running an import up to its rows, reading them.
Does not: what they should be.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.importing.proposing import Options, Proposal
from orchestration.importing.shop_import import Prepared, importing
from orchestration.project import Home

FILES = Path(__file__).parent / "files"


@dataclass(frozen=True)
class Imported:
    """An import that was prepared and not delivered, its rows by table."""

    name: str
    proposal: Proposal
    prepared: Prepared
    tables: dict[str, list[dict]]

    def by(self, table: str, key: str) -> dict[str, dict]:
        return {row[key]: row for row in self.tables[table]}


def imported(root: Path, *files: Path, name: str | None = None, deliver: bool = False, **options) -> Imported:
    """Import files into a home; the tables' rows as text, empty columns left out."""
    os.environ.pop("REKINDLE_SECRET", None)
    with importing(Home(root)) as shop:
        shop.read(list(files), name, options.get("encoding"))
        proposal = shop.propose(Options(**options))
        prepared = shop.prepare(proposal, options.get("delivered_on"))
        tables = {table: rows_in(paths) for table, paths in prepared.converted.files.items()}
        if deliver:
            shop.deliver(prepared, is_whole=False)
        return Imported(shop.name, proposal, prepared, tables)


def rows_in(paths: list[Path]) -> list[dict]:
    with duckdb.connect() as connection:
        found = connection.execute(
            "from read_parquet($1, union_by_name = true) order by source_row_number",
            [[str(path) for path in paths]],
        )
        names = [column[0] for column in found.description]
        return [
            {name: value for name, value in zip(names, row, strict=True) if value is not None}
            for row in found.fetchall()
        ]


def written(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def in_encoding(folder: Path, name: str, encoding: str) -> Path:
    """A copy of one of the files, written as its system writes it."""
    folder.mkdir(exist_ok=True)
    return written(folder, name, (FILES / name).read_text(encoding="utf-8"), encoding)
