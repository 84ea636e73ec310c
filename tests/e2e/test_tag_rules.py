"""Rules of tags: what dbt makes of them against a slow reading in plain Python, over random rules."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.core.tag_definitions import Definitions, Row, tag_faults
from orchestration.definitions_files.tags import read_definitions
from orchestration.project import Home
from orchestration.warehouse.dbt import invoke_dbt, parsed_project
from tests.house.test_sql import portability_faults

DAY = date(2025, 12, 28)
MODELS = ("dim_tag_path", "fct_tag_conflict", "fct_member_tag")
FILLED = ("seeds.tags", "seeds.tag_rules", "seeds.tag_conflicts", "marts.member_attributes")
HOSTILE = (
    "East",
    "O'East",
    "'; drop table marts.member_attributes; --",
    '" or ""="',
    "/* */ or 1=1",
    "\\'; --",
    "a\0b",
    "NaN",
    "null",
    "true",
    "1e999",
    "%",
    "东区👩‍🚀",
    "e\u0301",
    "\u00e9",
    " East",
    "west" * 5_000,
)
TEXTS = ("region", "stage", "category_group")
NUMBERS = ("orders_90d", "refunds_365d", "promo_order_share", "net_amount_365d")
OPERATORS = ("=", "<>", "<", "<=", ">", ">=", "in", "filled", "empty")
CATALOGUE = read_definitions()
KINDS = {row["attribute"]: row["data_type"] for row in CATALOGUE.attributes}

texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8))
closed = {
    row["attribute"]: st.sampled_from(row["allowed_values"].split("|"))
    for row in CATALOGUE.attributes
    if row["allowed_values"]
}
numbers = st.sampled_from(["0", "1", "2", "3", "0.5", "1.0", "0.000001", "-1", "NaN", "3; --"])


@st.composite
def clauses(draw):
    attribute = draw(st.sampled_from([*TEXTS, *NUMBERS, "is_high_intent"]))
    operator = draw(st.sampled_from(OPERATORS))
    if operator in {"filled", "empty"}:
        return attribute, operator, ""
    if attribute in NUMBERS:
        return attribute, operator, draw(numbers)
    if attribute == "is_high_intent":
        return attribute, operator, draw(st.sampled_from(["true", "false", "yes' or 1=1"]))
    return attribute, operator, draw(st.one_of(closed.get(attribute, texts), texts))


rules = st.dictionaries(
    st.sampled_from("abcd"),
    st.lists(st.lists(clauses(), min_size=1, max_size=5, unique=True), min_size=1, max_size=3),
    min_size=1,
)
members = st.lists(
    st.fixed_dictionaries(
        {
            **{name: st.none() | closed.get(name, texts) for name in TEXTS},
            "orders_90d": st.none() | st.integers(0, 3),
            "refunds_365d": st.none() | st.integers(0, 3),
            "promo_order_share": st.none()
            | st.sampled_from([Decimal("0.5"), Decimal("1"), Decimal("0.000001")]),
            "net_amount_365d": st.none()
            | st.sampled_from([Decimal("-1.00"), Decimal("0.50"), Decimal("3.00")]),
            "is_high_intent": st.none() | st.booleans(),
        }
    ),
    min_size=1,
    max_size=8,
)
conflicts = st.sets(st.sampled_from([("a", "b"), ("a", "c"), ("b", "c"), ("c", "d")]))


def defined(drawn, pairs):
    """The definitions of drawn rules, each file with its lines."""
    tags = [
        {"subject": "member",
         "tag": tag, "label_en": tag, "label_zh": f"签{tag}", "layer": "basic", "definition": "So.",
         "owner": "crm", "refresh": "daily", "action": "Greet", "metric": "Returns",
         "lowest_expected_share": "0",
         "highest_expected_share": "1", "valid_from": "2020-01-01", "valid_to": ""}
        for tag in drawn
    ]  # fmt: skip
    clauses = [
        {"tag": tag, "group_no": str(number), "attribute": attribute, "operator": operator, "value": value}
        for tag, groups in drawn.items()
        for number, group in enumerate(groups, start=1)
        for attribute, operator, value in group
    ]
    over = [{"tag": one, "over_tag": other} for one, other in sorted(pairs) if {one, other} <= set(drawn)]
    return Definitions(
        attributes=CATALOGUE.attributes,
        layers=CATALOGUE.layers,
        tags=rows("tags.csv", tags),
        rules=rows("tag_rules.csv", clauses),
        conflicts=rows("tag_conflicts.csv", over),
        strategies=(),
        settings=(),
        setting_types={},
    )


def rows(file, values):
    return tuple(Row(file, line, row) for line, row in enumerate(values, start=2))


def told_of_clauses(definitions):
    """Rows of rules that the check refuses by themselves; a group nobody can meet may stay."""
    return {
        fault.line
        for fault in tag_faults(definitions, DAY)
        if fault.file == "tag_rules.csv" and "can meet the group" not in fault.found
    }


def is_met(kind, operator, value, measured):
    """One clause, read slowly."""
    if operator == "empty":
        return measured is None
    if measured is None:
        return False
    if operator == "filled":
        return True
    if kind in {"integer", "decimal"}:
        one, other = Decimal(measured), Decimal(value)
    elif kind == "boolean":
        one, other = measured, {"true": True, "false": False}[value]
    else:
        one, other = measured, value
    if operator in {"=", "in"}:
        return one == other
    if operator == "<>":
        return one != other
    if operator == "<":
        return one < other
    if operator == "<=":
        return one <= other
    return one > other if operator == ">" else one >= other


def held_by(member, definitions):
    """Tags a member holds and tags that were overridden, rule by rule."""
    groups = defaultdict(list)
    for row in definitions.rules:
        groups[row["tag"], row["group_no"]].append(row)
    met = set()
    for (tag, _), group in groups.items():
        choices = defaultdict(list)
        for row in group:
            answer = is_met(KINDS[row["attribute"]], row["operator"], row["value"], member[row["attribute"]])
            key = (row["attribute"], "in") if row["operator"] == "in" else id(row)
            choices[key].append(answer)
        if all(any(answers) for answers in choices.values()):
            met.add(tag)
    overridden = {row["over_tag"] for row in definitions.conflicts if {row["tag"], row["over_tag"]} <= met}
    return met - overridden, overridden


@pytest.fixture(scope="module")
def warehouse(chain, tmp_path_factory):
    """A home with an empty warehouse that has the columns of the seeds and of the attributes."""
    home = Home(tmp_path_factory.mktemp("rules"))
    home.development_warehouse.parent.mkdir(parents=True)
    with opened(home) as connection:
        connection.execute("create schema seeds; create schema marts")
        connection.execute(f"attach '{chain.build.file}' as built (read_only)")
        for seed in ("tags", "tag_rules", "tag_conflicts"):
            connection.execute(f"create table seeds.{seed} as from built.seeds.{seed} limit 0")
        for seed in ("attributes", "tag_operators"):
            connection.execute(f"create table seeds.{seed} as from built.seeds.{seed}")
        connection.execute(
            "create table marts.member_attributes as from built.marts.member_attributes limit 0"
        )
    return home


def opened(home):
    return duckdb.connect(str(home.development_warehouse))


def insert(connection, table, values):
    """Rows by column name."""
    for row in values:
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        connection.execute(
            f"insert into {table} ({names}) values ({marks})",
            list(row.values()),
        )


def without_empty(row):
    """A row as dbt's seeds have it: an empty cell is no value."""
    return {name: value or None for name, value in row.values.items()}


