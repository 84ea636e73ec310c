"""Fits of the purchase model: the sample they see, the versions that are kept."""

from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from orchestration.core.errors import RekindleError
from orchestration.core.purchase_models import Fit, FitImpossible, Histories, Model, Parameters
from orchestration.fits.churn_parameters import (
    FitSettings,
    add_version,
    dates_with_histories,
    fit_groups,
    fitted_dates,
    read_fit_settings,
    sampled_histories,
)
from orchestration.own_tables import provide_own_tables, schema_of
from orchestration.project import SEEDS_DIR, Home
from tests.drawn_shops import drawn_shop

EARLIER, DAY = date(2025, 11, 30), date(2025, 12, 28)
FOUND = Fit(Model.MBG_NBD, Parameters(1.0, 20.0, 0.5, 3.0), -123.5, 700)
SETTINGS = FitSettings(sample_members=500, minimum_members=50, minimum_group_members=200, refit_after_days=28)


@pytest.fixture
def warehouse(tmp_path):
    """300 members of one group and 30 of another, who bought once to four times; two who never did."""
    file = tmp_path / "rekindle.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema marts; create schema intermediate")
        connection.execute(
            f"""
            create table marts.member_activity as
            select unnest([date '{EARLIER}', date '{DAY}']) as as_of_date;
            create table intermediate.int_money_days as
            select member_key, date '{DAY}' - 200 + 30 * number::integer as booked_on, 1 as purchase_days,
                10 as net_amount, 0 as known_margin_amount, 0 as unknown_margins
            from range(330) as members(member_key), range(4) as purchases(number)
            where number <= member_key % 4
            union all
            select member_key, date '{DAY}' - 200, 0, -5, 0, 0 from range(330, 332) as refunded(member_key);
            create table intermediate.int_active_days as
            select member_key, if(member_key < 300, 'fast_moving', 'durable') as lifecycle_scope,
                booked_on as active_on, true as has_purchase, net_amount
            from intermediate.int_money_days where purchase_days > 0
            """
        )
    return file


def parameters_of(home):
    return pq.read_table(home.own_tables / "churn_parameters.parquet")


def test_a_home_without_a_fit_has_an_empty_typed_table(home):
    provide_own_tables(home)
    assert parameters_of(home).schema.equals(schema_of("churn_parameters"))
    assert parameters_of(home).num_rows == 0
    assert fitted_dates(home) == set()


def test_a_table_with_fits_is_left_alone(home):
    add_version(home, DAY, {"all": FOUND})
    provide_own_tables(home)
    assert fitted_dates(home) == {DAY}


def test_a_new_version_keeps_every_former_row(home):
    add_version(home, EARLIER, {"all": FOUND, "durable": FOUND})
    before = parameters_of(home).to_pylist()
    assert add_version(home, DAY, {"all": FOUND}) == "mbg_nbd-2025-12-28"
    after = parameters_of(home).to_pylist()
    assert after[:2] == before
    assert after[2] == {
        "version": "mbg_nbd-2025-12-28",
        "fitted_on": DAY,
        "category_group": "all",
        "model": "mbg_nbd",
        "r": 1.0,
        "alpha": 20.0,
        "a": 0.5,
        "b": 3.0,
        "log_likelihood": -123.5,
        "members": 700,
    }


def test_a_version_is_never_rewritten(home):
    add_version(home, DAY, {"all": FOUND})
    before = parameters_of(home)
    with pytest.raises(RekindleError, match="2025-12-28"):
        add_version(home, DAY, {"all": Fit(Model.MBG_NBD, Parameters(9, 9, 9, 9), -1.0, 1)})
    assert parameters_of(home).equals(before)


def test_histories_are_counted_and_hold_only_members_who_bought(warehouse):
    found = sampled_histories(warehouse, DAY, 500)
    assert {group: histories.members.sum() for group, histories in found.items()} == {
        "all": 330,
        "fast_moving": 300,
        "durable": 30,
    }
    assert found["fast_moving"].repeats.tolist() == [0, 1, 2, 3]
    assert found["fast_moving"].last.tolist() == [0, 30, 60, 90]
    assert set(found["fast_moving"].age.tolist()) == {200}
    assert found["fast_moving"].members.tolist() == [75, 75, 75, 75]


