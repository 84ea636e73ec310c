"""A check that has never failed is not a check: each one meets a fault it must find.

The checks run as dbt compiled them, on a copy of the warehouse; each fault is planted in a transaction of
its own.
"""

from __future__ import annotations

import shutil

import duckdb
import pytest

from tests.bite.planted_faults import HOLDS, SINGULAR
from tests.built import set_loaded

# A row for tables that are empty in this build, and values that no other table knows.
FILLED = {
    "VARCHAR": "'filled'",
    "DATE": "date '2025-01-01'",
    "TIMESTAMP": "timestamp '2025-01-01 08:00:00'",
    "BOOLEAN": "true",
}
UNKNOWN = {"VARCHAR": "'no such value'"}


@pytest.fixture(scope="module")
def copy(chain, tmp_path_factory):
    """The warehouse with every view turned into a table: what is changed in one changes no other."""
    file = tmp_path_factory.mktemp("bite") / "warehouse.duckdb"
    shutil.copyfile(chain.build.file, file)
    with duckdb.connect(str(file)) as connection:
        set_loaded(connection, chain.home)
        for model in chain.models:
            if model["config"]["materialized"] == "view":
                name = f"{model['schema']}.{model['name']}"
                connection.execute(f"create table {model['schema']}.made_table as from {name}")
                connection.execute(f"drop view {name}")
                connection.execute(f"alter table {model['schema']}.made_table rename to {model['name']}")
        yield connection


def of_kind(chain, kind):
    return {
        name: test
        for name, test in chain.data_tests.items()
        if (test.get("test_metadata") or {}).get("name") == kind
    }


def table_of(chain, test):
    node = chain.nodes[test["attached_node"]]
    return f"{node['schema']}.{node['name']}"


def broken_rows(connection, test):
    return connection.execute(f"select count(*) from ({test['compiled_code']})").fetchone()[0]


def is_found(connection, test, *statements):
    """Whether the check fails once the statements ran; nothing of them stays."""
    connection.execute("begin")
    try:
        for statement in statements:
            connection.execute(statement)
        return broken_rows(connection, test) > 0
    finally:
        connection.execute("rollback")


def one_row_of(table):
    return f"rowid = (select min(rowid) from {table})"


def with_one_row(fault):
    """Spell out `one_row` for the table that the statement changes."""
    words = fault.split()
    return fault.replace(
        "one_row", one_row_of(words[words.index("from") + 1] if words[0] == "delete" else words[1])
    )


def columns_of(connection, table):
    described = connection.execute(f"describe {table}").fetchall()
    return {name: kind.split("(")[0] for name, kind, *_ in described}


def filled_row(connection, table):
    """A statement that gives an empty table one row, and nothing for any other table."""
    if connection.execute(f"select count(*) from {table}").fetchone()[0]:
        return []
    values = ", ".join(FILLED.get(kind, "1") for kind in columns_of(connection, table).values())
    return [f"insert into {table} values ({values})"]


def test_every_check_of_the_project_has_a_fault(chain):
    generic = {name for kind in ("unique_key", "refers_to") for name in of_kind(chain, kind)}

    assert set(chain.data_tests) - generic == set(HOLDS) | set(SINGULAR)


def test_no_check_finds_anything_before_a_fault_is_planted(chain, copy):
    crying_wolf = [name for name, test in chain.data_tests.items() if broken_rows(copy, test)]

    assert crying_wolf == []


def test_unique_key_finds_a_repeated_row(chain, copy):
    blind = []
    for name, test in of_kind(chain, "unique_key").items():
        table = table_of(chain, test)
        repeat = f"insert into {table} select * from {table} where {one_row_of(table)}"
        if not is_found(copy, test, *filled_row(copy, table), repeat):
            blind.append(name)

    assert blind == []


def test_unique_key_finds_an_empty_key_part(chain, copy):
    blind = []
    for name, test in of_kind(chain, "unique_key").items():
        table = table_of(chain, test)
        for column in test["test_metadata"]["kwargs"]["columns"]:
            empty = f"update {table} set {column} = null where {one_row_of(table)}"
            if not is_found(copy, test, *filled_row(copy, table), empty):
                blind.append((name, column))

    assert blind == []


def test_refers_to_finds_a_value_that_does_not_exist(chain, copy):
    blind = []
    for name, test in of_kind(chain, "refers_to").items():
        table, column = table_of(chain, test), test["column_name"]
        unknown = UNKNOWN.get(columns_of(copy, table)[column], "-1")
        stray = f"update {table} set {column} = {unknown} where {one_row_of(table)}"
        if not is_found(copy, test, *filled_row(copy, table), stray):
            blind.append(name)

    assert blind == []


@pytest.mark.parametrize("name", [*HOLDS, *SINGULAR])
def test_fault_is_found(chain, copy, name):
    for fault in {**HOLDS, **SINGULAR}[name]:
        assert is_found(copy, chain.data_tests[name], with_one_row(fault)), f"not found: {fault}"


def test_holds_takes_the_unknown_for_broken(chain, copy):
    """A row of nothing but NULL breaks every condition: no check passes because a value is missing."""
    blind = []
    for name, test in of_kind(chain, "holds").items():
        table = table_of(chain, test)
        nothing = ", ".join("null" for _ in columns_of(copy, table))
        if not is_found(copy, test, f"insert into {table} values ({nothing})"):
            blind.append(name)

    assert blind == []