def evaluated(home, people, definitions):
    """Tags by member as dbt makes them."""
    with opened(home) as connection:
        for table in FILLED:
            connection.execute(f"delete from {table}")
        known = [{name: row[name] for name in ("subject", "tag", "valid_from")} for row in definitions.tags]
        insert(connection, "seeds.tags", known)
        insert(connection, "seeds.tag_rules", [without_empty(row) for row in definitions.rules])
        insert(connection, "seeds.tag_conflicts", [row.values for row in definitions.conflicts])
        insert(
            connection,
            "marts.member_attributes",
            [{"member_key": key, "as_of_date": DAY, **person} for key, person in enumerate(people)],
        )
        before = tables(connection)
    invoke_dbt(
        ["run", "--select", *MODELS],
        home=home,
        warehouse=home.development_warehouse,
        target_path=home.development_warehouse.parent / "target",
        manifest=parsed_project(),
    )
    with opened(home) as connection:
        assert tables(connection) == before | {f"marts.{name}" for name in MODELS}
        found = connection.execute("select member_key, tag from marts.fct_member_tag").fetchall()
        both = connection.execute(
            "select distinct member_key, over_tag from marts.fct_tag_conflict"
        ).fetchall()
    held = [{tag for member, tag in found if member == key} for key in range(len(people))]
    overridden = [{tag for member, tag in both if member == key} for key in range(len(people))]
    return held, overridden


