"""A home with three members, made by hand: delivered, loaded, sealed, exported and published twice.

Belongs here: everything a person leaves in a home, once in every kind of place; finding it again.
Does not: expectations.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.core.identity_decisions import COLUMNS
from orchestration.core.pseudonyms import pseudonym
from orchestration.erasing.people import Identity
from orchestration.exports.writing import SCHEMA, write_csv
from orchestration.ledger.seals import Proposal, seal
from orchestration.loader import load
from orchestration.loader.contracts import read_contracts
from orchestration.own_tables import schema_of
from orchestration.project import SECRET_VARIABLE, STAGING_DIR, Home
from orchestration.sources.delivering import deliver
from orchestration.warehouse.erasures import Request, ask, record_key
from orchestration.warehouse.versions import Manifest

CONTRACTS = read_contracts(STAGING_DIR)
SECRET = "a secret that is long enough for it"
DAY, WEEK = date(2025, 12, 28), date(2025, 12, 29)
FIRST, SECOND, THIRD = "2025-12-27-00000001", "2025-12-28-00000002", "2025-12-28-00000003"
# Two records are one person; of the others nothing may leave.
GONE = [("chain", "pos", "gone-till-1"), ("chain", "mini_program", "gone-app-1")]
PHONE, NAME, EMAIL = "13912345678", "Zhang Gone", "gone@example.cn"
OTHERS = [("chain", "pos", "stays-2"), ("chain", "crm", "stays-3")]
TOUCH = {"chain:pos:gone-till-1": "touch-of-the-gone", "chain:pos:stays-2": "touch-of-another"}
ORDERS = [("1", "pos", "gone-till-1"), ("2", "pos", "stays-2"), ("3", "", "")]


def members() -> list[dict[str, str]]:
    """Members as a till would export them."""
    rows = [
        (GONE[0], NAME, PHONE, EMAIL),
        (GONE[1], NAME, f"+86 {PHONE}", ""),
        (OTHERS[0], "Li Stays", "13900000002", ""),
        (OTHERS[1], "Wang Stays", "13900000002", ""),
    ]
    return [
        {"system": system, "member_id": number, "registered_at": "2025-01-01", "full_name": name,
         "phone": phone, "email": email}
        for (_, system, number), name, phone, email in rows
    ]  # fmt: skip


def events(form: str) -> list[dict[str, object]]:
    """One event of each record, one of them twice and one that cannot be read."""
    rows = [
        {"event_id": number, "system": system, "member_id": member, "event_type": "browse",
         "happened_at": datetime(2025, 12, 1, 8)}
        for number, (_, system, member) in enumerate([*GONE, *OTHERS], start=1)
    ]  # fmt: skip
    return [*rows, dict(rows[0]), rows[0] | {"event_id": 9, "event_type": "juggle"}]


@dataclass(frozen=True)
class Business:
    """The home, and what a run does with it."""

    home: Home

    def deliver(
        self, table: str, rows: list[dict], on: date, source: str = "chain", form: str = "csv"
    ) -> None:
        """Hand over a table."""

        def write(folder: Path) -> None:
            if form == "parquet":
                pq.write_table(pa.Table.from_pylist(rows), folder / "part.parquet")
                return
            with (folder / "part.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)

        deliver(self.home.landing, source, table, on, write)

    def load(self) -> None:
        """Load what is new."""
        load(self.home, CONTRACTS, lambda _: None)

    def ask(self, record: tuple[str, str, str] = GONE[0]) -> str:
        """Ask to erase the person of a record."""
        return ask(self.home, Request(*record))

    def publish(self, build_id: str, records: list[tuple[str, str, str]], replaces: str | None) -> None:
        """A version whose members are these."""
        folder = self.home.serving / "builds" / build_id
        shutil.rmtree(folder, ignore_errors=True)  # of a publication that was killed
        folder.mkdir(parents=True)
        with duckdb.connect(str(folder / "rekindle.duckdb")) as connection:
            connection.execute("create schema core")
            connection.execute("create table core.fct_member_record (record_key bigint, member_key bigint)")
            for record in records:
                key = record_key(*record)
                connection.execute("insert into core.fct_member_record values (?, ?)", [key, key])
        manifest = Manifest(
            build_id, "run", DAY, (DAY,), "c0de", datetime(2025, 12, 29, int(build_id[-1]), tzinfo=UTC),
            replaces, "v1.0.0", duckdb.__version__, 0, "", {},
        )  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(manifest.as_json()))
        link = self.home.serving / "next"
        link.unlink(missing_ok=True)
        link.symlink_to((folder / "rekindle.duckdb").relative_to(self.home.serving))
        link.replace(self.home.published_file)

    def copied(self, root: Path) -> Business:
        """A copy of the whole home."""
        shutil.copytree(self.home.root, root, symlinks=True)
        return Business(Home(root))


def identify(home: Home) -> Identity:
    """Whose each record is: as far as the vault knows, the two of the person are one."""
    known = set()
    for file in (home.vault / "contacts" / "chain" / "members").glob("*.parquet"):
        known |= {("chain", row["system"], row["member_id"]) for row in pq.read_table(file).to_pylist()}
    people = {GONE[0]: 1, GONE[1]: 1, OTHERS[0]: 2, OTHERS[1]: 3}
    identifiers = {
        ("phone", pseudonym(SECRET, "phone", PHONE)): {1} if set(GONE) & known else set(),
        ("phone", pseudonym(SECRET, "phone", "13900000002")): {2, 3},
    }
    return Identity({record: people[record] for record in known}, identifiers)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """The home as it is before anybody asks; only to be copied."""
    business = Business(Home(tmp_path_factory.mktemp("erasure") / "home"))
    home = business.home
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(SECRET_VARIABLE, SECRET)
        business.deliver("members", members(), DAY)
        orders = [
            {"order_id": number, "system": system, "member_id": member, "channel": "store",
             "ordered_at": "2025-12-20", "status": "completed", "gross_amount": "10", "discount_amount": "0",
             "net_amount": "10", "note": f"for {NAME}" if member == GONE[0][2] else "for somebody"}
            for number, system, member in ORDERS
        ]  # fmt: skip
        business.deliver("orders", orders, DAY)
        business.deliver("events", events("parquet"), DAY, form="parquet")
        consent = {"system": "pos", "member_id": GONE[0][2], "channel": "sms", "purpose": "marketing",
                   "is_granted": "true", "happened_at": "2025-12-01"}  # fmt: skip
        unreadable = {"consent_id": "2", "happened_at": "yesterday"}
        business.deliver("consents", [{"consent_id": "1"} | consent, consent | unreadable], DAY)
        receipts = [{"planned_touch_id": touch, "sent_at": "2025-12-30"} for touch in TOUCH.values()]
        business.deliver("touches", receipts, DAY, source="receipts")
        home.identity.mkdir()
        pairs = [
            [*GONE[1], *OTHERS[0]],
            [*OTHERS[1], *(text.upper() for text in GONE[0])],
            [*OTHERS[0], *OTHERS[1]],
        ]
        lines = [
            COLUMNS,
            *([*(text.replace("CHAIN", "chain") for text in pair), DAY, "", "told so", ""] for pair in pairs),
        ]
        with (home.identity / "kept_apart.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(lines)
        business.load()
    home.truth.mkdir()
    records = [{"system": system, "member_id": member} for _, system, member in [*GONE, *OTHERS]]
    pq.write_table(pa.Table.from_pylist(records), home.truth / "member_records.parquet")
    _seal(home)
    _export(home)
    (home.builds / "development").mkdir(parents=True)
    (home.builds / "development" / "dbt.log").write_text(f"member {GONE[0][2]}", encoding="utf-8")
    business.publish(FIRST, [*GONE, *OTHERS], None)
    business.publish(SECOND, [*GONE, *OTHERS], FIRST)
    return business


@pytest.fixture
def business(made_once, tmp_path, monkeypatch):
    """A home of one's own."""
    monkeypatch.setenv(SECRET_VARIABLE, SECRET)
    return made_once.copied(tmp_path / "home")


