"""State is replayable: it depends on the facts up to its date, and on nothing else."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from tests.built import STATES, SUNDAYS, UNTIL, quick_build, same_facts, set_sources, table_text

D = SUNDAYS[3]

# Facts by the moment that dates them, and what the latest state of a row tells about moments after it.
FACTS = {
    "orders": ("ordered_at", []),
    "order_items": ("ordered_at", []),
    "refunds": ("refunded_at", []),
    "events": ("happened_at", []),
    "touches": (
        "planned_at",
        ["capped_at", "sent_at", "delivered_at", "opened_at", "clicked_at", "connected_at", "followed_up_at",
         "unsubscribed_at", "complained_at", "blocked_at"],
    ),
    "coupons": ("issued_at", ["redeemed_at"]),
    "points": ("happened_at", []),
    "tickets": ("opened_at", ["resolved_at"]),
    "consents": ("happened_at", []),
    "stock": ("counted_on", []),
}  # fmt: skip


# What compares a date with another one is empty where that one was not asked for.
COMPARED_WITH_OTHER_DATES = {"fct_tag_coverage": {"drift_share", "is_steady"}}
# Products are described for the newest dates of a build only (tests/e2e/test_offers.py).
OF_EVERY_DATE = {"fct_tag_coverage": "subject = 'member'"}


@pytest.fixture(scope="module")
def at_d(chain):
    """The rows for D of every state, from the build of all dates."""
    with chain.open() as connection:
        return {state: rows_at_d(connection, state) for state in STATES}


def rows_at_d(connection, state):
    own = COMPARED_WITH_OTHER_DATES.get(state, set())
    [(room,)] = connection.execute(
        "select table_schema from information_schema.tables "
        "where table_name = $state and table_catalog = current_database()",
        {"state": state},
    ).fetchall()
    columns = ", ".join(name for name in columns_of(connection, f"{room}.{state}") if name not in own)
    rows = OF_EVERY_DATE.get(state, "true")
    return table_text(
        connection, f"select {columns} from {room}.{state} where as_of_date = date '{D}' and {rows}"
    )


def columns_of(connection, name):
    """By name: dbt puts the columns of tables into the contract's order, a quick build does not."""
    return sorted(column for column, *_ in connection.execute(f"describe {name}").fetchall())


def differing(connection, expected):
    return [state for state in STATES if rows_at_d(connection, state) != expected[state]]


def test_all_states_have_rows_to_compare(at_d):
    assert [state for state, rows in at_d.items() if rows.count("\n") < 3] == []


@pytest.mark.slow
def test_the_same_facts_give_the_same_tables_with_any_number_of_threads(chain, tmp_path):
    """Also what every quick build rests on: it makes what dbt makes."""
    home = same_facts(chain.home, tmp_path / "home")
    models = [f"{model['schema']}.{model['name']}" for model in chain.models if model["schema"] != "staging"]
    with quick_build(chain, tmp_path, home, SUNDAYS, threads=1) as once, chain.open() as by_dbt:
        unequal = [name for name in models if content(once, name) != content(by_dbt, name)]

    assert unequal == []


def content(connection, name):
    """Rows and an order-free sum over their hashes, every column as text."""
    columns = columns_of(connection, name)
    spelled = ", ".join(f"coalesce(cast({column} as varchar), '-')" for column in columns)
    return connection.execute(
        "select count(*), sum(cast('0x' || md5(concat_ws('|', "
        f"{spelled}))[1:15] as bigint)::hugeint) from {name}"
    ).fetchone()


@pytest.mark.slow
def test_a_date_built_alone_has_the_rows_it_has_among_many(chain, at_d, tmp_path):
    home = same_facts(chain.home, tmp_path / "home")
    with quick_build(chain, tmp_path, home, [D], wanted=STATES) as connection:
        assert differing(connection, at_d) == []


def test_what_happens_after_a_date_changes_nothing_on_it(chain, at_d, tmp_path):
    home = same_facts(chain.home, tmp_path / "home")
    forget_what_came_after(chain, home)
    with quick_build(chain, tmp_path, home, [D, UNTIL], wanted=STATES) as connection:
        assert differing(connection, at_d) == []
        # the facts are gone indeed
        (latest,) = connection.execute("select max(ordered_on) from core.fct_order").fetchone()
        assert latest <= D


@pytest.mark.parametrize(
    ("model", "rule", "leak", "found_in"),
    [
        (
            "member_activity",
            "touch_responses.responded_on <= at_date.as_of_date",
            "touch_responses.responded_on is not null",
            "member_lifecycle",
        ),
        (
            "int_member_category_as_of",
            "inner join boundaries on active_days.active_on = boundaries.fact_on",
            "inner join boundaries on active_days.active_on - 7 = boundaries.fact_on",
            "fct_category_lifecycle",
        ),
    ],
    ids=["an answer known too early", "a purchase known too early"],
)
def test_a_look_into_the_future_is_found(chain, tmp_path, model, rule, leak, found_in):
    """The comparison above can fail: two planted leaks, an answer and a purchase known too early."""
    all_facts = same_facts(chain.home, tmp_path / "all")
    up_to_d = same_facts(chain.home, tmp_path / "up_to_d")
    forget_what_came_after(chain, up_to_d)
    planted = {"changed": {model: (rule, leak)}, "wanted": [found_in]}
    with (
        quick_build(chain, tmp_path / "one", all_facts, [D], **planted) as knowing,
        quick_build(chain, tmp_path / "other", up_to_d, [D], **planted) as not_knowing,
    ):
        assert rows_at_d(knowing, found_in) != rows_at_d(not_knowing, found_in)


def forget_what_came_after(chain, home, day=D):
    """Rewrite the loaded files as they would have been on a day; members known only later are gone too."""
    # Midnight after it, by the wall clock.
    end_of_day = datetime.combine(day + timedelta(days=1), time())
    original = chain.home.loaded / "chain"
    (home.loaded / "chain").unlink()
    with chain.open() as connection:
        set_sources(connection, chain.home, chain.build.folder)
        for table in original.iterdir():
            query = f"select * from read_parquet('{table}/*/*/*/*.parquet', hive_partitioning = false)"
            if table.name in FACTS:
                dated, later = FACTS[table.name]
                replaced = ", ".join(
                    f"if({column} < end_of_d, {column}, null) as {column}" for column in later
                )
                query = (
                    f"select facts.* {f'replace ({replaced})' if later else ''} from ({query}) as facts, "
                    f"(select timestamp '{end_of_day}' as end_of_d) where {dated} < end_of_d"
                )
            elif table.name == "members":
                query = (
                    f"from ({query}) as members semi join (select * from core.int_identity__members "
                    "inner join core.dim_member using (member_key) "
                    f"where dim_member.registered_on <= date '{day}') as known using (system, member_id)"
                )
            folder = home.loaded / "chain" / table.name / "chain" / "delivered=2025-12-28" / "month=all"
            folder.mkdir(parents=True)
            connection.execute(f"copy ({query}) to '{folder}/part-0.parquet' (format parquet)")
