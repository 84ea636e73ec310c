"""Orders of any year: what is built by default is the last day that can be true, and odd orders are named."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from orchestration.project import Home
from orchestration.readers.deliveries import OrderDays, order_days
from orchestration.readers.due import business_today, published_dates
from orchestration.warehouse.versions import current_version
from tests.built import load_chain
from tests.e2e.delivered_by_hand import deliver_lines
from tests.orchestration.conftest import MEMBERS, ORDERS, Tiny

TODAY = date(2026, 1, 15)
HEAD = "order_id,system,member_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount\n"


def orders(*moments):
    return [
        ORDERS[0] | {"order_id": number, "ordered_at": moment, "net_amount": Decimal("10.00")}
        for number, moment in enumerate(moments, 1)
    ]


def lines(**moments):
    return HEAD + "".join(
        f"{number.strip('_')},pos,M1,store,{moment},completed,10,0,10\n" for number, moment in moments.items()
    )


@pytest.fixture
def fresh(tiny, tmp_path):
    """The tiny project with an empty home."""
    return Tiny(tiny.project, tmp_path / "fresh")


@pytest.mark.parametrize(
    ("delivered_on", "moments", "as_of", "named"),
    [
        ("2011-12-09", [datetime(2011, 12, 9, 2)], "2011-12-09", None),
        pytest.param("1970-01-02", [datetime(1970, 1, 2, 2)], "1970-01-02", None, marks=pytest.mark.slow),
        (
            "2025-12-28",
            [datetime(1, 1, 1), datetime(2025, 12, 20), datetime(2025, 12, 30, 2), datetime(2045, 12, 20)],
            "2025-12-20",
            "pos 3 of 2025-12-30",
        ),
    ],
)
def test_a_run_is_for_the_last_day_that_can_be_true(fresh, delivered_on, moments, as_of, named):
    fresh.deliver("members", delivered_on, MEMBERS)
    fresh.deliver("orders", delivered_on, orders(*moments))
    done = fresh.rekindle("run", "--weeks", "1")
    assert done.returncode == 0, done.stderr
    assert current_version(Home(fresh.home)).startswith(f"{as_of}-")
    assert ("dated after the day of delivery" in done.stdout) is bool(named)
    assert f"chain.orders {named}" in done.stdout or not named
    assert done.stdout.count("dated after the day") == fresh.rekindle("status").stdout.count(
        "dated after the day"
    )


def test_an_order_of_today_can_be_looked_at_today_and_the_day_stays_due(fresh):
    today = business_today()
    fresh.deliver("members", str(today), MEMBERS)
    fresh.deliver("orders", str(today), orders(datetime(today.year, today.month, today.day)))
    done = fresh.rekindle("run", "--weeks", "0")
    assert done.returncode == 0, done.stderr
    assert current_version(Home(fresh.home)).startswith(f"{today}-")
    assert published_dates(Home(fresh.home)) == set()


@pytest.mark.parametrize("asked", ["0001-01-01", "1969-12-31", "tomorrow", "9999-12-31"])
def test_a_day_that_there_cannot_be_is_refused_with_those_that_can(tiny, asked):
    today = business_today()
    refused = tiny.rekindle("run", "--as-of", str(today + timedelta(1)) if asked == "tomorrow" else asked)
    assert refused.returncode == 2
    assert f"possible are 1970-01-01 to {today}" in refused.stderr
    assert "Dagster" not in refused.stderr


@pytest.mark.parametrize(
    ("moment", "is_later"),
    [("2025-12-28 15:59:59", False), ("2025-12-28 16:00:00", True), ("2025-12-28 16:00:01", True)],
)
def test_an_order_may_be_of_the_day_of_its_delivery_to_the_last_second_in_the_business_zone(
    tmp_path, moment, is_later
):
    home = Home(tmp_path)
    deliver_lines(home, "members", "system,member_id,registered_at\npos,M1,2025-01-01\n", date(2025, 12, 28))
    deliver_lines(home, "orders", lines(_1="2025-12-01 04:00:00", _2=moment), date(2025, 12, 28))
    load_chain(home)
    found = order_days(home, TODAY)
    assert found.last == (date(2025, 12, 1) if is_later else date(2025, 12, 28))
    assert found.later == is_later


def test_an_order_delivered_again_with_another_date_is_named_no_more(tmp_path):
    home = Home(tmp_path)
    deliver_lines(home, "members", "system,member_id,registered_at\npos,M1,2025-01-01\n", date(2025, 12, 27))
    deliver_lines(
        home, "orders", lines(_1="2025-12-01 04:00:00", _2="2025-12-29 04:00:00"), date(2025, 12, 27)
    )
    load_chain(home)
    assert order_days(home, TODAY) == OrderDays(date(2025, 12, 1), 1, ("chain.orders pos 2 of 2025-12-29",))
    deliver_lines(home, "orders", lines(_2="2025-12-02 04:00:00"), date(2025, 12, 28))
    load_chain(home)
    assert order_days(home, TODAY) == OrderDays(date(2025, 12, 2))


def test_an_order_that_a_whole_table_lacks_is_named_no_more(tmp_path):
    home = Home(tmp_path)
    deliver_lines(home, "members", "system,member_id,registered_at\npos,M1,2025-01-01\n", date(2025, 12, 27))
    deliver_lines(
        home, "orders", lines(_1="2025-12-01 04:00:00", _2="2045-01-01 04:00:00"), date(2025, 12, 27)
    )
    deliver_lines(home, "orders", lines(_1="2025-11-01 04:00:00"), date(2025, 12, 28), is_whole=True)
    load_chain(home)
    assert order_days(home, TODAY) == OrderDays(date(2025, 11, 1))


def test_a_delivery_dated_ahead_reaches_no_further_than_today(tmp_path):
    home = Home(tmp_path)
    deliver_lines(home, "members", "system,member_id,registered_at\npos,M1,2025-01-01\n", date(2045, 1, 1))
    deliver_lines(home, "orders", lines(_1="2026-01-15 15:59:59", _2="2026-01-15 16:00:00"), date(2045, 1, 1))
    load_chain(home)
    assert order_days(home, TODAY) == OrderDays(TODAY, 1, ("chain.orders pos 2 of 2026-01-16",))
