"""Who is held out, what an episode is and what came of it, against a second opinion in plain Python."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest

from orchestration.core.arms import draw
from tests.built import SUNDAYS, UNTIL, quick_build, same_facts, table_text
from tests.e2e.oracle import setting_values

WEEKS = 17
GRID = [UNTIL - timedelta(weeks=weeks) for weeks in range(WEEKS, -1, -1)]
RULES = setting_values("churn/churn_settings.csv")
# With all that they read, orders and refunds among it.
ABOUT_WARNINGS = ("fct_warning_episode", "fct_warning_outcome")
QUIET, HORIZON = timedelta(days=int(RULES["quiet_days"])), timedelta(days=28)


@pytest.fixture(scope="module")
def warehouse(chain, tmp_path_factory):
    folder = tmp_path_factory.mktemp("follow_up")
    home = same_facts(chain.home, folder / "home")
    with quick_build(chain, folder, home, GRID, wanted=ABOUT_WARNINGS) as connection:
        yield connection


def rows(connection, query):
    return connection.execute(query).fetchall()


def test_held_out_is_who_md5_says(chain):
    with chain.open() as connection:
        warned = rows(connection, "select distinct member_key, is_held_out from marts.member_churn_warning")
    share = float(RULES["held_out_share"])

    assert dict(warned) == {key: draw(RULES["held_out_salt"], str(key)) < share for key, _ in warned}
    assert 0.05 < sum(held for _, held in warned) / len(warned) < 0.15


def test_held_out_members_are_warned_and_no_campaign_that_answers_warnings_takes_them(chain):
    answering = (
        "('repair_call', 'high_risk_call', 'medium_risk_benefit', 'low_risk_content', 'no_login_win_back')"
    )
    held_out = "member_key in (select member_key from marts.member_churn_warning where is_held_out)"
    with chain.open() as connection:
        found = {
            table: rows(
                connection,
                f"select count(*), count(case when {held_out} then 1 end) from audiences.{table} "
                f"where campaign in {answering} and {condition}",
            )[0]
            for table, condition in {
                "aud_decisions": "drop_reason is distinct from 'warning_held_out'",
                "aud_planned_touches": "true",
                "aud_call_queue": "true",
            }.items()
        }
        reasons = rows(
            connection,
            "select distinct drop_reason from audiences.aud_decisions "
            f"where campaign in {answering} and {held_out}",
        )

    assert all(listed > 0 for listed, _ in found.values())
    assert [found["aud_planned_touches"][1], found["aud_call_queue"][1]] == [0, 0]
    # Of two reasons the first is given.
    assert {("warning_held_out",)} <= set(reasons) <= {("warning_held_out",), ("global_holdout",)}


def episodes_of(warned_on):
    """Beginnings of the episodes of one member, with whether four Sundays before them are on the grid."""
    before = None
    for day in sorted(warned_on):
        if before is None or before + QUIET < day:
            yield day, day - QUIET >= GRID[0]
        before = day


def test_episodes_begin_after_quiet_sundays(warehouse):
    warned = defaultdict(set)
    for key, day in rows(warehouse, "select member_key, as_of_date from marts.member_churn_warning"):
        warned[key].add(day)
    expected = {(key, day, known) for key, days in warned.items() for day, known in episodes_of(days)}

    found = rows(warehouse, "select member_key, started_on, is_start_known from marts.fct_warning_episode")
    assert set(found) == expected
    assert {known for *_, known in found} == {True, False}


def test_outcomes_are_what_orders_and_refunds_say(warehouse):
    money, bought = defaultdict(dict), defaultdict(set)
    for key, day, amount in rows(
        warehouse,
        "select member_key, ordered_on, sum(net_amount) from core.fct_order "
        "where is_purchase and member_key is not null group by all",
    ):
        money[key][day] = amount
        bought[key].add(day)
    for key, day, amount in rows(
        warehouse,
        "select member_key, refunded_on, sum(refunded_amount) from core.fct_refund "
        "where member_key is not null group by all",
    ):
        money[key][day] = money[key].get(day, Decimal(0)) - amount
    expected = {
        (key, start): (
            any(start < day <= start + HORIZON for day in bought[key]),
            sum((amount for day, amount in money[key].items() if start < day <= start + HORIZON), Decimal(0)),
        )
        for key, start in rows(
            warehouse,
            "select member_key, started_on from marts.fct_warning_episode where is_start_known "
            f"and started_on + 28 <= date '{UNTIL}'",
        )
    }
    found = {
        (key, start): (returned, amount)
        for key, start, returned, amount in rows(
            warehouse,
            "select member_key, started_on, is_returned, net_amount from marts.fct_warning_outcome "
            "where horizon_days = 28",
        )
    }
    assert found == expected
    assert {returned for returned, _ in found.values()} == {True, False}


@pytest.mark.parametrize("part", ["episode", "outcome"])
def test_the_parts_compared_below_have_rows(warehouse, part):
    assert len(rows(warehouse, told(part))) > 20


def told(part, since=GRID[5] + QUIET):
    """What is shown of episodes whose beginning a history from the sixth Sunday on knows."""
    columns = {
        "episode": "churn_level, main_signal, is_held_out, answered_on, answer, returned_on",
        "outcome": "horizon_days, is_answered, is_returned, net_amount, margin_amount",
    }
    return (
        f"select member_key, started_on, {columns[part]} from marts.fct_warning_{part} "
        f"where started_on >= date '{since}'"
    )


def test_episodes_do_not_depend_on_how_far_back_a_build_goes(chain, warehouse, tmp_path):
    home = same_facts(chain.home, tmp_path / "home")
    with quick_build(chain, tmp_path, home, GRID[5:], wanted=ABOUT_WARNINGS) as shorter:
        for part in ("episode", "outcome"):
            assert table_text(shorter, told(part)) == table_text(warehouse, told(part))


def test_performance_of_a_signal_depends_on_its_own_date_only(chain, tmp_path):
    query = f"select * from marts.fct_churn_signal_performance where as_of_date = date '{SUNDAYS[0]}'"
    with chain.open() as connection:
        among_many = table_text(connection, query)
    home = same_facts(chain.home, tmp_path / "home")
    wanted = ["fct_churn_signal_performance"]
    with quick_build(chain, tmp_path, home, [SUNDAYS[0], UNTIL], wanted=wanted) as connection:
        alone = table_text(connection, query)

    assert among_many.count("\n") > 5
    assert alone == among_many
