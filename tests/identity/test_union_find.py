"""Linkage in SQL equals a union-find over the same rules, whatever the records."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from datetime import date, datetime

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.e2e.oracle import seed

KINDS = ("union_id", "card", "phone", "email")
MODELS = (
    "int_identity__records",
    "int_identity__links",
    "int_identity__members",
)
RULES = {row["identifier_type"]: row for row in seed("identity/identifiers.csv")}
BLOCKED = "b"


@pytest.fixture(scope="module")
def linkage(chain):
    """Linkage as dbt compiled it, over tables without files: views, so each example is one query."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as rekindle")
        connection.execute("use rekindle")
        for room in ("seeds", "staging", "core"):
            connection.execute(f"create schema {room}")
        connection.execute(f"attach '{chain.build.file}' as built (read_only)")
        connection.execute("create table seeds.identifiers as from built.seeds.identifiers")
        for name in (
            "chain__members",
            "chain__guests",
            "chain__member_deliveries",
            "chain__orders",
            "complete_journey__transactions",
            "complete_journey__demographics",
            "rekindle__identity_decisions",
        ):
            (model,) = [model for model in chain.models if model["name"] == f"stg_{name}"]
            columns = ", ".join(f"{column} {spec['data_type']}" for column, spec in model["columns"].items())
            connection.execute(f"create table staging.stg_{name} ({columns})")
        connection.execute(
            "create table staging.stg_rekindle__blocked_identifiers as "
            f"select unnest({list(KINDS)}) as identifier_type, '{BLOCKED}' as pseudonym, 'one' as reason"
        )
        for model in chain.models:
            if model["name"] in MODELS:
                connection.execute(f"create view core.{model['name']} as {model['compiled_code']}")
        connection.execute("detach built")
        (rounds,) = {
            max(int(number) for number in re.findall(r"labels_(\d+)", model["compiled_code"]))
            for model in chain.models
            if model["name"] == "int_identity__members"
        }
        yield connection, rounds


identifier = st.one_of(st.none(), st.sampled_from("wxyz"), st.just(BLOCKED))
record = st.fixed_dictionaries(
    dict.fromkeys(KINDS, identifier)
    | {"name": st.sampled_from([None, "li", "wu"]), "registered": st.integers(1, 28)}
)


def link_keys(records):
    """Per record the links it may use: the rules of domain.md, section 3, and of identifiers.csv."""
    holders = defaultdict(list)
    for position, one in enumerate(records):
        for kind in KINDS:
            if one[kind] is not None:
                holders[kind, one[kind]].append(position)
    links = defaultdict(dict)
    for (kind, value), held_by in holders.items():
        if value == BLOCKED or len(held_by) > int(RULES[kind]["maximum_records"]):
            continue
        names = {records[position]["name"] for position in held_by} - {None}
        for position in held_by:
            if RULES[kind]["needs_same_name"] != "true":
                links[position][kind] = (kind, value)
            elif records[position]["name"] is not None:
                links[position][kind] = (kind, value, records[position]["name"])
            elif len(names) == 1:
                links[position][kind] = (kind, value, *names)
    return links


def components(count, links):
    """Union-find; the group of each record, as the set of its records."""
    parent = list(range(count))

    def root(position):
        while parent[position] != position:
            position = parent[position]
        return position

    first = {}
    for position in range(count):
        for link in links[position].values():
            parent[root(position)] = root(first.setdefault(link, position))
    groups = defaultdict(set)
    for position in range(count):
        groups[root(position)].add(position)
    return {position: groups[root(position)] for position in range(count)}


def expected_members(records):
    """Who is one person, and how many rounds the slowest chain of links needs."""
    links = link_keys(records)
    groups = components(len(records), links)
    strongest = min(int(rule["priority"]) for rule in RULES.values())
    kept = defaultdict(dict)
    for position in range(len(records)):
        crowded = any(
            len({links[other][kind][1] for other in groups[position] if kind in links[other]})
            > int(RULES[kind]["maximum_per_member"])
            for kind in KINDS
        )
        kept[position] = {
            kind: link
            for kind, link in links[position].items()
            if not crowded or int(RULES[kind]["priority"]) == strongest
        }
    return components(len(records), kept), max(
        farthest(links, groups), farthest(kept, components(len(records), kept))
    )


def farthest(links, groups):
    """The most steps from any record to any other of its group: so many rounds are enough."""
    neighbours = defaultdict(set)
    for position, usable in links.items():
        for link in usable.values():
            neighbours[link].add(position)
    most = 0
    for start in groups:
        reached, edge, steps = {start}, {start}, 0
        while edge:
            edge = {
                near for here in edge for link in links[here].values() for near in neighbours[link]
            } - reached
            reached |= edge
            steps += bool(edge)
        most = max(most, steps)
    return most


def register(connection, records):
    """Make these the only member records."""
    connection.execute("delete from staging.stg_chain__members")
    connection.executemany(
        "insert into staging.stg_chain__members by name select 'chain' as source, 'pos' as system, "
        "$1 as member_id, $2::date as registered_on, $3::timestamp as updated_at, $4 as union_id_pseudonym, "
        "$5 as card_pseudonym, $6 as phone_pseudonym, $7 as email_pseudonym, $8 as name_pseudonym, "
        "date '2025-12-28' as first_delivered_on",
        [
            [str(position), date(2025, 1, one["registered"]), datetime(2025, 2, 1),
             *(one[kind] for kind in KINDS), one["name"]]
            for position, one in enumerate(records)
        ],
    )  # fmt: skip


def members_by_sql(connection, records):
    """The records of each record's member, as the models have it; its key is that of its oldest record."""
    register(connection, records)
    rows = connection.execute(
        "select cast(member_id as integer), member_key, record_key, registered_on "
        "from core.int_identity__members"
    ).fetchall()
    members = defaultdict(list)
    for position, member_key, record_key, registered_on in rows:
        members[member_key].append((registered_on, record_key, position))
    assert all(min(held)[1] == key for key, held in members.items()), (
        "a member's key is not its oldest record's"
    )
    assert len(rows) == len(records)
    return {position: {other for *_, other in held} for held in members.values() for *_, position in held}


@settings(max_examples=60)
@given(records=st.lists(record, min_size=1, max_size=9))
def test_members_are_what_union_find_makes_of_the_links(linkage, records):
    connection, rounds = linkage
    expected, needed = expected_members(records)

    if needed <= rounds:
        assert members_by_sql(connection, records) == expected


def chained(length):
    """Records linked only to the next one, by phone and e-mail in turn."""
    records = [dict.fromkeys([*KINDS, "name"]) | {"registered": 1 + position} for position in range(length)]
    for position, (one, other) in enumerate(itertools.pairwise(records)):
        kind = ("phone", "email")[position % 2]
        one[kind] = other[kind] = f"link {position}"
        one["name"] = other["name"] = "li"
    return records


def test_a_chain_as_long_as_the_rounds_converges(linkage):
    connection, rounds = linkage
    records = chained(rounds + 1)

    assert members_by_sql(connection, records)[0] == set(range(rounds + 1))


def test_a_longer_chain_is_found_by_the_check_of_convergence(chain, linkage):
    connection, rounds = linkage
    check = chain.data_tests["identity_has_converged"]["compiled_code"]

    register(connection, chained(rounds + 2))

    assert connection.execute(check).fetchall() != []
