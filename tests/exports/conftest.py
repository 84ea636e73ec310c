"""A published version with one campaign week, a vault and a ledger, made by hand.

Belongs here: the tables an export reads, ten members each with something of their own.
Does not: expectations.
"""

from __future__ import annotations

import csv
import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.core.phones import phone
from orchestration.core.pseudonyms import pseudonym
from orchestration.definitions_files.hashes import definition_hashes
from orchestration.files import private_folder, sha256_of
from orchestration.ledger.seals import proposals, seal
from orchestration.loader import load
from orchestration.loader.contracts import read_contracts
from orchestration.loader.secret import read_secret
from orchestration.project import STAGING_DIR, Home
from orchestration.sources.delivering import deliver
from orchestration.warehouse.versions import Manifest

CONTRACTS = read_contracts(STAGING_DIR)
DAY, WEEK = date(2025, 12, 28), date(2025, 12, 29)
BUILD = "2025-12-28-00000001"
CAMPAIGN = "second_order"

# member: phone, language, product last bought
MEMBERS = {
    1: ("+86 138 0000 0001", "zh", "=HYPERLINK(1)"),
    2: ("13800000002", "en", "Green tea"),
    3: ("13800000003", None, None),
    4: ("13800000004", "zh", "withdrew consent"),
    5: (None, "zh", "has no phone"),
    6: ("13800000006", "zh", "waits for the cap"),
    7: ("13800000002", "zh", "shares the phone of 2"),
    8: ("13800000008", "zh", "withdraws after the as-of date"),
    9: ("13800000009", "zh", "never said yes"),
    10: ("13800000010", "zh", "is erased from the vault"),
}


def record_key(system: str, member_id: str) -> int:
    """Key of a member record."""
    return int(hashlib.md5(f"chain:{system}:{member_id}".encode()).hexdigest()[:15], 16)