def test_a_sample_is_the_same_each_time_and_not_larger_than_asked(warehouse):
    first, second = (sampled_histories(warehouse, DAY, 100) for _ in range(2))
    assert first["all"].members.sum() == first["fast_moving"].members.sum() == 100
    assert first["durable"].members.sum() == 30
    assert all(np.array_equal(first[group].members, second[group].members) for group in first)


def test_what_happened_after_the_date_is_not_seen(warehouse):
    before = sampled_histories(warehouse, EARLIER, 500)["all"]
    for day in (EARLIER + timedelta(days=1), EARLIER):
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(
                "insert into intermediate.int_money_days "
                f"select member_key, date '{day}', 1, 10, 0, 0 from range(330) as members(member_key)"
            )
        after = sampled_histories(warehouse, EARLIER, 500)["all"]
        assert np.array_equal(before.repeats + (day == EARLIER), after.repeats)


def test_histories_are_those_of_any_day_not_only_of_as_of_dates(warehouse):
    [on_day], [between] = (
        {tuple(np.unique(of["all"].age))}
        for of in (
            sampled_histories(warehouse, DAY, 500),
            sampled_histories(warehouse, EARLIER + timedelta(days=5), 500),
        )
    )
    assert (on_day, between) == ((200.0,), (177.0,))


@pytest.mark.parametrize(("refunded", "buyers"), [(9.99, 330), (10, 247)])
def test_who_was_refunded_everything_is_no_buyer(warehouse, refunded, buyers):
    """Who bought once, 83 members, gets nearly all or all of it back."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "alter table intermediate.int_money_days alter net_amount type decimal(18, 2); "
            "insert into intermediate.int_money_days "
            f"select member_key, date '{EARLIER}', 0, -{refunded}, 0, 0 "
            "from range(0, 330, 4) as members(member_key)"
        )
    assert sampled_histories(warehouse, EARLIER, 500)["all"].members.sum() == buyers


def test_a_small_group_has_no_fit_of_its_own():
    everybody, durable = (drawn_shop(3, members=members) for members in (330, 199))
    said: list[str] = []
    fits = fit_groups({"all": everybody, "fast_moving": everybody, "durable": durable}, SETTINGS, said)
    assert set(fits) == {"all", "fast_moving"}
    assert fits["all"].members == 330
    assert said == []


def test_a_shop_whose_buyers_are_all_alike_has_a_fit_and_is_told_what_decided():
    alike = Histories.of(np.arange(400) % 2, 20 * (np.arange(400) % 2), np.full(400, 40))
    said: list[str] = []
    fits = fit_groups({"all": alike, "durable": alike}, SETTINGS, said)
    assert fits["all"].has_prior
    assert "durable" not in fits
    assert [message.split(":")[0] for message in said] == ["everybody", "durable"]
    assert "a weak prior decides" in said[0]
    assert "everybody's fit stands in" in said[1]


def test_too_few_members_are_not_fitted():
    few = {"all": Histories.of([1, 0], [5, 0], [9, 9])}
    with pytest.raises(FitImpossible, match=r"2 members have bought; a fit needs 50"):
        fit_groups(few, SETTINGS)
    with pytest.raises(FitImpossible, match="0 members"):
        fit_groups({}, SETTINGS)


def test_where_there_is_no_warehouse_there_are_no_dates(tmp_path):
    assert dates_with_histories(Home(tmp_path).published_file) == []


def test_the_dates_are_those_with_histories(warehouse):
    assert dates_with_histories(warehouse) == [EARLIER, DAY]


def test_a_warehouse_without_histories_has_no_dates(tmp_path):
    duckdb.connect(str(tmp_path / "rekindle.duckdb")).close()
    assert dates_with_histories(tmp_path / "rekindle.duckdb") == []


def test_the_settings_are_the_seeds(tmp_path):
    (tmp_path / "churn").mkdir()
    delivered = (SEEDS_DIR / "churn" / "churn_settings.csv").read_text(encoding="utf-8")
    fewer = delivered.replace("\nfit_sample_members,3000,", "\nfit_sample_members,1500,")
    (tmp_path / "churn" / "churn_settings.csv").write_text(fewer, encoding="utf-8")
    assert read_fit_settings() == FitSettings(3000, 200, 1000, 28)
    assert read_fit_settings(tmp_path) == FitSettings(1500, 200, 1000, 28)
