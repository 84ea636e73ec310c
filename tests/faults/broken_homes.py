"""A sound home made by hand, and ways in which the world breaks one.

Belongs here: making the home, breaking it, keeping a process from writing.
Does not: what the commands must say then (test_broken_homes.py).
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from orchestration.dagster_home.instance import opened_instance
from orchestration.definitions_files.hashes import definition_hashes
from orchestration.files import sha256_of
from orchestration.ledger.seals import Proposal, seal
from orchestration.loader.contracts import read_contracts
from orchestration.loader.loading import load
from orchestration.own_tables import provide_own_tables, schema_of
from orchestration.project import STAGING_DIR, Home
from orchestration.warehouse.builds import audit
from orchestration.warehouse.erasures import Registry, Request, ask, write_registry
from tests.e2e.delivered_by_hand import deliver_lines
from tests.warehouse.made_by_hand import finished_build, publish_one

DAY, WEEK, CAMPAIGN = date(2025, 12, 28), date(2025, 12, 29), "second_order"
MEMBERS = "system,member_id,registered_at,phone\npos,M1,2025-01-01 00:00:00,13800000001\n"
ORDERS = (
    "order_id,system,member_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount\n"
    "1,pos,M1,store,2025-12-20 10:00:00,completed,10.00,0.00,10.00\n"
    "2,pos,M1,store,never,completed,10.00,0.00,10.00\n"
)
READ = f"""
    create schema audiences; create schema experiments; create schema seeds;
    create or replace table marts.member_lifecycle as
        select i as member_key, date '{DAY}' as as_of_date, 'new' as stage, hash(i) as noise
        from range(100000) as members(i);
    create table marts.member_history as select member_key, as_of_date from marts.member_lifecycle;
    create table marts.member_attributes as select member_key, as_of_date from marts.member_lifecycle;
    create table audiences.aud_campaign_weeks as
        select '{CAMPAIGN}' as campaign, date '{WEEK}' as campaign_week, date '{DAY}' as as_of_date,
            'f' as definition_hash, true as is_sealed;
    create table audiences.aud_waterfall as
        select '{CAMPAIGN}' as campaign, date '{WEEK}' as campaign_week, 'matched' as outcome, 3 as members,
            true as is_sealed, 1 as line_no;
    create table audiences.aud_changes as
        select '{CAMPAIGN}' as campaign, date '{WEEK}' as campaign_week, 3 as members, 3 as members_before,
            1.0 as size_change_ratio, true as is_size_ordinary, 0.0 as composition_change_share,
            true as is_composition_ordinary;
    create table audiences.aud_decisions as
        select '{CAMPAIGN}' as campaign, date '{WEEK}' as campaign_week, 'treated' as arm, 0.5 as propensity,
            true as is_included, true as is_sealed;
    create table audiences.aud_planned_touches as
        select '{CAMPAIGN}' as campaign, date '{WEEK}' as campaign_week, 1 as step_no, 'sms' as channel,
            'planned' as status;
    create table seeds.campaign_arms as
        select '{CAMPAIGN}' as campaign, 'treated' as arm, 0.5 as share;
"""


def sound_home(root: Path) -> Home:
    """Delivered, loaded, published twice, sealed, with a build that waits and Dagster's history."""
    home = Home(root)
    deliver_lines(home, "members", MEMBERS, DAY)
    deliver_lines(home, "orders", ORDERS, DAY)
    load(home, read_contracts(STAGING_DIR), lambda _: None)
    provide_own_tables(home)
    for number in (1, 2):
        publish_one(home, number, rows=50)
    _read_as_published(home)
    audit(finished_build(home, 3, rows=50))
    parts = {"decisions": "sealed_decisions", "touches": "sealed_touches"}
    nobody = {
        part: schema_of(table).remove(schema_of(table).get_field_index("ledger_version")).empty_table()
        for part, table in parts.items()
    }
    sealed = Proposal(CAMPAIGN, WEEK, DAY, definition_hashes()[CAMPAIGN], 1, nobody)
    seal(home, sealed, build_id="2025-12-28-00000002", code_version="c0de")
    write_registry(home, Registry())
    with opened_instance(home):
        pass
    return home


