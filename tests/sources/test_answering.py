"""The simulated members answer what was exported: receipts, caused orders, redeemed coupons."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy.stats import binom

from orchestration.core.experiments.comparison import compare, single_width
from orchestration.project import Home
from orchestration.sources.sample import Lives, live_on, simulate
from orchestration.sources.sample.answering import make_sent_touches
from tests.core.experiments.members import arm_of

FIRST, MONDAY = date(2025, 11, 23), date(2025, 11, 24)
LIVES = Lives(3000, seed=5)
RUNS = 2000


def write_exports(home, keys, monday=MONDAY, mark="t", benefit="small_coupon"):
    """An export of one text message to each person on a Monday, and the ledger behind it."""
    rows = ", ".join(f"('{mark}{person}', {key})" for person, key in keys.items())
    touches = duckdb.sql(
        f"""
        select planned_touch_id, member_key, date '{monday}' as planned_on, 'sms' as channel,
            '{benefit}' as benefit, 'second_order' as campaign, 1 as step_no
        from (values {rows}) as touches (planned_touch_id, member_key)
        """
    )
    week = Path("second_order") / str(monday)
    for folder in (home.exports / week / "sms_1", home.ledger / week / "v1"):
        folder.mkdir(parents=True)
        touches.write_parquet(str(folder / "touches.parquet"))


def first_records(home):
    """Key of each person's first record, by person."""
    rows = duckdb.sql(
        f"select person, system, member_id from '{home.truth}/member_records.parquet' where copy = 0"
    ).fetchall()
    return {
        person: int(hashlib.md5(f"chain:{system}:{number}".encode()).hexdigest()[:15], 16)
        for person, system, number in rows
    }


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """Everybody gets a text message with a coupon on one Monday."""
    home = Home(tmp_path_factory.mktemp("answered"))
    simulate(home.landing, home.truth, LIVES, FIRST)
    write_exports(home, first_records(home))
    live_on(home.landing, home.truth, home.exports, home.ledger)
    return home


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The same lives, to whom nothing was exported."""
    home = Home(tmp_path_factory.mktemp("alone"))
    simulate(home.landing, home.truth, LIVES)
    return home


def ask(home, query):
    connection = duckdb.connect()
    for table in ("orders", "order_items", "coupons", "touches"):
        connection.execute(
            f"create view {table} as select * exclude (delivered) "
            f"from read_parquet('{home.landing}/chain/{table}/*/*.parquet', hive_partitioning = true)"
        )
    if (home.landing / "receipts").exists():
        connection.execute(f"create view receipts as from '{home.landing}/receipts/touches/*/*.parquet'")
    for path in home.truth.glob("*.parquet"):
        connection.execute(f"create view {path.stem} as from '{path}'")
    return connection.execute(query).fetchall()


def test_every_touch_that_was_sent_comes_back_as_a_receipt_under_its_own_name(answered):
    [(receipts, names, sent)] = ask(
        answered,
        "select count(*), count(distinct planned_touch_id), (select count(*) from sent_touches) "
        "from receipts",
    )
    assert receipts == names
    assert 0.9 * sent < receipts <= sent, "only those who took their consent back get nothing"
    [(days,)] = ask(answered, "select list(distinct (sent_at + interval 8 hour)::date) from receipts")
    assert days == [MONDAY]
    [(delivered,)] = ask(answered, "select count(delivered_at) / count(*) from receipts")
    assert 0.85 < delivered < 0.99


def test_a_recalled_touch_is_not_sent(tmp_path):
    home = Home(tmp_path)
    records = duckdb.connect()
    records.execute(
        "create table records as "
        "select 'pos' as system, i::varchar as member_id, i as person from range(2) as people(i)"
    )
    keys = {i: int(hashlib.md5(f"chain:pos:{i}".encode()).hexdigest()[:15], 16) for i in range(2)}
    write_exports(home, keys)
    recall = home.exports / "second_order" / str(MONDAY) / "recalled.sms_1.1"
    recall.mkdir()
    duckdb.sql("select 't0' as planned_touch_id").write_parquet(str(recall / "recalled.parquet"))
    make_sent_touches(records, home.truth, home.exports, home.ledger, (FIRST, MONDAY))
    assert records.execute("select planned_touch_id, sent_on from sent_touches").fetchall() == [
        ("t1", MONDAY)
    ]


def test_an_exported_touch_stays_out_of_the_chains_own_touches(answered, alone):
    count = "select count(distinct touch_id) from touches"
    assert ask(answered, count) == ask(alone, count)


def test_nobodys_other_orders_change_because_something_was_exported(answered, alone):
    caused = "select count(*) from caused_orders where planned_touch_id is not null"
    lines = "select distinct order_id, line_number, product_id, net_amount, cost_amount from order_items"
    before, after = (set(ask(home, lines)) for home in (alone, answered))

    assert before < after
    assert [(len({order for order, *_ in after - before}),)] == ask(answered, caused)


def test_caused_orders_come_as_often_as_planted(answered):
    effects = [effect for (effect,) in ask(answered, "select effect from touch_effects where is_exported")]
    [(share,)] = ask(
        answered,
        """
        select count(*) / (select count(delivered_at) from receipts)
        from caused_orders where planned_touch_id is not null
        """,
    )
    assert min(effects) < share < max(effects)


def test_the_coupon_of_a_touch_that_caused_an_order_is_redeemed_by_it_and_the_others_run_out(answered):
    rows = ask(
        answered,
        """
        select redeemed_at is not null, count(distinct coupon_id), count(distinct order_id), min(benefit_code)
        from coupons where campaign_code = 'second_order' group by 1 order by 1
        """,
    )
    (_, unused, _, benefit), (_, redeemed, orders, _) = rows
    caused = ask(
        answered,
        """
        select count(distinct order_id) from caused_orders join orders using (order_id)
        where planned_touch_id is not null and status <> 'cancelled'
        """,
    )[0][0]
    assert benefit == "small_coupon"
    assert redeemed == orders == caused
    assert unused > 10 * redeemed


def test_a_second_answer_adds_to_the_first_and_repeats_nothing(tmp_path):
    home, next_monday = Home(tmp_path), date(2025, 12, 1)
    simulate(home.landing, home.truth, Lives(400, seed=5), FIRST)
    write_exports(home, first_records(home), mark="a")
    live_on(home.landing, home.truth, home.exports, home.ledger, date(2025, 11, 30))
    write_exports(home, first_records(home), next_monday, mark="b")
    live_on(home.landing, home.truth, home.exports, home.ledger)

    days = "(sent_at + interval 8 hour)::date"
    sent = f"select planned_touch_id[1], list(distinct {days}) from receipts group by 1 order by 1"
    assert ask(home, sent) == [("a", [MONDAY]), ("b", [next_monday])]
    assert ask(home, "select count(*) - count(distinct (person, slot)) from sent_touches") == [(0,)]
    changed = "select 1 from receipts group by planned_touch_id having count(distinct opened_at) > 1"
    assert ask(home, changed) == [], "an opening that was reported is reported the same again"
    caused = "from caused_orders where planned_touch_id is not null"
    assert ask(home, f"select count(*) - count(distinct order_id) {caused}") == [(0,)]


@pytest.mark.slow
def test_a_planted_effect_lies_in_its_interval_in_about_95_of_100_seeds(answered):
    """Everybody was sent a message, so both lives of everybody are known: arms are drawn again and again."""
    rows = ask(
        answered,
        f"""
        with purchases as (
            select distinct on (order_id) person, net_amount - cost_amount as margin, orders.ordered_at,
                planned_touch_id is not null as is_caused
            from orders
            join member_records using (system, member_id)
            left join caused_orders using (order_id)
            where status <> 'cancelled' and net_amount >= 0 and channel <> 'kiosk'
        )
        select
            sum(case when ordered_at >= timestamp '{FIRST} 16:00' and not is_caused then margin else 0 end),
            sum(case when is_caused then margin else 0 end),
            sum(case when ordered_at < timestamp '{FIRST} 16:00'
                and ordered_at >= timestamp '2025-09-28 16:00' then margin else 0 end)
        from persons
        left join purchases using (person)
        group by person
        order by person
        """,
    )
    alone, added, before = np.array(rows, dtype=float).T
    assert (added > 0).sum() > 50
    rng, inside = np.random.default_rng(17), 0
    for _ in range(RUNS):
        treated = rng.random(len(alone)) < 0.5
        control = arm_of("control", y=alone[~treated], x=before[~treated])
        contacted = arm_of("treated", y=(alone + added)[treated], x=before[treated])
        found = compare(control, contacted).interval(single_width(0.05))
        inside += found.lower <= added.mean() <= found.upper
    low, high = binom.interval(0.999, RUNS, 0.95)
    assert low <= inside <= high
