"""A delivery that is not as usual is shown by the command line and in Dagster, and makes no day due."""

from __future__ import annotations

from datetime import date

import pytest
from dagster import AssetCheckSeverity, AssetKey, Failure

from orchestration.loader import TableLoad
from orchestration.project import Home
from tests.e2e.delivered_by_hand import deliver_lines

DAY = date(2025, 12, 30)
MEMBERS = "system,member_id,registered_at\npos,a,2025-06-01\n"
BAD = (
    "order_id,system,member_id,channel,ordered_at,status,gross_amount,discount_amount,net_amount\n"
    + "".join(f"{number},pos,a,store,2025-12-30,gone,10.00,0,10.00\n" for number in range(3))
)


def test_orders_that_are_all_refused_are_told_with_exit_code_3_and_make_no_day_due(tiny):
    deliver_lines(Home(tiny.home), "orders", BAD, DAY)
    done = tiny.rekindle("load")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "chain.orders delivered=2025-12-30: All rows in quarantine: none of 3 rows" in done.stdout
    assert "status: not an allowed code" in done.stdout
    shown = tiny.rekindle("status").stdout
    assert "All rows in quarantine" in shown
    assert "Due: nothing (orders are delivered until 2025-12-28)" in shown


def test_a_home_whose_only_orders_were_refused_names_the_quarantine(tiny, tmp_path):
    empty = type(tiny)(tiny.project, tmp_path / "empty")
    for table, lines in {"members": MEMBERS, "orders": BAD}.items():
        deliver_lines(Home(empty.home), table, lines, DAY)
    shown = empty.rekindle("run")
    assert shown.returncode == 1
    assert "No order could be loaded: every row of chain.orders is in quarantine." in shown.stderr
    assert "rekindle quarantine --table chain.orders" in shown.stderr
    assert "All rows in quarantine" in shown.stdout
    assert "chain.orders      3     3" in shown.stdout


def test_the_check_of_a_loaded_table_warns_of_its_newest_delivery_alone():
    from orchestration.assets.loading import as_usual

    odd = TableLoad("chain", "orders", date(2025, 12, 27), "loaded", findings=("Empty delivery: no row",))
    usual = TableLoad("chain", "orders", date(2025, 12, 28), "loaded")
    found = as_usual(AssetKey(["chain", "orders"]), [usual, odd])
    assert (found.passed, found.severity) == (False, AssetCheckSeverity.WARN)
    assert found.metadata["not as usual"].value == "Empty delivery: no row"
    assert as_usual(AssetKey(["chain", "orders"]), [odd, usual]).passed
    assert as_usual(AssetKey(["chain", "orders"]), []).passed


@pytest.mark.parametrize(
    ("asked_by_a_sensor", "until", "is_refused"),
    [
        (True, date(2025, 12, 28), True),
        (True, None, True),
        (True, date(2025, 12, 29), False),
        (False, date(2025, 12, 28), False),
    ],
)
def test_a_day_that_loading_showed_to_have_no_orders_is_not_built_by_the_schedule(
    asked_by_a_sensor, until, is_refused
):
    from orchestration.assets.loading import refuse_no_longer_due

    tags = {"dagster/sensor_name": "due_as_of_dates"} if asked_by_a_sensor else {}
    if not is_refused:
        refuse_no_longer_due(tags, [date(2025, 12, 29)], until)
        return
    with pytest.raises(Failure, match="2025-12-29 is not due any more: no row of the orders"):
        refuse_no_longer_due(tags, [date(2025, 12, 29)], until)


def test_a_load_with_nothing_new_says_so_and_starts_no_run(tiny):
    assert tiny.rekindle("load").returncode == 0
    before = runs(tiny)
    done = tiny.rekindle("load")
    assert done.returncode == 0
    assert "Nothing new: all of it was loaded before" in done.stdout
    assert runs(tiny) == before
    deliver_lines(Home(tiny.home), "orders", BAD, DAY)
    assert "Nothing new" not in tiny.rekindle("load").stdout
    assert runs(tiny) > before


def runs(tiny):
    """When what Dagster keeps of runs was written."""
    return max(file.stat().st_mtime_ns for file in (tiny.home / "dagster").rglob("*.db"))
