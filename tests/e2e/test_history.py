"""Days one after another: each takes over what was told before, and is what a build from nothing is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestration.core.calendar import as_of_dates_for
from orchestration.warehouse.history import History, continued, whole_history
from tests.built import UNTIL, quick_build, same_facts, set_sources, table_text

WEEKS = 16
# Sundays, and two days in the middle of a week.
DAYS = [UNTIL - timedelta(days=days) for days in (28, 25, 21, 14, 7, 6, 0)]
COMPARED = {DAYS[1], DAYS[3], DAYS[5], DAYS[6]}
DESCRIBE_THE_BUILD = {"dim_as_of_date", "stg_rekindle__builds"}
AFTER_THE_OLDEST = "as_of_date > (select min(as_of_date) from core.dim_as_of_date)"
# What a table knows of more dates than a build from nothing: the condition for rows that both have.
FURTHER_BACK = {
    "fct_offer_hit_rate": "as_of_date in (select as_of_date from intermediate.int_offers__dates)",
    "fct_rfm_cut_point": "as_of_date in (select as_of_date from core.dim_as_of_date where is_newest)",
    # Of products a build from nothing knows two dates, so nothing of a week before.
    "fct_tag_coverage": f"subject = 'member' and {AFTER_THE_OLDEST}",
    "fct_churn_lead_time": AFTER_THE_OLDEST,
    "fct_churn_drift": "is_newest",
}
# Whoever was warned on the oldest date may have been before it, and periods began before it.
REACH_BACK = {"fct_churn_lead_time": {"lead_days", "lead_days_total"}}
# Where members were a week before is as it was told.
FROM_TOLD_DATES = {"srv_lifecycle_flow", *FURTHER_BACK}


@pytest.fixture(scope="module")
def public(chain):
    return [
        (
            model["schema"],
            model["name"],
            sorted(model["columns"]),
            model["config"]["meta"].get("keeps") == "newest",
        )
        for model in chain.models
        if model["config"]["meta"].get("public") and model["name"] not in DESCRIBE_THE_BUILD
    ]


def text_of(connection, room, name, columns, keeps_newest):
    shown = [column for column in columns if column not in REACH_BACK.get(name, set()) | {"build_id"}]
    rows = "as_of_date >= getvariable('newest')" if keeps_newest else FURTHER_BACK.get(name, "true")
    return table_text(connection, f"select {', '.join(shown)} from {room}.{name} where {rows}")


def next_day(chain, folder, home, day, history, former):
    dates = as_of_dates_for(day, WEEKS)
    build_id = f"{day}-told"
    told = (
        History(continued(history.dates, dates, build_id))
        if history
        else whole_history(dates, build_id, "no version tells of it")
    )
    return quick_build(chain, folder, home, dates, history=told, former=former), told


@pytest.mark.slow
def test_each_day_is_what_a_build_from_nothing_makes_of_it(chain, public, tmp_path):
    home = same_facts(chain.home, tmp_path / "home")
    history = former = None
    for day in DAYS:
        folder = tmp_path / f"{day}"
        connection, history = next_day(chain, folder, home, day, history, former)
        former = folder
        with connection:
            if day not in COMPARED:
                continue
            assert len(history.computed) < 5, history.computed
            from_nothing = quick_build(chain, tmp_path / f"whole {day}", home, as_of_dates_for(day, WEEKS))
            with from_nothing:
                for each in (connection, from_nothing):
                    each.execute(f"set variable newest = date '{day}'")
                differing = [
                    name
                    for room, name, *rest in public
                    if text_of(connection, room, name, *rest) != text_of(from_nothing, room, name, *rest)
                ]
            assert differing == [], f"as of {day}"


@pytest.mark.slow
def test_what_comes_late_changes_the_newest_date_and_nothing_that_was_told(chain, public, tmp_path):
    in_time = same_facts(chain.home, tmp_path / "in time")
    late = same_facts(chain.home, tmp_path / "late")
    leave_out_orders_of_the_last_days(chain, late, DAYS[4])
    connection, history = next_day(chain, tmp_path / "first", late, DAYS[4], None, None)
    with connection:
        told = table_text(connection, "from marts.member_history")
    connection, _ = next_day(chain, tmp_path / "second", in_time, DAYS[6], history, tmp_path / "first")
    from_nothing = quick_build(chain, tmp_path / "whole", in_time, as_of_dates_for(DAYS[6], WEEKS))
    oldest = as_of_dates_for(DAYS[6], WEEKS)[0]
    dates_of_both = f"where as_of_date between date '{oldest}' and date '{DAYS[4]}'"
    with connection, from_nothing:
        carried, made_anew = (
            table_text(each, f"from marts.member_history {dates_of_both}")
            for each in (connection, from_nothing)
        )
        assert set(carried.splitlines()) <= set(told.splitlines())
        assert carried != made_anew, "the late orders change nothing, so this proves nothing"
        of_today = f"where as_of_date = date '{DAYS[6]}'"
        for room, name, columns, _ in public:
            if "as_of_date" not in columns or name in FROM_TOLD_DATES:
                continue
            today, anew = (
                table_text(each, f"select {', '.join(columns)} from {room}.{name} {of_today}")
                for each in (connection, from_nothing)
            )
            assert today == anew, name


def leave_out_orders_of_the_last_days(chain, home, day):
    """Rewrite the loaded orders as if half of ten days were not delivered yet."""
    original = chain.home.loaded / "chain"
    (home.loaded / "chain").unlink()
    with chain.open() as connection:
        set_sources(connection, chain.home, chain.build.folder)
        for table in original.iterdir():
            if table.name not in {"orders", "order_items"}:
                (home.loaded / "chain").mkdir(exist_ok=True)
                (home.loaded / "chain" / table.name).symlink_to(table)
                continue
            folder = home.loaded / "chain" / table.name / "chain" / "delivered=2025-12-28" / "month=all"
            folder.mkdir(parents=True)
            connection.execute(
                f"copy (select * from read_parquet('{table}/*/*/*/*.parquet', hive_partitioning = false) "
                f"where not (ordered_at between timestamp '{day - timedelta(days=9)}' "
                f"and timestamp '{day}' + interval 1 day and hash(order_id) % 2 = 0)) "
                f"to '{folder}/part-0.parquet' (format parquet)"
            )