def _read_as_published(home: Home) -> None:
    """Give readers tables worth asking, and the manifest what it then must say."""
    file = home.published_file.resolve()
    file.chmod(0o644)
    with duckdb.connect(str(file)) as connection:
        connection.execute(READ)
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "union all select schema_name, view_name from duckdb_views() where not internal"
        ).fetchall()
        rows = {
            f"{room}.{name}": connection.execute(f"select count(*) from {room}.{name}").fetchone()[0]
            for room, name in tables
        }
    manifest = file.with_name("manifest.json")
    told = json.loads(manifest.read_text(encoding="utf-8"))
    told |= {"rows": rows, "bytes": file.stat().st_size, "sha256": sha256_of(file)}
    manifest.chmod(0o644)
    manifest.write_text(json.dumps(told), encoding="utf-8")


@dataclass(frozen=True)
class Breakage:
    """A way in which a home is broken.

    Attributes:
        name: What happened.
        breaks: Does it to a copy of the sound home.
        meanwhile: What holds while a command runs.
    """

    name: str
    breaks: Callable[[Home], object]
    meanwhile: Callable[[Home], Any] = field(default=lambda _: nullcontext())

    def __str__(self) -> str:
        return self.name


def only(folder: Path, pattern: str) -> Path:
    """The first file of a pattern, which must be there to be broken."""
    return sorted(folder.glob(pattern))[0]


def cut(file: Path, share: float = 0.5) -> None:
    """What a disk keeps of a file whose writing it lost the end of."""
    file = file.resolve()
    file.chmod(0o600)
    os.truncate(file, int(file.stat().st_size * share))


def garbled(file: Path) -> None:
    """Other bytes in the same place."""
    file.touch()
    file.chmod(0o600)
    file.write_bytes(b"\x00\xff no such thing " * 64)


def in_the_way(file: Path) -> None:
    """A folder where a file belongs."""
    file.unlink(missing_ok=True)
    file.mkdir(parents=True)


def _erasure(home: Home) -> Path:
    ask(home, Request("chain", "pos", "M1"))
    return only(home.erasures, "open/*.json")


def _current(home: Home) -> Path:
    return home.published_file.resolve()


def _linked(home: Home, target: str) -> None:
    home.published_file.unlink()
    home.published_file.symlink_to(target)


def _seal_added(home: Home) -> None:
    week = only(home.ledger, "*/*")
    shutil.copytree(week, week.with_name("2025-12-22"))


def _closed(home: Home) -> None:
    for folder, _, names in os.walk(home.root):
        for name in names:
            if not (Path(folder) / name).is_symlink():
                (Path(folder) / name).chmod(0o444)
        Path(folder).chmod(0o555)


def _locked_vault(home: Home) -> None:
    home.vault.chmod(0o000)


@contextmanager
def owner_only(_: Home) -> Iterator[None]:
    """Root asks permission as everybody does: without the capabilities that pass over a file's mode."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    kept = (ctypes.c_uint32 * 6)()
    libc.capget(header, kept)
    less = (ctypes.c_uint32 * 6)(*kept)
    less[0] &= ~0b110  # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, of those in effect
    libc.capset(header, less)
    try:
        yield
    finally:
        libc.capset(header, kept)


@contextmanager
def full_disk(_: Home, left: int = 0) -> Iterator[None]:
    """No file grows beyond so many bytes: what a full disk is to whoever writes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _nothing(_: Home) -> None:
    """The home is sound; the disk is not."""