def _seal(home: Home) -> None:
    decisions = [
        {"campaign": "win", "campaign_week": WEEK, "as_of_date": DAY, "member_key": record_key(*record),
         "is_included": number < 2, "drop_reason": None if number < 2 else "cooldown", "region": "East",
         "value_rank": number}
        for number, record in enumerate([GONE[0], *OTHERS])
    ]  # fmt: skip
    touches = [
        {"planned_touch_id": touch, "campaign": "win", "campaign_week": WEEK, "entry_week": WEEK,
         "member_key": record_key(*record.split(":")), "arm": "treated", "step_no": 1, "planned_on": WEEK,
         "channel": "sms", "template": "hello", "benefit": "content", "status": "planned"}
        for record, touch in TOUCH.items()
    ]  # fmt: skip
    tables = {
        name: pa.Table.from_pylist(rows, schema=schema)
        .drop_columns(["ledger_version"])
        .sort_by([(schema.names[4] if name == "decisions" else schema.names[0], "ascending")])
        for name, rows, schema in (
            ("decisions", decisions, schema_of("sealed_decisions")),
            ("touches", touches, schema_of("sealed_touches")),
        )
    }
    seal(home, Proposal("win", WEEK, DAY, "d1", 0, tables), build_id=SECOND, code_version="c0de")


def _export(home: Home) -> None:
    folder = home.exports / "win" / str(WEEK) / "sms_1"
    folder.mkdir(parents=True)
    rows = [
        dict.fromkeys(SCHEMA.names)
        | {
            "planned_touch_id": touch,
            "campaign": "win",
            "step_no": 1,
            "address": address,
            "body": f"Dear {name}",
        }
        for touch, address, name in zip(
            TOUCH.values(), (PHONE, "13900000002"), (NAME, "Li Stays"), strict=True
        )
    ]
    write_csv(folder / "touches.csv", rows)
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), folder / "touches.parquet")
    hashes = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("touches.csv", "touches.parquet")
    }
    manifest = {"planned": 3, "rows": 2, "left_out": {"silenced": 1}, "sha256": hashes}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def traces(home: Home, *, but: tuple[str, ...] = ()) -> dict[str, set[str]]:
    """Files that hold something of the person, and what."""
    searched = {PHONE, NAME, EMAIL, TOUCH["chain:pos:gone-till-1"], *(member for _, _, member in GONE)}
    searched |= {str(record_key(*record)) for record in GONE}
    searched |= {pseudonym(SECRET, kind, value) for kind, value in
                 (("phone", PHONE), ("email", EMAIL), ("name", NAME))}  # fmt: skip
    found = {}
    for file in sorted(home.root.rglob("*")):
        inside = str(file.relative_to(home.root))
        if file.is_file() and not file.is_symlink() and not inside.startswith(but):
            text = file.read_bytes().decode("latin-1") + _cells(file)
            held = {value for value in searched if value in text}
            if held:
                found[inside] = held
    return found


def _cells(file: Path) -> str:
    if file.suffix == ".parquet":
        return str(pq.ParquetFile(file).read().to_pydict())
    if file.suffix == ".duckdb":
        with duckdb.connect(str(file), read_only=True) as connection:
            return str(connection.execute("from core.fct_member_record").fetchall())
    return ""
