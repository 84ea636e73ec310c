"""Offers agree with a second opinion in plain Python, know the shelf, and are replayable."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.built import SUNDAYS, UNTIL, quick_build, same_facts, table_text
from tests.e2e.oracle import setting_values
from tests.e2e.test_replay import forget_what_came_after

MATURED = SUNDAYS[2]
ABOUT_OFFERS = (
    "intermediate.int_offers__member_products",
    "marts.fct_product_attributes",
    "marts.fct_product_tag",
    "intermediate.int_offers__member_rules",
    "intermediate.int_offers__candidates",
    "marts.fct_member_offer",
    "intermediate.int_offers__reasons",
)
OFFERED = [name.split(".")[1] for name in ABOUT_OFFERS]
SETTINGS = setting_values("tags/tag_settings.csv")


def rows_of(connection, model, day):
    columns = sorted(name for name, *_ in connection.execute(f"describe {model}").fetchall())
    return table_text(connection, f"select {', '.join(columns)} from {model} where as_of_date = date '{day}'")


def test_offers_are_made_now_and_as_of_the_date_that_matured(chain):
    with chain.open() as connection:
        dates = connection.execute("select distinct as_of_date from marts.fct_member_offer").fetchall()
        per_member = connection.execute(
            "select max(offers) from (select count(*) as offers from marts.fct_member_offer "
            "group by member_key, as_of_date)"
        ).fetchone()
    assert {day for (day,) in dates} == {UNTIL, MATURED}
    assert (UNTIL - MATURED).days == int(SETTINGS["hit_days"])
    assert per_member == (int(SETTINGS["offers_per_member"]),)


def test_facts_of_later_days_change_no_offer(chain, tmp_path):
    """The date built alone from what was known on it has the rows it has beside a later one."""
    home = same_facts(chain.home, tmp_path / "home")
    forget_what_came_after(chain, home, MATURED)
    with (
        quick_build(chain, tmp_path, home, [MATURED], wanted=OFFERED) as alone,
        chain.open() as among_others,
    ):
        differing = [
            model
            for model in ABOUT_OFFERS
            if rows_of(alone, model, MATURED) != rows_of(among_others, model, MATURED)
        ]
        (offers,) = alone.execute("select count(*) from marts.fct_member_offer").fetchone()
    assert differing == []
    assert offers > 100


@pytest.fixture(scope="module")
def without_stock(chain, tmp_path_factory):
    """The chain with empty shelves in one store and no count in any other."""
    folder = tmp_path_factory.mktemp("stock")
    home = same_facts(chain.home, folder / "home")
    with chain.open() as connection:
        (store,) = connection.execute(
            "select store_id from marts.fct_member_offer "
            "group by store_id order by count(*) desc, store_id limit 1"
        ).fetchone()
    with quick_build(
        chain,
        folder / "build",
        home,
        [UNTIL],
        changed={
            "fct_stock": (
                "inner join counts",
                "inner join (select * replace (0 as units) from counts "
                f"where store_id = '{store}') as counts",
            )
        },
        wanted=OFFERED,
    ) as connection:
        yield store, connection


def test_what_is_out_of_stock_is_never_offered(without_stock):
    store, connection = without_stock
    offers = connection.execute(
        "select count(*) from marts.fct_member_offer where store_id = $store", {"store": store}
    ).fetchone()
    members = connection.execute(
        "select count(*) from core.dim_member where home_store_id = $store", {"store": store}
    ).fetchone()
    assert members[0] > 0
    assert offers == (0,)


def test_offers_are_made_and_say_so_where_stock_is_not_known(without_stock):
    _, connection = without_stock
    known = connection.execute(
        "select is_stock_known, count(*) from marts.fct_member_offer group by is_stock_known"
    ).fetchall()
    [(is_known, offers)] = known
    assert not is_known
    assert offers > 500


CODES = st.sampled_from(["a", "b"])
MAYBE = st.none() | CODES
PAIRS = st.sets(st.tuples(st.integers(1, 2), CODES), max_size=4)
RULES = st.lists(st.tuples(MAYBE, MAYBE, MAYBE, MAYBE, st.integers(1, 9)), min_size=1, max_size=5)
ACTS = st.dictionaries(st.integers(1, 2), st.tuples(CODES, CODES))
CANDIDATES = st.sets(st.tuples(st.integers(1, 2), st.integers(1, 2), CODES), max_size=8)


@pytest.fixture(scope="module")
def small_tables(chain, tmp_path_factory):
    """The tables around the match of rules, empty, and the SQL that dbt compiled for it."""
    file = tmp_path_factory.mktemp("small") / "rekindle.duckdb"
    compiled = {model["name"]: model["compiled_code"] for model in chain.models}
    with duckdb.connect(str(file)) as connection, chain.open() as built:
        for schema in ("seeds", "core", "intermediate", "marts"):
            connection.execute(f"create schema {schema}")
        for name in (
            "seeds.offer_rules", "seeds.tag_settings", "seeds.scene_events", "core.fct_event",
            "core.fct_order", "marts.member_activity", "intermediate.int_offers__dates",
            "marts.fct_member_tag", "marts.fct_product_tag", "intermediate.int_offers__scene_days",
            "marts.fct_product_attributes", "intermediate.int_offers__shelves",
            "intermediate.int_offers__candidates", "intermediate.int_offers__member_rules",
            "intermediate.int_offers__reasons",
        ):  # fmt: skip
            columns = built.execute(f"describe {name}").fetchall()
            connection.execute(
                f"create table {name} ({', '.join(f'{one} {kind}' for one, kind, *_ in columns)})"
            )
        yield connection, compiled


@settings(max_examples=60)
@given(RULES, CANDIDATES, PAIRS, PAIRS, ACTS, st.sets(CODES), st.integers(1, 3), st.integers(1, 9))
def test_offers_agree_with_a_slow_oracle(
    small_tables, rules, candidates, member_tags, product_tags, last_acts, calendar, most, least
):
    connection, compiled = small_tables
    day, source = UNTIL, "chain"
    connection.execute("begin")
    try:
        fill(connection, "intermediate.int_offers__dates", [{"as_of_date": day}])
        given = {"valid_days": 1, "trigger_days": 1, "offers_per_member": most, "minimum_weight": least}
        fill(connection, "seeds.tag_settings",
             [{"setting": name, "value": str(value)} for name, value in given.items()])  # fmt: skip
        fill(connection, "seeds.scene_events", [{"event_type": code, "scene": code} for code in "ab"])
        named = [
            dict(zip(("member_tag", "product_tag", "scene", "link", "weight"), rule, strict=True))
            | {"rule": f"rule {number}"}
            for number, rule in enumerate(rules)
        ]
        fill(connection, "seeds.offer_rules", named)
        at = {"as_of_date": day, "source": source}
        for key in (1, 2):
            fill(connection, "marts.member_activity", [{"member_key": key, "as_of_date": day}])
            fill(
                connection,
                "intermediate.int_offers__shelves",
                [at | {"member_key": key, "is_stock_known": False}],
            )
            fill(connection, "marts.fct_product_attributes", [at | {"product_id": str(key), "buyers": 7}])
        fill(connection, "marts.fct_member_tag",
             [{"member_key": key, "as_of_date": day, "tag": tag} for key, tag in member_tags])  # fmt: skip
        fill(connection, "marts.fct_product_tag",
             [at | {"product_id": str(key), "tag": tag} for key, tag in product_tags])  # fmt: skip
        fill(connection, "core.fct_event",
             [{"member_key": key, "event_key": 1, "happened_on": day, "channel": channel, "event_type": kind}
              for key, (channel, kind) in last_acts.items()])  # fmt: skip
        fill(connection, "intermediate.int_offers__scene_days",
             [{"scene_on": day + timedelta(days=1), "scene": scene} for scene in calendar])  # fmt: skip
        fill(connection, "intermediate.int_offers__candidates",
             [at | {"member_key": key, "product_id": str(product), "link": link}
              for key, product, link in candidates])  # fmt: skip
        for table in ("intermediate.int_offers__member_rules", "intermediate.int_offers__reasons"):
            connection.execute(f"insert into {table} by name {compiled[table.split('.')[1]]}")
        found = connection.execute(
            "select member_key, offer_rank, product_id, total_weight "
            f"from ({compiled['fct_member_offer']}) order by all"
        ).fetchall()
    finally:
        connection.execute("rollback")

    weights = defaultdict(int)
    for key, product in {(key, product) for key, product, _ in candidates}:
        links = {link for one, other, link in candidates if (one, other) == (key, product)}
        for rule in named:
            if (
                (rule["member_tag"] is None or (key, rule["member_tag"]) in member_tags)
                and (rule["product_tag"] is None or (product, rule["product_tag"]) in product_tags)
                and (
                    rule["scene"] is None
                    or rule["scene"] in last_acts.get(key, ())
                    or rule["scene"] in calendar
                )
                and (rule["link"] is None or rule["link"] in links)
            ):
                weights[key, product] += rule["weight"]
    expected = []
    for key in (1, 2):
        ranked = sorted((-weight, product) for (one, product), weight in weights.items() if one == key)
        expected += [
            (key, rank, str(product), -weight)
            for rank, (weight, product) in enumerate(ranked[:most], start=1)
            if -weight >= least
        ]
    assert found == expected


def fill(connection, table, rows):
    for row in rows:
        names = ", ".join(row)
        marks = ", ".join("?" for _ in row)
        connection.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))