BREAKAGES = (
    Breakage("not there", lambda home: shutil.rmtree(home.root)),
    Breakage("empty", lambda home: (shutil.rmtree(home.root), home.root.mkdir())),
    Breakage("a file in its place", lambda home: (shutil.rmtree(home.root), home.root.write_text("mine"))),
    Breakage("read only", _closed, owner_only),
    Breakage("vault locked", _locked_vault, owner_only),
    Breakage("disk full", _nothing, full_disk),
    Breakage("disk full after 20 kB", _nothing, lambda home: full_disk(home, 20_000)),
    Breakage("published file cut", lambda home: cut(_current(home))),
    Breakage("published file cut late", lambda home: cut(_current(home), 0.95)),
    Breakage("published file empty", lambda home: cut(_current(home), 0)),
    Breakage("published file garbled", lambda home: garbled(_current(home))),
    Breakage("published file gone", lambda home: _current(home).unlink()),
    Breakage("version's manifest cut", lambda home: cut(_current(home).with_name("manifest.json"))),
    Breakage("version's manifest gone", lambda home: _current(home).with_name("manifest.json").unlink()),
    Breakage("version's manifest of nothing", lambda home: cut(_current(home).with_name("manifest.json"), 0)),
    Breakage("link dangling", lambda home: _linked(home, "builds/2025-12-01-0/rekindle.duckdb")),
    Breakage("link to itself", lambda home: _linked(home, "rekindle.duckdb")),
    Breakage("link to nowhere", lambda home: _linked(home, "builds")),
    Breakage("link a folder", lambda home: in_the_way(home.published_file)),
    Breakage("own table of loads cut", lambda home: cut(home.own_tables / "loads.parquet")),
    Breakage(
        "own table of a build cut", lambda home: cut(next(home.builds.glob("*/rekindle/builds.parquet")))
    ),
    Breakage("own table of fits cut", lambda home: cut(home.own_tables / "churn_parameters.parquet")),
    Breakage("own tables a file", lambda home: (shutil.rmtree(home.own_tables), home.own_tables.touch())),
    Breakage("seal's manifest cut", lambda home: cut(only(home.ledger, "*/*/v1/manifest.json"))),
    Breakage("seal's decisions cut", lambda home: cut(only(home.ledger, "*/*/v1/decisions.parquet"))),
    Breakage("seal's manifest gone", lambda home: only(home.ledger, "*/*/v1/manifest.json").unlink()),
    Breakage("seal's week gone", lambda home: shutil.rmtree(only(home.ledger, "*/*"))),
    Breakage("ledger gone", lambda home: shutil.rmtree(home.ledger)),
    Breakage("seal added by hand", _seal_added),
    Breakage("index of seals cut", lambda home: cut(home.seal_indexes[0])),
    Breakage("copy of the index garbled", lambda home: garbled(home.seal_indexes[1])),
    Breakage("seal's folder odd", lambda home: (home.ledger / CAMPAIGN / "soon" / "vx").mkdir(0o755, True)),
    Breakage("loaded file cut", lambda home: cut(only(home.loaded, "chain/orders/**/month=2025*/*.parquet"))),
    Breakage("loaded record cut", lambda home: cut(only(home.loaded, "chain/orders/*/*2025*/load.json"))),
    Breakage("quarantined file cut", lambda home: cut(only(home.quarantine, "chain/orders/*/*.parquet"))),
    Breakage("vault's contacts cut", lambda home: cut(only(home.vault, "contacts/chain/members/*.parquet"))),
    Breakage("delivered file cut", lambda home: cut(only(home.landing, "chain/orders/*/*.csv"))),
    Breakage("delivery's manifest cut", lambda home: cut(only(home.landing, "chain/orders/*/manifest.json"))),
    Breakage("secret gone", lambda home: home.secret_file.unlink()),
    Breakage("secret empty", lambda home: cut(home.secret_file, 0)),
    Breakage("secret garbled", lambda home: garbled(home.secret_file)),
    Breakage("secret a folder", lambda home: in_the_way(home.secret_file)),
    Breakage("fingerprint garbled", lambda home: garbled(home.vault / "secret.fingerprint")),
    Breakage("waiting build's note cut", lambda home: cut(only(home.builds, "2*/build.json"))),
    Breakage("waiting build's audit cut", lambda home: cut(only(home.builds, "2*/audited.json"))),
    Breakage("waiting build's file cut", lambda home: cut(only(home.builds, "2*/rekindle.duckdb"))),
    Breakage("request of erasure cut", lambda home: cut(_erasure(home))),
    Breakage("erasures' registry cut", lambda home: cut(home.erasures / "registry.json")),
    Breakage("lock a folder", lambda home: in_the_way(home.lock_file)),
    Breakage("lock garbled", lambda home: garbled(home.lock_file)),
    Breakage("exports a file", lambda home: home.exports.write_text("mine")),
    Breakage("Dagster's runs garbled", lambda home: garbled(only(home.dagster, "**/runs.db"))),
    Breakage("Dagster's events garbled", lambda home: garbled(only(home.dagster, "**/index.db"))),
    Breakage("Dagster's folder a file", lambda home: (shutil.rmtree(home.dagster), home.dagster.touch())),
    Breakage("truth garbled", lambda home: (home.truth.mkdir(), (home.truth / "lives.json").write_text("{"))),
)  # fmt: skip