def tables(connection):
    return {
        f"{schema}.{name}"
        for schema, name in connection.execute(
            "select schema_name, table_name from duckdb_tables()"
        ).fetchall()
    }


def stays_true(warehouse, people, drawn, pairs):
    definitions = defined(drawn, pairs)
    refused = told_of_clauses(definitions)
    kept = {
        tag: groups
        for tag, groups in drawn.items()
        if not any(row["tag"] == tag and row.line in refused for row in definitions.rules)
    }
    passed = defined(kept, pairs)
    expected = [held_by(person, passed) for person in people]
    assert evaluated(warehouse, people, passed) == (
        [one for one, _ in expected],
        [one for _, one in expected],
    )


def examples(number):
    return settings(
        max_examples=number,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
        ],
    )


# An example costs about a second: dbt compiles and runs the models anew.
@examples(10)
@given(members, rules, conflicts)
def test_every_rule_that_passes_the_check_is_evaluated_as_it_reads(warehouse, people, drawn, pairs):
    stays_true(warehouse, people, drawn, pairs)


@pytest.mark.slow
@examples(100)
@given(members, rules, conflicts)
def test_many_more_rules_are_evaluated_as_they_read(warehouse, people, drawn, pairs):
    stays_true(warehouse, people, drawn, pairs)


def test_a_hostile_text_meets_itself_and_nothing_else(warehouse):
    nothing = dict.fromkeys([*TEXTS, *NUMBERS, "is_high_intent"])
    people = [nothing | {"region": region} for region in (*HOSTILE, "North", None)]
    definitions = defined(
        {
            f"{kind}{number}": [[("region", operator, text)]]
            for number, text in enumerate(HOSTILE)
            for kind, operator in (("is", "="), ("not", "<>"), ("in", "in"))
        },
        set(),
    )
    assert {row["value"] for row in definitions.rules} == set(HOSTILE)
    assert told_of_clauses(definitions) == set()
    others = [{f"not{other}" for other in range(len(HOSTILE)) if other != at} for at in range(len(HOSTILE))]
    own = [{f"is{at}", f"in{at}"} | others[at] for at in range(len(HOSTILE))]
    everything_else = {f"not{other}" for other in range(len(HOSTILE))}
    held, _ = evaluated(warehouse, people, definitions)
    assert held == [*own, everything_else, set()]


def test_what_becomes_of_the_rules_can_be_said_in_the_words_of_spark(chain):
    by_name = {model["name"]: model["compiled_code"] for model in chain.models}
    for name in ("fct_member_tag", "fct_tag_conflict", "fct_product_tag"):
        assert "operands.number_1_1" in by_name[name]
        assert list(portability_faults(name, by_name[name])) == []


def test_no_text_of_a_rule_becomes_sql(chain):
    """Not even a harmless one: what is compared stays in the table."""
    [compiled] = [model["compiled_code"] for model in chain.models if model["name"] == "fct_member_tag"]
    told = {row["value"] for row in CATALOGUE.rules if row["value"] and not row["value"].isdigit()}
    assert {"silent", "0.6", "late_night"} <= told
    # Booleans are compared as texts, so these two words stand there in any case.
    assert [value for value in sorted(told - {"true", "false"}) if f"'{value}'" in compiled] == []


def test_many_paths_take_more_than_one_number(warehouse):
    """Bits of a hundred and more paths, first, last and on both sides of where a number ends."""
    count = 125
    drawn = {f"t{number:03}": [[("orders_90d", "=", str(number))]] for number in range(count)}
    people = [
        dict.fromkeys([*TEXTS, *NUMBERS, "is_high_intent"]) | {"orders_90d": number}
        for number in (0, 59, 60, 119, 120, count - 1, count)
    ]
    held, _ = evaluated(warehouse, people, defined(drawn, set()))
    assert held == [{"t000"}, {"t059"}, {"t060"}, {"t119"}, {"t120"}, {"t124"}, set()]