@dataclass(frozen=True)
class Shop:
    """A home somebody published into."""

    home: Home

    def change(self, *statements: str) -> None:
        """Change the published file."""
        with duckdb.connect(str(self.home.published_file.resolve())) as connection:
            for statement in statements:
                connection.execute(statement)
        self.note()

    def note(self) -> None:
        """Let the manifest say what the published file holds."""
        file = self.home.published_file.resolve()
        with duckdb.connect(str(file), read_only=True) as connection:
            tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            rows = {f"{room}.{name}": len(connection.table(f"{room}.{name}")) for room, name in tables}
        manifest = Manifest(
            BUILD, "run", DAY, (DAY,), "c0de", datetime(2025, 12, 29, tzinfo=UTC), None, "v1.0.0",
            duckdb.__version__, file.stat().st_size, sha256_of(file), rows,
        )  # fmt: skip
        (file.parent / "manifest.json").write_text(json.dumps(manifest.as_json()))

    def deliver(self, table: str, rows: list[dict], on: date, source: str = "chain") -> None:
        """Hand over a table."""

        def write(folder: Path) -> None:
            with (folder / "part.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)

        deliver(self.home.landing, source, table, on, write)

    def load(self) -> None:
        """Load what is new."""
        load(self.home, CONTRACTS, lambda _: None)

    def seal(self, **how: str) -> None:
        """Seal what is proposed."""
        for proposal in proposals(self.home.published_file.resolve()):
            seal(self.home, proposal, **{"build_id": BUILD, "code_version": "c0de"} | how)


@pytest.fixture
def proposed(tmp_path) -> Shop:
    """Published, not sealed."""
    return publish(Home(tmp_path / "home"))


def publish(home: Home) -> Shop:
    """Publish the week."""
    file = home.serving / "builds" / BUILD / "rekindle.duckdb"
    file.parent.mkdir(parents=True)
    members = ", ".join(
        f"({number}, {record_key('crm', f'm{number}')}, {_text(language)}, {_text(product)}, 'P{number}')"
        for number, (_, language, product) in MEMBERS.items()
    )
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            f"""
            create schema staging; create schema core; create schema marts; create schema audiences;
            create table staging.stg_rekindle__builds as
                select '{BUILD}' as build_id, date '2025-12-28' as as_of_date;
            create table core.dim_as_of_date as select date '{WEEK}' as campaign_week;
            create table staging.stg_rekindle__loads as
                select 'chain' as source, 'consents' as table_name, date '2025-12-28' as delivered_on,
                    'loaded' as status, 100 as rows_in, 100 as rows_loaded, 0 as rows_quarantined
                union all
                select 'chain', 'members', date '2025-12-28', 'loaded', 9, 9, 0;
            create table staging.stg_rekindle__sealed_weeks
                (campaign varchar, campaign_week date, ledger_version integer);
            create table core.fct_touch (member_key bigint, complained_on date);
            create table core.fct_order (member_key bigint, ordered_on date, is_purchase boolean);
            create table core.fct_unreadable_consent as
                select 'u1' as unreadable_id, 1 as members, 'not a date' as quarantine_reason,
                    'happened_at' as quarantine_column;
            create table people as
                from (values {members}) as people(member_key, record_key, language, product_name, product_id);
            create table core.dim_member as select member_key, language, 'S1' as home_store_id from people;
            create table core.fct_member_record as
                select member_key, record_key, timestamp '2025-01-01' as updated_at, false as is_deleted
                from people;
            create table core.dim_store as select 'S1' as store_id, '=Store' as store_name;
            create table core.dim_product as select 'chain' as source, product_id, product_name from people;
            create table core.fct_order_item as
                select member_key, 'chain' as source, product_id, true as is_purchase,
                    date '2025-12-01' as ordered_on, 10.00 as net_amount
                from people where product_name is not null;
            create table core.fct_event as
                select 0 as member_key, 'chain' as source, 'P1' as product_id, 'favourite' as event_type,
                    date '2025-12-01' as happened_on;
            create table marts.member_cycle as
                select member_key, date '2025-12-28' as as_of_date, 6.6 as cycle_days
                from people where member_key <= 2;
            create table core.fct_contact_permission as
                select member_key, 'sms' as channel, 'marketing' as purpose, member_key <> 4 as is_allowed,
                    date '2025-02-01' as changed_on,
                    if(member_key = 8, date '2025-12-30', date '9999-12-31') as next_on
                from people where member_key <> 9
                union all
                select 8, 'sms', 'marketing', false, date '2025-12-30', date '9999-12-31';
            create table audiences.aud_campaign_weeks as
                select '{CAMPAIGN}' as campaign, date '{WEEK}' as campaign_week,
                    date '2025-12-28' as as_of_date,
                    '{definition_hashes()[CAMPAIGN]}' as definition_hash, false as is_sealed;
            create table audiences.aud_decisions as
                select campaign, campaign_week, as_of_date, member_key, true as is_included,
                    null as drop_reason, 'treated' as arm, 'treatment' as arm_role, 0.5 as propensity,
                    10 as priority, member_key as value_rank, 2.5 as expected_cost_amount, definition_hash,
                    'new' as stage, null as silence_tier, null as silence_cause, 'A' as value_tier,
                    'East' as region, 'S1' as home_store_id, false as is_sealed,
                    null::integer as ledger_version
                from audiences.aud_campaign_weeks, people;
            create table audiences.aud_planned_touches as
                select 't' || lpad(member_key::varchar, 2, '0') as planned_touch_id, campaign, campaign_week,
                    campaign_week as entry_week, member_key, arm, 2 as step_no,
                    date '2026-01-05' as planned_on,
                    'sms' as channel, 'call_script' as template, 'small_coupon' as benefit,
                    if(member_key = 6, 'capped', 'planned') as status, false as is_sealed
                from audiences.aud_decisions;
            create table audiences.aud_journeys as
                select campaign, entry_week, member_key, date '2025-12-28' as as_of_date,
                    null::varchar as exit_reason
                from audiences.aud_planned_touches;
            create table audiences.aud_touches_over_cap (planned_touch_id varchar);
            drop table people;
            """
        )
    home.published_file.symlink_to(file.relative_to(home.serving))
    contacts = home.vault / "contacts" / "chain" / "members"
    for private in (*reversed(contacts.parents[:3]), contacts):
        private_folder(private)
    numbers = [(f"m{number}", given) for number, (given, _, _) in MEMBERS.items() if number != 10]
    write_vault(home, "2025-12-28", [("crm", *each) for each in numbers])
    shop = Shop(home)
    shop.note()
    return shop


def write_vault(home: Home, delivered: str, rows: list[tuple[str, str, str | None]]) -> None:
    """One file of the vault, as the loader writes it: system, member number, phone of each record."""
    secret = read_secret(home).value
    names = ("system", "member_id", "phone", "phone_pseudonym", "phone_dialled")
    kept = [(*row, pseudonym(secret, "phone", row[2]), row[2] and phone(row[2])) for row in rows]
    columns = (pa.array(each, pa.string()) for each in zip(*kept, strict=True))
    table = pa.table(dict(zip(names, columns, strict=True)))
    folder = home.vault / "contacts" / "chain" / "members"
    pq.write_table(table, folder / f"delivered={delivered}.parquet", compression="none")


@pytest.fixture
def shop(proposed) -> Shop:
    """Published and sealed."""
    proposed.seal()
    return proposed


def _text(value: str | None) -> str:
    return "null" if value is None else "'" + value.replace("'", "''") + "'"
