"""Builds made by hand, without dbt: small files in which every table carries the build's stamp.

Belongs here: what the tests of this folder, and the processes they start, both need.
Does not: assertions.
"""

from __future__ import annotations

import json
from datetime import date

import duckdb

from orchestration.ledger.opening import start_build
from orchestration.project import Home
from orchestration.warehouse.builds import OUTCOMES_FILE_NAME, Build, audit
from orchestration.warehouse.connections import attach_working, begin_file
from orchestration.warehouse.publish import publish
from orchestration.warehouse.versions import Manifest

AS_OF = date(2025, 12, 28)
SECRET = "what a working table knows of a member"
TABLES = (
    "core.dim_as_of_date", "core.dim_member", "core.fct_order", "marts.member_lifecycle",
    "serving.srv_member", "staging.stg_rekindle__builds",
)  # fmt: skip
SCHEMAS = dict(reversed(table.split(".")) for table in TABLES)
DOCS = {
    "core.dim_member": {
        "comment": "One row per member; it's small.",
        "columns": {"member_key": "The member.", "stamp": ""},
    },
    "serving.srv_member": {
        "comment": "One row per member, as BI sees it.",
        "columns": {"member_key": "The member's key."},
    },
}


def finished_build(home: Home, number: int, rows: int = 100, as_of: date = AS_OF) -> Build:
    """A build as dbt leaves it, all passed: tables and a view, and beside the file what nobody publishes."""
    build = start_build(home, [as_of], run_id=f"{number:08x}-run", code_version="c0de")
    begin_file(build.file)
    with duckdb.connect(str(build.file)) as connection:
        attach_working(connection, build.file)
        connection.execute(f"create table working.main.int_secret as select '{SECRET}' as secret")
        connection.execute(
            f"""
            create schema staging; create schema core; create schema marts; create schema serving;
            create schema intermediate; create schema seeds;
            create view intermediate.int_secret as from working.main.int_secret;
            create table seeds.threshold as select 1 as one;
            create table core.dim_member as
                select '{build.build_id}' as stamp, i as member_key from range({rows}) as members(i);
            create table marts.member_lifecycle as
                select '{build.build_id}' as stamp, date '{as_of}' as as_of_date;
            create table core.dim_as_of_date as
                select '{build.build_id}' as stamp, date '{as_of}' as as_of_date;
            create table core.fct_order as
                select '{build.build_id}' as stamp, i as order_id, 9.5::decimal(12, 2) as net_amount
                from range({2 * rows}) as orders(i);
            create view serving.srv_member as select stamp, member_key from rekindle.core.dim_member;
            create table staging.stg_rekindle__builds as
                select '{build.build_id}' as stamp, stamp as build_id, date '{as_of}' as as_of_date;
            """
        )
    models = {f"model.rekindle.{name}": "success" for name in SCHEMAS}
    write_dbt_results(build, {**models, "test.rekindle.unique": "pass"})
    return build


def write_dbt_results(build: Build, statuses: dict[str, str], never_ran: tuple[str, ...] = ()) -> None:
    """What dbt says of a build at its end, which an audit reads."""
    named = [f"{SCHEMAS[name]}.{name}" for name in SCHEMAS if f"model.rekindle.{name}" in statuses]
    public = {name: DOCS.get(name, {"comment": "", "columns": {}}) for name in named}
    told = {"expected": [*statuses, *never_ran], "outcomes": statuses, "public": public, "warnings": {}}
    (build.target_path / OUTCOMES_FILE_NAME).write_text(json.dumps(told))


def publish_one(home: Home, number: int, rows: int = 100, as_of: date = AS_OF) -> Manifest:
    """Build, audit and publish."""
    build = finished_build(home, number, rows, as_of)
    audit(build)
    return publish(home, build)


def stamps(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """The builds that the tables of a file say they come from."""
    union = " union ".join(f"select stamp from {table}" for table in TABLES)
    return {stamp for (stamp,) in connection.execute(union).fetchall()}
