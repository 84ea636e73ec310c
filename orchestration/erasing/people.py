"""Erasing people: from a request to the moment when no file of the home holds anything of them.

Belongs here: the order of it, so that a kill at any step leaves an erasure that the next run goes on with.
Does not: rewriting files (``deliveries.py``, ``exports.py``, ``ledger.py``), what is kept about erasures
    (warehouse.erasures).
Late imports: every load asks whether there is an erasure; few have one, and dbt takes a second to import.

A run erases in two parts. After loading, when identity tells whose records are meant, everything except
published versions is freed of them. After publishing, the versions before leave, and only then is the
erasure called done.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import duckdb

from orchestration.core.contract import SourceContract
from orchestration.core.errors import RekindleError
from orchestration.core.summary import counted
from orchestration.erasing.deliveries import erase_rows
from orchestration.erasing.exports import erase_from_exports
from orchestration.erasing.identity import erase_from_decisions
from orchestration.erasing.ledger import erase_from_ledger, sealed_touches_of
from orchestration.erasing.unsearched import Unsearched
from orchestration.files import exact_path
from orchestration.ledger.seals import seals
from orchestration.loader.contracts import GUEST_SYSTEM
from orchestration.loader.records import tell_what_is_loaded
from orchestration.loader.secret import read_secret
from orchestration.project import WAREHOUSE_FILE_NAME, Home
from orchestration.warehouse.connections import connect_read_only
from orchestration.warehouse.erasures import (
    Erasure,
    Record,
    Request,
    answer_with_nobody,
    begin,
    end,
    fingerprint,
    forget_half_requests,
    note_fault,
    open_requests,
    read_registry,
    record_key,
    under_way,
    write_registry,
)
from orchestration.warehouse.versions import connect_published, current_version, list_versions, remove_version

Contracts = dict[str, SourceContract]


@dataclass(frozen=True)
class Identity:
    """Whose each member record is, by what was loaded.

    Attributes:
        members: Member by record.
        identifiers: Members by kind of identifier and pseudonym.
        deleted: Records, of nobody else, that their source deleted, by the same.
    """

    members: dict[Record, int]
    identifiers: dict[tuple[str, str], set[int]]
    deleted: dict[tuple[str, str], set[Record]] = field(default_factory=dict)


def finish_purge(home: Home, contracts: Contracts) -> None:
    """Go on with an erasure that was killed; before loading, which would find half-rewritten deliveries."""
    forget_half_requests(home)
    erasure = under_way(home)
    if erasure and not erasure.is_purged:
        _purge(home, contracts, erasure)


def purge_requested(
    home: Home,
    contracts: Contracts,
    say: Callable[[str], None],
    identify: Callable[[Home], Identity] | None = None,
) -> None:
    """Free everything but published versions of whoever asked for it, and of records delivered again.

    Args:
        home: The home, with everything loaded.
        contracts: By source name.
        say: Gets one line per step.
        identify: Finds whose each record is; by default dbt's identity models do.
    """
    before = under_way(home)
    begun = set(before.requests) if before else set()
    requests = {name: asked for name, asked in open_requests(home).items() if name not in begun}
    again = _delivered_again(home, contracts)
    if not requests and not again:
        return
    records, answered = set(again), []
    identity = (identify or _identity)(home) if requests else Identity({}, {})
    secret = read_secret(home).fingerprint if requests else ""
    for name, request in requests.items():
        found = _records_of(request, identity, secret)
        if isinstance(found, str):
            note_fault(home, name, replace(request, fault=found))
            say(f"erasure: a request stays open, {found}")
        elif not found:
            answer_with_nobody(home, name)
            say("erasure: a request leads to nobody, so there is nothing to erase")
        else:
            records |= found
            answered.append(name)
    if not records:
        return
    if before:
        records |= set(before.records)
        answered += before.requests
    seals(home)  # what is missing there would leave its touches in the exports
    touches = sealed_touches_of(home, {record_key(*record) for record in records})
    touches += [touch for touch in (before.touches if before else ()) if touch not in touches]
    given_up = before.given_up if before else ()
    erasure = Erasure(tuple(sorted(records)), tuple(touches), tuple(answered), given_up=given_up)
    begin(home, erasure)
    _purge(home, contracts, erasure)
    say(
        f"erasure: {counted(len(erasure.records), 'member record')} of {counted(len(answered), 'request')} "
        "left all files but the published; these follow with the next publication"
    )


def close(home: Home, say: Callable[[str], None]) -> None:
    """Remove versions from before the purge; nothing of the erased stands anywhere then.

    Until the version readers get is free of them, nothing happens and the erasure stays under way.

    Raises:
        RekindleError: A version cannot be removed; the erasure stays under way.
    """
    erasure = under_way(home)
    current = current_version(home)
    if erasure is None or not erasure.is_purged or current is None:
        return
    with connect_published(home) as published:
        keys = ", ".join(map(str, sorted(erasure.keys)))
        [(held,)] = published.execute(
            f"select count(*) from core.fct_member_record where record_key in ({keys})"
        ).fetchall()
    if held:
        return
    try:
        for version in list_versions(home):
            if not version.current:
                remove_version(home, version.build_id)
        for folder in (home.serving / "builds").glob(".*"):
            shutil.rmtree(folder)
        _remove_builds(home)
        end(home, erasure, current)
    except OSError as error:
        raise _stopped(home, error) from error
    but = f", but for {counted(len(erasure.given_up), 'file')} given up by hand" if erasure.given_up else ""
    say(f"erasure: no file holds anything of {counted(len(erasure.records), 'member record')} any more{but}")


def _purge(home: Home, contracts: Contracts, erasure: Erasure) -> None:
    """Every step may be repeated; the last one says that all were done.

    Raises:
        RekindleError: A file could not be searched and was not given up; all such are named, and all others
            are free of the person.
        RekindleError: The disk is full or not writable.
    """
    unsearched = Unsearched(home)
    try:
        registry = read_registry(home)
        prints = {fingerprint(home, record) for record in erasure.records}
        if not prints <= set(registry.fingerprints):
            registry.fingerprints = sorted(prints | set(registry.fingerprints))
            write_registry(home, registry)
        erase_from_exports(home, erasure.touches, unsearched)
        erase_rows(home, contracts, erasure.records, erasure.touches, unsearched)
        erase_from_ledger(home, erasure.keys, unsearched)
        erase_from_decisions(home, erasure.records, unsearched)
        _remove_builds(home)
        # Rekindle's own tables of what is loaded name people too; what is sealed left with the builds.
        with unsearched.unless_read(home.own_tables):
            tell_what_is_loaded(home, contracts)
    except OSError as error:
        raise _stopped(home, error) from error
    given_up = {file for file, _ in erasure.given_up}
    _refuse_unsearched(home, {file: why for file, why in unsearched.why.items() if file not in given_up})
    begin(home, replace(erasure, is_purged=True))


def _stopped(home: Home, error: OSError) -> RekindleError:
    return RekindleError(
        f"Erasing stopped: {error.strerror}: {error.filename or home.root}\n"
        "Free space, or make the home writable, then `rekindle run`: it goes on where it stopped."
    )


def _refuse_unsearched(home: Home, why: dict[str, str]) -> None:
    if not why:
        return
    named = "\n".join(f"  - {file}: {reason}" for file, reason in sorted(why.items()))
    raise RekindleError(
        f"{counted(len(why), 'file')} of {home.root} may still hold who is to be erased, for it could not be "
        f"searched; all others are free of the person:\n{named}\n"
        "Put each right, bring it back from a copy or remove it. What lies in loaded, quarantine and "
        "vault/contacts the next load makes anew from landing, once the delivery's folder in loaded is "
        "removed too.\nThen `rekindle run`: it goes on from here, and until then nothing is loaded, built or "
        "exported. Where nothing helps, and a person takes the blame:\n"
        "rekindle erase --give-up FILE --reason WHY, which stays in the registry and in `rekindle status`."
    )


def _remove_builds(home: Home) -> None:
    """Builds that nobody published, an engineer's own among them."""
    for folder in home.builds.glob("*/"):
        shutil.rmtree(folder)


