"""A check that has never failed is not a check: each one meets a fault it must find.

The checks run as dbt compiled them, on a copy of the warehouse; each fault is planted in a transaction of
its own.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

import duckdb
import pytest

from orchestration.definitions_files.settings import FOLDERS, setting_types
from tests.bite.planted_faults import CONDITIONS, SINGULAR
from tests.built import set_sources

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
    file = tmp_path_factory.mktemp("bite") / "rekindle.duckdb"
    shutil.copyfile(chain.build.file, file)
    with duckdb.connect(str(file)) as connection:
        set_sources(connection, chain.home, chain.build.folder)
        for model in chain.models:
            if model["config"]["materialized"] == "view":
                name = f"{model['schema']}.{model['name']}"
                connection.execute(f"create table {model['schema']}.made_table as from {name}")
                connection.execute(f"drop view {name}")
                connection.execute(f"alter table {model['schema']}.made_table rename to {model['name']}")
        yield connection


@dataclass(frozen=True)
class Rule:
    """One rule of a ``rules`` test: its name in the answer, and what it asks of which test."""

    name: str
    test: dict[str, Any]
    asked: Any


def rules_of(chain, kind):
    """Every rule of a kind (keys, references or conditions)."""
    for test in chain.data_tests.values():
        if (test.get("test_metadata") or {}).get("name") != "rules":
            continue
        arguments = test["test_metadata"]["kwargs"]
        match kind:
            case "keys":
                key = {"key": arguments["key"]} if "key" in arguments else {}
                asked = {**key, **arguments.get("keys", {})}
            case "references":
                targets = [row["to"].split("'")[1] for row in arguments.get("references", [])]
                asked = {
                    f"{row['column']} in {target}": row
                    for row, target in zip(arguments.get("references", []), targets, strict=True)
                }
            case "conditions":
                asked = arguments.get("conditions", {})
        for name, each in asked.items():
            yield Rule(name, test, each)


def conditions_of(chain):
    """Every condition by the name its faults stand under."""
    return {
        f"{chain.nodes[rule.test['attached_node']]['name']}__{rule.name}": rule
        for rule in rules_of(chain, "conditions")
    }


def table_of(chain, test):
    node = chain.nodes[test["attached_node"]]
    return f"{node['schema']}.{node['name']}"


def settings_of(chain, test):
    """The settings that a table keeps as rows, if it does: its references and conditions are about those."""
    name = chain.nodes[test["attached_node"]]["name"]
    return setting_types(name) if name in FOLDERS else {}


def found_by(connection, test, *statements):
    """The rows a check answers with once the statements ran; nothing of them stays."""
    connection.execute("begin")
    try:
        for statement in statements:
            connection.execute(statement)
        return connection.execute(test["compiled_code"]).fetchall()
    finally:
        connection.execute("rollback")


def is_named(connection, rule, *statements):
    """Whether the check names this rule, with at least one row, once the statements ran."""
    return dict(found_by(connection, rule.test, *statements)).get(rule.name, 0) > 0


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
    assert set(conditions_of(chain)) == set(CONDITIONS)
    assert {name for name, test in chain.data_tests.items() if not test.get("test_metadata")} == set(SINGULAR)


def test_no_check_finds_anything_before_a_fault_is_planted(chain, copy):
    crying_wolf = [name for name, test in chain.data_tests.items() if found_by(copy, test)]

    assert crying_wolf == []


def test_a_repeated_row_breaks_the_key(chain, copy):
    blind = []
    for rule in rules_of(chain, "keys"):
        table = table_of(chain, rule.test)
        repeat = f"insert into {table} select * from {table} where {one_row_of(table)}"
        if not is_named(copy, rule, *filled_row(copy, table), repeat):
            blind.append((table, rule.name))

    assert blind == []


def test_an_empty_part_breaks_the_key(chain, copy):
    blind = []
    for rule in rules_of(chain, "keys"):
        table = table_of(chain, rule.test)
        for column in rule.asked:
            empty = f"update {table} set {column} = null where {one_row_of(table)}"
            if not is_named(copy, rule, *filled_row(copy, table), empty):
                blind.append((table, rule.name, column))

    assert blind == []


def test_a_value_that_does_not_exist_breaks_the_reference(chain, copy):
    blind = []
    for rule in rules_of(chain, "references"):
        table, column = table_of(chain, rule.test), rule.asked["column"]
        if column in settings_of(chain, rule.test):
            stray = f"update {table} set value = 'no such value' where setting = '{column}'"
        else:
            unknown = UNKNOWN.get(columns_of(copy, table)[column], "-1")
            stray = f"update {table} set {column} = {unknown} where {one_row_of(table)}"
        if not is_named(copy, rule, *filled_row(copy, table), stray):
            blind.append((table, rule.name))

    assert blind == []


@pytest.mark.parametrize("name", CONDITIONS)
def test_fault_breaks_the_condition(chain, copy, name):
    for fault in CONDITIONS[name]:
        assert is_named(copy, conditions_of(chain)[name], with_one_row(fault)), f"not found: {fault}"


@pytest.mark.parametrize("name", SINGULAR)
def test_fault_is_found(chain, copy, name):
    for fault in SINGULAR[name]:
        assert found_by(copy, chain.data_tests[name], with_one_row(fault)), f"not found: {fault}"


def test_the_unknown_breaks_every_condition(chain, copy):
    """A row of nothing but NULL breaks every condition: no check passes because a value is missing."""
    blind = []
    for name, rule in conditions_of(chain).items():
        table = table_of(chain, rule.test)
        nothing = ", ".join("null" for _ in columns_of(copy, table))
        unknown = f"insert into {table} values ({nothing})"
        if settings_of(chain, rule.test):
            unknown = f"update {table} set value = null"
        if not is_named(copy, rule, unknown):
            blind.append(name)

    assert blind == []


def test_each_rule_counts_the_rows_that_break_it_and_nothing_else_is_named(chain, copy):
    """One rule's rows are never told under another's name."""
    test = chain.data_tests["member_churn_warning__rules"]
    table = table_of(chain, test)
    faults = {
        "key": f"insert into {table} select * from {table} where {one_row_of(table)}",
        "action in churn_actions": f"update {table} set action = 'no such' where {one_row_of(table)}",
        "says_why_and_by_when": f"update {table} set signals = 0 where {one_row_of(table)}",
    }
    found = {rule: found_by(copy, test, fault) for rule, fault in faults.items()}

    assert found == {
        "key": [("key", 2)],
        "action in churn_actions": [("action in churn_actions", 1)],
        "says_why_and_by_when": [("says_why_and_by_when", 1)],
    }
