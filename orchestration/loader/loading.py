"""Load: every new delivery checked, written and made visible, one by one.

Belongs here: which deliveries to load, in what order, the switch to visible, what is said on the way.
Does not: the checks (deliveries.py, row_rules.py) and the writing (one_delivery.py) themselves.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.contract import SourceContract, Table
from orchestration.core.delivery_checks import REFUSE, Finding
from orchestration.core.errors import InputFault, RekindleError
from orchestration.csv_files.copying import without_waiting_writers
from orchestration.files import flush_tree, private_folder, sha256_of, switch_folder, sync, write_file
from orchestration.loader.bookkeeping import (
    blocked_identifiers,
    missing_lines,
    tell_placeholders,
    write_blocked_identifiers,
    write_empty_tables,
)
from orchestration.loader.currencies import Rate, rates_fingerprint, read_rates
from orchestration.loader.deliveries import (
    WHOLE,
    CheckedDelivery,
    check_delivery,
    find_deliveries,
    manifest_sha256,
)
from orchestration.loader.identity_decisions import read_decisions, write_decisions
from orchestration.loader.loaded_places import adopt_former_layout, sources_gone
from orchestration.loader.one_delivery import WrittenDelivery, write_delivery
from orchestration.loader.plausible import Plausible, read_plausible
from orchestration.loader.records import (
    FORMAT,
    RECORD,
    TableLoad,
    identity,
    is_current,
    read_records,
    required_tables_missing,
    tell_what_is_loaded,
)
from orchestration.loader.secret import Secret, read_secret, tell_key
from orchestration.loader.whole_deliveries import (
    RefusedAsAWhole,
    filled_columns,
    find,
    read_checks,
    told_refused,
)
from orchestration.project import SEEDS_DIR, Home


@dataclass(frozen=True)
class LoadSummary:
    """What is loaded now.

    Attributes:
        tables: One per delivery loaded, whenever that was, and one per table never delivered.
        newly_loaded: How many deliveries this load added or replaced.
    """

    tables: list[TableLoad] = field(default_factory=list)
    newly_loaded: int = 0


def load(
    home: Home,
    contracts: dict[str, SourceContract],
    say: Callable[[str], None],
    *,
    today: date | None = None,
    seeds_dir: Path = SEEDS_DIR,
    memory_limit: str = "3GB",
    threads: int | None = None,
) -> LoadSummary:
    """Load every delivery that is not loaded yet under its contract of today.

    The caller holds the build lock.

    Args:
        home: The business's folder.
        contracts: By source name, see ``read_contracts``.
        say: Gets one line per step.
        today: The current business date, after which no delivery is dated; None where that is not asked.
        seeds_dir: Where the rows lie of what values can be, of those that identify nobody, of what is usual.
        memory_limit: DuckDB's limit; what does not fit goes to disk inside the vault.
        threads: DuckDB's threads; by default all cores.

    Raises:
        InputFault: With the faults of all new deliveries; none of them is then loaded.
        InputFault: A delivery is refused as a whole by the checks of deliveries; all others are then loaded.
        InputFault: The secret is missing, unsafe or another one.
        RekindleError: No source delivered anything.
        RekindleError: The disk is full, or the like; what was loaded before stays.
    """
    try:
        adopt_former_layout(home)
        secret = read_secret(home)
        _clean_up(home)
        private_folder(_private(home))
        _workspace(home).mkdir(parents=True)
        with _connect(home, secret, memory_limit, threads) as connection:
            return _load(home, contracts, say, seeds_dir, secret, connection, today)
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise RekindleError(
            f"Loading stopped: {_first_line(error)}\n"
            "What was loaded before is untouched and nothing half-loaded is visible.\n"
            f"Free disk space or memory, check that {home.root} is writable, then load again."
        ) from None
    finally:
        _clean_up(home)


def _load(
    home: Home,
    contracts: dict[str, SourceContract],
    say: Callable[[str], None],
    seeds_dir: Path,
    secret: Secret,
    connection: duckdb.DuckDBPyConnection,
    today: date | None,
) -> LoadSummary:
    decisions = read_decisions(home, contracts)
    faults: list[str] = []
    plausible = read_plausible(seeds_dir, contracts)
    blocked = blocked_identifiers(contracts, seeds_dir, secret.value)
    tell_placeholders(connection, (hashed for _, hashed in blocked))
    checks = read_checks(seeds_dir)
    delivered = find_deliveries(home.landing, contracts, faults, say)
    records, rates = read_records(home, contracts), read_rates(seeds_dir)
    faults += sources_gone(home, contracts)
    pending: list[CheckedDelivery] = []
    for delivery in delivered:
        record = records.pop(identity(delivery.table, delivery.delivered_on), None)
        manifest = manifest_sha256(delivery)
        if record and manifest is not None and manifest != record["manifest"]:
            faults.append(
                f"{delivery.where}: was loaded before and has changed since; a delivery is never changed, "
                "deliver corrections under a new date"
            )
        elif record and is_current(record, delivery.table, secret, plausible, rates):
            records[identity(delivery.table, delivery.delivered_on)] = record
        else:
            checked = check_delivery(delivery, connection, _private(home), faults)
            if checked is not None:
                pending.append(checked)
    landed = {identity(delivery.table, delivery.delivered_on) for delivery in delivered}
    for source, table_name, delivered_on in sorted(records.keys() - landed):
        table = contracts[source].table(table_name)
        record = records[source, table_name, delivered_on]
        if table and not is_current(record, table, secret, plausible, rates):
            faults.append(
                f"{source}.{table_name} delivered={delivered_on}: its contract, its source.yml, the loader "
                "or what is plausible (seeds/sources) changed, but the delivery is no longer in landing; put "
                "it back so that it can be loaded anew"
            )
    present = landed | records.keys()
    faults += required_tables_missing(contracts, present)
    if faults:
        raise InputFault(
            f"Nothing was loaded; faults in what was delivered: {len(faults)}\n"
            + "\n".join(f"  - {fault}" for fault in faults)
            + "\nA delivery is never repaired in place: remove the folder and deliver it again "
            "(docs/bring-your-data.md)."
        )
    if not present:
        raise RekindleError(
            f"No source has delivered anything to {home.landing}.\n"
            "Type `rekindle sample` for the simulated chain; for your own files see docs/bring-your-data.md."
        )
    refused: list[str] = []
    for checked in pending:
        table = checked.delivery.table
        of = [each for key, each in records.items() if key[:2] == (table.source, table.name)]
        try:
            record = _load_one(
                home, checked, secret, plausible, rates, connection, say,
                lambda it, of=of: find(it, of, checks, today),
            )  # fmt: skip
        except RefusedAsAWhole as refusal:
            refused += [f"{checked.delivery.where}: {each}" for each in refusal.args]
        else:
            records[identity(table, checked.delivery.delivered_on)] = record
    write_empty_tables(home, contracts)
    write_blocked_identifiers(home, blocked)
    tables = tell_what_is_loaded(home, contracts, seeds_dir)
    write_decisions(home, contracts, decisions, say)
    for line in missing_lines(tables, contracts):
        say(line)
    if refused:
        raise InputFault(told_refused(refused))
    if not pending:
        say(f"nothing new: all {len(present)} deliveries were loaded before")
    return LoadSummary(tables, len(pending))


def _load_one(
    home: Home,
    checked: CheckedDelivery,
    secret: Secret,
    plausible: Plausible,
    rates: tuple[Rate, ...],
    connection: duckdb.DuckDBPyConnection,
    say: Callable[[str], None],
    look_at: Callable[[dict[str, Any]], list[Finding]],
) -> dict[str, Any]:
    started = time.perf_counter()
    delivery = checked.delivery
    table = delivery.table
    workspace, private = _workspace(home) / "delivery", _private(home) / "delivery"
    for folder in (workspace, private):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
    try:
        written = write_delivery(connection, checked, workspace, private, plausible, rates)
        _refuse_changed(checked)
    except (duckdb.Error, RekindleError) as error:
        # What comes of reading another file than was checked says nothing of either.
        _refuse_changed(checked)
        if not isinstance(error, duckdb.Error) or isinstance(
            error, duckdb.IOException | duckdb.OutOfMemoryException
        ):
            raise
        # The engine's own text may quote a value.
        raise InputFault(
            f"{delivery.where}: its files cannot be read through ({type(error).__name__}); "
            "they may be damaged.\nNothing of this delivery was loaded. Have it written and delivered again."
        ) from None
    notes = [*checked.notes, *_whole_notes(checked, written), *written.notes]
    record = {
        "source": table.source,
        "table": table.name,
        "delivered_on": delivery.delivered_on.isoformat(),
        "rows_in": written.rows_in,
        "rows_loaded": written.rows_loaded,
        "rows_quarantined": written.rows_quarantined,
        "exact_duplicates": written.exact_duplicates,
        "contract": table.fingerprint,
        "plausible": plausible.fingerprint(table),
        "secret": secret.fingerprint,
        "manifest": checked.manifest_sha256,
        "format": FORMAT,
        "currencies": list(written.foreign_currencies),
        "rates": rates_fingerprint(rates, written.foreign_currencies, delivery.delivered_on),
        "covers": checked.covers,
        "has_contacts": written.vault is not None,
        "filled": filled_columns(written.loaded),
        "notes": notes,
        "corrects": written.corrects,
    }
    found = look_at(record)
    record["findings"] = [finding.text for finding in found]
    name = delivery.folder.name
    loaded_folder = home.loaded / table.place / name
    refusing = [finding.text for finding in found if finding.level == REFUSE]
    # What was loaded before stays loaded: readers may have it already.
    if refusing and not loaded_folder.exists():
        raise RefusedAsAWhole(*refusing)
    write_file(written.loaded / RECORD, f"{json.dumps(record, indent=2)}\n".encode())
    flush_tree(workspace)
    flush_tree(private)
    # Vault and quarantine first: the rename of the loaded folder says that the delivery is complete.
    _show_vault(home, table, name, written.vault)
    aside = _workspace(home) / "set_aside"
    quarantine_folder = home.quarantine / table.source / table.name / name
    if written.quarantined is not None:
        switch_folder(
            written.quarantined, quarantine_folder, aside / "quarantine" / table.source / table.name / name
        )
    else:
        shutil.rmtree(quarantine_folder, ignore_errors=True)
    switch_folder(written.loaded, loaded_folder, aside / loaded_folder.relative_to(home.root))
    shutil.rmtree(private, ignore_errors=True)
    say(
        f"{delivery.where}: {written.rows_in:,} rows in, {written.rows_loaded:,} loaded, "
        f"{written.rows_quarantined:,} quarantined, {written.exact_duplicates:,} exact duplicates "
        f"({time.perf_counter() - started:.1f} s)"
    )
    for note in (*record["findings"], *record["notes"]):
        say(f"{delivery.where}: {note}")
    return record


def _refuse_changed(checked: CheckedDelivery) -> None:
    """Raise where a file is no longer the one that was checked: what was read may be neither.

    Raises:
        InputFault: A file was changed, replaced or removed since.
    """
    for file in checked.files:
        path = checked.delivery.folder / file.name
        if path.is_symlink() or not path.is_file() or sha256_of(path) != file.sha256:
            raise InputFault(
                f"{checked.delivery.where}, {file.name}: was changed while it was read, so nothing of this "
                "delivery was loaded.\nA delivery is never changed: remove its folder and deliver it again."
            )


def _whole_notes(checked: CheckedDelivery, written: WrittenDelivery) -> list[str]:
    """What a whole table deletes, or why it deletes nothing."""
    if checked.covers != WHOLE:
        return []
    if written.rows_quarantined:
        return [
            "is the whole table, but has quarantined rows: nothing missing from it counts as deleted. "
            "Correct them at the source and deliver the whole table again"
        ]
    return ["is the whole table: what earlier deliveries had and it has not is deleted"]


def _show_vault(home: Home, table: Table, name: str, written: Path | None) -> None:
    folder = home.vault / "contacts" / table.source / table.name
    target = folder / f"{name}.parquet"
    if written is None:
        target.unlink(missing_ok=True)
        return
    for parent in (home.vault / "contacts", folder.parent, folder):
        private_folder(parent)
    written.chmod(0o600)
    written.replace(target)
    sync(folder)


def _connect(home: Home, secret: Secret, memory_limit: str, threads: int | None) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    tell_key(connection, secret)
    connection.execute("set preserve_insertion_order = false")
    without_waiting_writers(connection)
    connection.execute("set autoinstall_known_extensions = false")
    connection.execute("set memory_limit = ?", [memory_limit])
    # What does not fit in memory may hold contact details.
    connection.execute("set temp_directory = ?", [str(_private(home) / "spilled")])
    if threads is not None:
        connection.execute("set threads = ?", [threads])
    return connection


def _workspace(home: Home) -> Path:
    # Not inside loaded: dbt's pattern would find half-written files there, hidden or not.
    return home.root / ".loading"


def _private(home: Home) -> Path:
    return home.vault / ".loading"


def _clean_up(home: Home) -> None:
    """Remove what a crashed load left, and put back a folder that was set aside and not replaced."""
    aside = _workspace(home) / "set_aside"
    for folder in list(aside.rglob("delivered=*")):
        visible = home.root / folder.relative_to(aside)
        if not visible.exists():
            folder.rename(visible)
    for folder in (_workspace(home), _private(home)):
        shutil.rmtree(folder, ignore_errors=True)


def _first_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__