def _records_of(request: Request, identity: Identity, secret: str) -> set[Record] | str:
    """All records of the person meant, or why nobody can be named."""
    if request.kind:
        kind = request.kind.replace("_", " ")
        if request.secret not in ("", secret):
            return f"its {kind} was asked for under another secret: withdraw this one and ask again"
        members = identity.identifiers.get((request.kind, request.pseudonym), set())
        deleted = identity.deleted.get((request.kind, request.pseudonym), set())
        if len(members) > 1:
            return f"its {kind} leads to {len(members)} members: name the record and withdraw this one"
    else:
        own = (request.source, request.system, request.member_id)
        if own not in identity.members:
            # Never delivered, or gone already: whoever delivers it later will find it refused.
            return {own}
        members, deleted = {identity.members[own]}, set()
    return deleted | {record for record, member in identity.members.items() if member in members}


def _identity(home: Home) -> Identity:
    """What dbt's identity models say of what is loaded, in a build of its own."""
    from orchestration.warehouse.dbt import invoke_dbt

    folder = home.builds / "identity"
    file = folder / WAREHOUSE_FILE_NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        select = ["--select", "+int_identity__members", "--exclude-resource-type", "unit_test"]
        invoke_dbt(
            ["build", "--indirect-selection", "cautious", *select],
            home=home, warehouse=file, target_path=folder / "target",
        )  # fmt: skip
        with connect_read_only(file) as built:
            members = {
                (source, system, member_id): member
                for source, system, member_id, member in built.execute(
                    "select source, system, member_id, member_key from core.int_identity__members"
                ).fetchall()
            }
            identifiers: dict[tuple[str, str], set[int]] = {}
            for kind, value, member in built.execute(_IDENTIFIERS).fetchall():
                identifiers.setdefault((kind, value), set()).add(member)
            deleted: dict[tuple[str, str], set[Record]] = {}
            for kind, value, *record in built.execute(_DELETED).fetchall():
                deleted.setdefault((kind, value), set()).add((record[0], record[1], record[2]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return Identity(members, identifiers, deleted)


_IDENTIFIERS = " union ".join(
    f"select '{kind}', {kind}_pseudonym, member_key from core.int_identity__records as records "
    "inner join core.int_identity__members as members using (record_key) "
    f"where {kind}_pseudonym is not null"
    for kind in ("phone", "email", "union_id", "card")
)

_DELETED = " union ".join(
    f"select '{kind}', {kind}_pseudonym, source, system, member_id from core.int_identity__records "
    f"where {kind}_pseudonym is not null "
    "and record_key not in (select record_key from core.int_identity__members)"
    for kind in ("phone", "email", "union_id", "card")
)


def _delivered_again(home: Home, contracts: Contracts) -> set[Record]:
    """Records that were erased before and stand in what is loaded."""
    known = set(read_registry(home).fingerprints)
    if not known:
        return set()
    return {record for record in _loaded_records(home, contracts) if fingerprint(home, record) in known}


def _loaded_records(home: Home, contracts: Contracts) -> Iterable[Record]:
    """Every member record that any loaded table names."""
    found: set[Record] = set()
    with duckdb.connect() as connection:
        for contract in contracts.values():
            for table in contract.tables:
                names = {column.name for column in table.columns}
                number = next((name for name in ("member_id", "household_id") if name in names), None)
                files = sorted(
                    map(exact_path, (home.loaded / table.place).glob("delivered=*/month=*/*.parquet"))
                )
                if number is None or not files:
                    continue
                system = f"coalesce(system, '{GUEST_SYSTEM}')" if "system" in names else "''"
                try:
                    rows = connection.execute(
                        f"select distinct {system}, cast({number} as varchar) "
                        f"from read_parquet($files, hive_partitioning = false) where {number} is not null",
                        {"files": files},
                    ).fetchall()
                except duckdb.Error as error:
                    raise RekindleError(
                        f"{home.loaded / table.place} cannot be read through "
                        f"({type(error).__name__}), so who was erased and came again is not known. Remove "
                        "the damaged delivery there, then `rekindle load`: it is loaded anew from landing"
                    ) from None
                found.update((table.source, system_name, member_id) for system_name, member_id in rows)
    return found
