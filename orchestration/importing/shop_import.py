"""One import from beginning to end: files read, proposed, converted, checked and, when wanted, delivered.

Belongs here: the order of the steps, the private folder they work in.
Does not: any step itself; asking and printing (cli.import_files).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from secrets import token_hex

import duckdb

from orchestration.core.contract import SourceContract
from orchestration.core.errors import InputFault
from orchestration.definitions_files.settings import read_settings
from orchestration.definitions_files.variables import project_variables
from orchestration.files import is_alive, private_folder
from orchestration.importing.checking import TableCheck, check_tables
from orchestration.importing.converting import Converted, convert
from orchestration.importing.fields import read_vocabulary
from orchestration.importing.handing_over import hand_over, refuse_delivered
from orchestration.importing.kept import (
    checked_name,
    contract_of,
    contract_with,
    known_mappings,
    name_of,
    read_source,
)
from orchestration.importing.looking import Looking
from orchestration.importing.mapping import Mapping
from orchestration.importing.proposing import Options, Proposal, propose
from orchestration.importing.reading import TextTable, read_file
from orchestration.importing.recognising import same_shape
from orchestration.importing.text_rows import Reading
from orchestration.loader.bookkeeping import blocked_identifiers, tell_placeholders
from orchestration.loader.secret import SHORTEST, Secret, tell_key
from orchestration.project import SEEDS_DIR, Home

_MEMORY = "2GB"
_FOLDER = ".importing-"
_NEWEST = {
    "orders": "ordered_at",
    "order_items": "ordered_at",
    "refunds": "refunded_at",
    "members": "registered_at",
}


@dataclass(frozen=True)
class Prepared:
    """An import that could be delivered.

    Attributes:
        proposal: How the files are read.
        converted: What they became.
        checks: What the loader will say of each table.
        delivered_on: Day of the deliveries.
    """

    proposal: Proposal
    converted: Converted
    checks: dict[str, TableCheck]
    delivered_on: date


class ShopImport:
    """The steps of one import; use :func:`importing`."""

    def __init__(
        self, home: Home, folder: Path, connection: duckdb.DuckDBPyConnection, seeds_dir: Path = SEEDS_DIR
    ) -> None:
        self.home, self.connection, self._folder = home, connection, folder
        self.vocabulary = read_vocabulary(seeds_dir)
        self._settings = read_settings("import_settings", seeds_dir)
        self.tables: tuple[TextTable, ...] = ()
        self.name = ""
        self._known: Mapping | None = None

    def read(self, paths: Sequence[Path], name: str | None, encoding: str | None) -> None:
        """Read the files, and find out which shop's they are.

        Raises:
            InputFault: A file cannot be read, or the name cannot be one.
        """
        folder = self._folder / "text"
        folder.mkdir()
        self.tables = tuple(read_file(path, folder, encoding) for path in paths)
        known = known_mappings(self.home)
        found = name or self._name_by_shape(known) or name_of(paths)
        self.name = checked_name(found)
        self._known = known.get(self.name)

    @property
    def is_known(self) -> bool:
        """Whether the shop's files were imported before."""
        return self._known is not None

    @property
    def source(self) -> dict[str, str]:
        """What is kept of the shop beside its mapping."""
        return read_source(self.home, self.name)

    @property
    def preview_rows(self) -> int:
        """How many rows are shown."""
        return int(str(self._settings["preview_rows"]))

    @property
    def contract(self) -> SourceContract:
        """The standard shape as the contract of the shop."""
        return contract_of(self.name)

    def looking(self, table: TextTable) -> Looking:
        """To ask the rows of a file."""
        return Looking(self.connection, table, self.contract)

    def propose(self, options: Options) -> Proposal:
        """Decide how the files are read.

        Raises:
            Undecided: Where the values leave it open.
        """
        return propose(
            self.tables,
            options,
            self._known,
            self.source,
            self.contract,
            self.vocabulary,
            self.connection,
        )

    def prepare(self, proposal: Proposal, delivered_on: date | None) -> Prepared:
        """Convert the rows, and have the loader check them.

        Raises:
            InputFault: No row came out, no day is known, or it was delivered before.
        """
        contract = contract_with(self.name, proposal.settings, self.home)
        reading = Reading(proposal.mapping, contract, self.vocabulary, proposal.settings.currency)
        # Guests are told from one another as the loader does it; nothing of this is kept.
        once = Secret(token_hex(SHORTEST))
        tell_key(self.connection, once)
        blocked = blocked_identifiers({self.name: contract}, SEEDS_DIR, once.value)
        tell_placeholders(self.connection, (hashed for _, hashed in blocked))
        folder = self._folder / "tables"
        folder.mkdir()
        category = str(project_variables()["general_category_group"])
        converted = convert(self.connection, proposal.files, reading, folder, category)
        if not converted.files:
            raise InputFault(
                f"{', '.join(table.name for table in self.tables)}: nothing in it can be "
                "imported alone. Give the "
                "file of orders with it."
            )
        day = delivered_on or self._newest(converted)
        refuse_delivered(self.home, self.name, list(converted.files), day)
        checks = check_tables(converted.files, contract, day, self._folder / "trial")
        return Prepared(proposal, converted, checks, day)

    def deliver(self, prepared: Prepared, *, is_whole: bool) -> list[Path]:
        """Deliver what was prepared."""
        return hand_over(
            self.home,
            self.name,
            prepared.converted.files,
            prepared.delivered_on,
            prepared.proposal.settings,
            prepared.proposal.mapping,
            is_whole=is_whole,
        )

    def rows(
        self, converted: Converted, table: str, limit: int
    ) -> tuple[list[str], list[tuple[str | None, ...]]]:
        """The first rows of a table as they will be delivered, without columns that are empty in them."""
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in converted.files[table])
        found = self.connection.execute(
            f"from read_parquet([{listed}], union_by_name = true) order by source_row_number limit {limit}"
        )
        names = [column[0] for column in found.description or ()]
        rows = found.fetchall()
        kept = [
            place
            for place, name in enumerate(names)
            if name != "source_row_number" and any(row[place] is not None for row in rows)
        ]
        return [names[place] for place in kept], [tuple(row[place] for place in kept) for row in rows]

    def _name_by_shape(self, known: dict[str, Mapping]) -> str | None:
        fits = [
            name
            for name, mapping in known.items()
            if all(any(same_shape(file, table.headings) for file in mapping.files) for table in self.tables)
        ]
        if len(fits) > 1:
            raise InputFault(
                f"Files with these columns are known of several shops: {', '.join(fits)}. Say which: --name."
            )
        return fits[0] if fits else None

    def _newest(self, converted: Converted) -> date:
        """The day of the newest order that is not far after all others."""
        for table, moment in _NEWEST.items():
            if table not in converted.files:
                continue
            ((day,),) = self.connection.execute(
                f"""
                with days as (
                    select distinct try_cast(left({moment}, 10) as date) as day from made_{table}
                ),
                gaps as (
                    select day, day - lag(day) over (order by day) as gap from days where day is not null
                )
                select max(day) from gaps where gap is null or gap <= {self._settings["newest_gap_days"]}
                """
            ).fetchall()
            if day is not None:
                return day
        raise InputFault(
            "No row has a date that can be read, so the day of the delivery is not known: --date."
        )


@contextmanager
def importing(home: Home) -> Iterator[ShopImport]:
    """An import in a private folder of the home, which is gone at the end."""
    vault = private_folder(home.vault)
    for left in vault.glob(f"{_FOLDER}*"):
        if not is_alive(int(left.name.split("-")[1])):
            shutil.rmtree(left, ignore_errors=True)  # of an import that was killed
    folder = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}{os.getpid()}-", dir=vault))
    try:
        with duckdb.connect(str(folder / "work.duckdb")) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(f"set memory_limit = '{_MEMORY}'")
            connection.execute("set autoinstall_known_extensions = false")
            connection.execute("set enable_progress_bar = false")
            yield ShopImport(home, folder, connection)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
