"""The Complete Journey source delivers what the package holds, unchanged and as the contract describes it.

Belongs here: the source module against the package, the contract file and the loader.
Does not: faults planted in rows (tests/loader), the models.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from orchestration.core.contract import parse_contract
from orchestration.core.errors import InputFault, RekindleError
from orchestration.loader.loading import load
from orchestration.project import STAGING_DIR, Home
from orchestration.sources import complete_journey
from orchestration.sources.complete_journey import (
    DELIVERED_ON,
    LAST_DAY,
    SOURCE,
    TABLES,
    deliver_complete_journey,
)
from orchestration.sources.delivering import delivery_folder

pytest.importorskip(complete_journey.PACKAGE)
CONTRACT_FILE = STAGING_DIR / SOURCE / f"{SOURCE}__sources.yml"


@pytest.fixture(scope="module")
def package_data() -> Path:
    spec = importlib.util.find_spec(complete_journey.PACKAGE)
    return Path(spec.submodule_search_locations[0]) / "data"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    landing = tmp_path_factory.mktemp("whole")
    return landing, deliver_complete_journey(landing)


@pytest.fixture(scope="module")
def ten_households(tmp_path_factory):
    landing = tmp_path_factory.mktemp("ten")
    return landing, deliver_complete_journey(landing, households=10)


@pytest.fixture(scope="module")
def contract():
    return parse_contract(yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8")), CONTRACT_FILE.name)


def delivered_file(landing: Path, table: str) -> Path:
    return delivery_folder(landing, SOURCE, table, DELIVERED_ON) / f"{table}.parquet"


def value(query: str):
    with duckdb.connect() as connection:
        return connection.execute(query).fetchall()[0][0]


def test_every_table_holds_as_many_rows_as_the_package(whole, package_data):
    _, rows = whole
    assert rows == {table: pq.read_metadata(package_data / f"{table}.parquet").num_rows for table in TABLES}
    assert rows["transactions"] == 1_469_307


def test_whole_tables_are_the_package_s_files_byte_for_byte(whole, package_data):
    landing, _ = whole
    for table in TABLES:
        manifest = json.loads((delivered_file(landing, table).parent / "manifest.json").read_text())
        original = hashlib.sha256((package_data / f"{table}.parquet").read_bytes()).hexdigest()
        assert [file["sha256"] for file in manifest["files"]] == [original]


def test_money_is_preserved_to_the_cent(whole, ten_households, package_data):
    total = "select cast(sum(cast(sales_value as decimal(18, 2))) as varchar) from read_parquet('{}')"
    assert value(total.format(delivered_file(whole[0], "transactions"))) == "4596039.58"

    limited = delivered_file(ten_households[0], "transactions")
    of_the_ten = f" where household_id in (select household_id from read_parquet('{limited}'))"
    original = value(total.format(package_data / "transactions.parquet") + of_the_ten)
    assert value(total.format(limited)) == original


def test_deliveries_have_exactly_the_contract_s_tables_and_columns(whole, contract):
    landing, _ = whole
    assert {table.name for table in contract.tables} == set(TABLES)
    for table in contract.tables:
        names = pq.read_schema(delivered_file(landing, table.name)).names
        assert [column.name for column in table.columns] == names, table.name


def test_every_delivered_value_meets_the_contract(whole, contract):
    landing, _ = whole
    for table in contract.tables:
        faults = []
        for column in table.columns:
            cast = f"try_cast({column.name} as {column.data_type})"
            faults.append(f"count_if({column.name} is not null and {cast} is null)")
            if column.required:
                faults.append(f"count_if({column.name} is null)")
            if column.allowed:
                codes = ", ".join(f"'{code}'" for code in column.allowed)
                faults.append(f"count_if({column.name} not in ({codes}))")
            if column.minimum is not None:
                faults.append(f"count_if({column.name} < {column.minimum})")
            if column.maximum is not None:
                faults.append(f"count_if({column.name} > {column.maximum})")
        rows = f"read_parquet('{delivered_file(landing, table.name)}')"
        assert value(f"select [{', '.join(faults)}] from {rows}") == [0] * len(faults), table.name


def test_the_contract_s_keys_repeat_only_in_exact_duplicates(whole, contract):
    landing, _ = whole
    for table in contract.tables:
        distinct = f"select distinct * from read_parquet('{delivered_file(landing, table.name)}')"
        key = ", ".join(table.key)
        repeated = f"select count(*) from (select {key} from ({distinct}) group by {key} having count(*) > 1)"
        assert value(repeated) == 0, table.name


def test_no_cent_is_lost_when_staging_makes_amounts_decimals(whole):
    landing, _ = whole
    columns = ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")
    lost = ", ".join(f"count_if(abs({name} - cast({name} as decimal(18, 2))) > 1e-9)" for name in columns)
    assert value(f"select [{lost}] from read_parquet('{delivered_file(landing, 'transactions')}')") == [0] * 4


def test_times_are_utc_because_weeks_change_on_new_york_s_mondays_only(whole):
    landing, _ = whole
    days_in_two_weeks = """
        select count(*) from (
            select {day} as day from read_parquet('{file}') group by 1 having count(distinct week) > 1
        )
    """
    file = delivered_file(landing, "transactions")
    in_new_york = "cast(timezone('America/New_York', timezone('UTC', transaction_timestamp)) as date)"
    assert value(days_in_two_weeks.format(day=in_new_york, file=file)) == 0
    assert value(days_in_two_weeks.format(day="cast(transaction_timestamp as date)", file=file)) > 0
    assert value(f"select max({in_new_york}) from read_parquet('{file}')") == LAST_DAY


def test_the_loader_holds_no_row_and_drops_only_the_package_s_repeated_coupons(tmp_path, contract):
    home = Home(tmp_path)
    delivered = deliver_complete_journey(home.landing, households=100)
    loads = {table.table: table for table in load(home, {SOURCE: contract}, lambda message: None).tables}
    assert {table: loads[table].rows_quarantined for table in TABLES} == dict.fromkeys(TABLES, 0)
    dropped = {table: loads[table].exact_duplicates for table in TABLES}
    assert dropped == dict.fromkeys(TABLES, 0) | {"coupons": 4_872}
    assert {table: loads[table].rows_in for table in TABLES} == delivered


def test_a_limit_delivers_the_first_households_with_all_their_rows(ten_households, package_data):
    landing, rows = ten_households
    original = f"read_parquet('{package_data / 'transactions.parquet'}')"
    chosen = f"select distinct household_id from {original} order by household_id limit 10"
    expected = value(f"select count(*) from {original} where household_id in ({chosen})")
    assert rows["transactions"] == expected > 0
    for table in ("transactions", "demographics", "campaigns", "coupon_redemptions"):
        strangers = f"select count(*) from read_parquet('{delivered_file(landing, table)}')"
        assert value(f"{strangers} where household_id not in ({chosen})") == 0


def test_a_limit_leaves_tables_about_products_and_campaigns_whole(whole, ten_households):
    for table in ("products", "campaign_descriptions", "coupons"):
        assert ten_households[1][table] == whole[1][table]


def test_a_second_run_is_refused_and_changes_nothing(ten_households):
    landing, _ = ten_households
    before = {path: path.read_bytes() for path in landing.rglob("manifest.json")}
    with pytest.raises(InputFault, match="immutable"):
        deliver_complete_journey(landing, households=10)
    assert before == {path: path.read_bytes() for path in landing.rglob("manifest.json")}


def test_a_run_broken_off_is_completed_by_the_next(tmp_path, monkeypatch):
    whole_write = complete_journey._write

    def fails_at_products(file, chosen, folder):
        if file.stem == "products":
            raise OSError("disk full")
        whole_write(file, chosen, folder)

    monkeypatch.setattr(complete_journey, "_write", fails_at_products)
    with pytest.raises(OSError, match="disk full"):
        deliver_complete_journey(tmp_path, households=1)
    monkeypatch.setattr(complete_journey, "_write", whole_write)

    added = deliver_complete_journey(tmp_path, households=1)
    assert set(added) == set(TABLES) - {"transactions"}
    assert all(delivered_file(tmp_path, table).is_file() for table in TABLES)


def test_a_missing_package_is_answered_with_the_command_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setattr(complete_journey, "PACKAGE", "a_package_nobody_has")
    with pytest.raises(RekindleError, match="make real"):
        deliver_complete_journey(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_package_without_one_of_its_files_is_refused_before_anything_is_delivered(tmp_path, monkeypatch):
    monkeypatch.setattr(complete_journey, "TABLES", (*TABLES, "weather"))
    with pytest.raises(RekindleError, match=r"weather\.parquet"):
        deliver_complete_journey(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_each_table_is_announced(tmp_path):
    said = []
    deliver_complete_journey(tmp_path, households=1, say=said.append)
    assert said == [f"{SOURCE}.{table}" for table in TABLES]
