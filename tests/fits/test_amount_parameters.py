"""Fits of what a purchase is worth: the sample they see, what is left out, the versions that are kept."""

from datetime import date, timedelta

import duckdb
import numpy as np
import pytest

from orchestration.core.errors import RekindleError
from orchestration.core.purchase_forecast import expected_purchases
from orchestration.core.purchase_models import (
    Fit,
    FitImpossible,
    Histories,
    Model,
    Parameters,
    ValueParameters,
    expected_value,
)
from orchestration.fits.amount_parameters import (
    AMOUNT_FITS,
    add_amounts,
    came_shares,
    dates_without_amounts,
    fit_amounts,
    sampled_amounts,
)
from orchestration.fits.churn_parameters import FitSettings, add_version
from orchestration.own_tables import read_own_table

EARLIER, DAY = date(2025, 11, 30), date(2025, 12, 28)
PURCHASES = Fit(Model.MBG_NBD, Parameters(1.0, 20.0, 0.5, 3.0), -123.5, 700)
FOUND = {
    ("all", "margin"): (ValueParameters(4.0, 3.0, 10.0), 650),
    ("all", "net_amount"): (ValueParameters(6.0, 4.0, 15.0), 700),
}
SETTINGS = FitSettings(sample_members=900, minimum_members=50, minimum_group_members=600, refit_after_days=28)


@pytest.fixture
def warehouse(tmp_path):
    """800 buyers of one group and 100 of another, whose costs are unknown; and one whose refunds ate all."""
    rng = np.random.default_rng(3)
    bought = rng.integers(1, 9, 901)
    scales = rng.gamma(4.0, 1 / 15.0, 901)
    amounts = rng.gamma(6.0 * bought, 1 / scales).round(2)
    amounts[900] = 0
    file = tmp_path / "rekindle.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.register("drawn", {"key": np.arange(901), "bought": bought, "amount": amounts})
        connection.execute("create schema intermediate")
        connection.execute(
            f"""
            create table intermediate.int_money_days as
            select key as member_key, date '{DAY}' as booked_on, bought as purchase_days,
                amount::decimal(18, 2) as net_amount,
                if(key < 800, (amount / 4)::decimal(18, 2), 0) as known_margin_amount,
                if(key < 800, 0, 1) as unknown_margins
            from drawn;
            create table intermediate.int_active_days as
            select member_key, if(member_key < 800, 'fast_moving', 'durable') as lifecycle_scope,
                booked_on as active_on, true as has_purchase, net_amount
            from intermediate.int_money_days
            """
        )
    return file


def test_amounts_are_those_of_members_with_some(warehouse):
    found = sampled_amounts(warehouse, DAY, 900)
    assert {key: purchases.size for key, (purchases, _) in found.items()} == {
        ("all", "margin"): 800,
        ("all", "net_amount"): 900,
        ("durable", "net_amount"): 100,
        ("fast_moving", "margin"): 800,
        ("fast_moving", "net_amount"): 800,
    }
    purchases, averages = found["all", "net_amount"]
    assert purchases.min() >= 1
    assert averages.min() > 0


def test_a_sample_is_not_larger_than_asked(warehouse):
    assert {purchases.size for purchases, _ in sampled_amounts(warehouse, DAY, 70).values()} == {70}


def test_a_fit_finds_what_was_drawn_and_small_groups_have_none(warehouse):
    fits = fit_amounts(sampled_amounts(warehouse, DAY, 900), SETTINGS)
    assert sorted(fits) == [
        ("all", "margin"), ("all", "net_amount"), ("fast_moving", "margin"), ("fast_moving", "net_amount"),
    ]  # fmt: skip
    found, members = fits["all", "net_amount"]
    assert members == 900
    # Averages say little about p; they say what a purchase is worth.
    assert found.p * found.gamma / (found.q - 1) == pytest.approx(6.0 * 15.0 / (4.0 - 1), rel=0.1)
    assert found.q == pytest.approx(4.0, rel=0.25)
    # A quarter of the money has the same shapes and a quarter of the scale.
    margin, _ = fits["fast_moving", "margin"]
    net, _ = fits["fast_moving", "net_amount"]
    assert (margin.p, margin.q, 4 * margin.gamma) == pytest.approx((net.p, net.q, net.gamma), rel=0.02)


def test_a_shop_that_does_not_know_its_costs_is_fitted_on_net_amounts_alone(warehouse):
    amounts = {key: of for key, of in sampled_amounts(warehouse, DAY, 900).items() if key[1] == "net_amount"}
    assert {basis for _, basis in fit_amounts(amounts, SETTINGS)} == {"net_amount"}


def test_too_few_members_are_not_fitted(warehouse):
    few = FitSettings(sample_members=900, minimum_members=901, minimum_group_members=901, refit_after_days=28)
    with pytest.raises(FitImpossible, match=r"900 members .* needs 901"):
        fit_amounts(sampled_amounts(warehouse, DAY, 900), few)
    with pytest.raises(FitImpossible, match="0 members"):
        fit_amounts({}, few)


def test_amounts_go_with_a_purchase_fit_and_groups_without_get_everybodys(home):
    add_version(home, DAY, {"all": PURCHASES, "durable": PURCHASES, "fast_moving": PURCHASES})
    assert dates_without_amounts(home) == [DAY]
    own = {("fast_moving", "margin"): (ValueParameters(5.0, 3.0, 9.0), 600)}
    assert add_amounts(home, DAY, FOUND | own) == f"mbg_nbd-{DAY}"
    rows = read_own_table(home, AMOUNT_FITS)
    assert {(row["category_group"], row["basis"]): (row["p"], row["members"]) for row in rows} == {
        ("all", "margin"): (4.0, 650),
        ("all", "net_amount"): (6.0, 700),
        ("durable", "margin"): (4.0, 650),
        ("durable", "net_amount"): (6.0, 700),
        ("fast_moving", "margin"): (5.0, 600),
        ("fast_moving", "net_amount"): (6.0, 700),
    }
    assert dates_without_amounts(home) == []


def test_a_basis_that_everybody_lacks_is_left_out(home):
    add_version(home, DAY, {"all": PURCHASES, "fast_moving": PURCHASES})
    margin = {("fast_moving", "margin"): (ValueParameters(5.0, 3.0, 9.0), 600)}
    add_amounts(home, DAY, {("all", "net_amount"): FOUND["all", "net_amount"]} | margin)
    rows = read_own_table(home, AMOUNT_FITS)
    assert {(row["category_group"], row["basis"]) for row in rows} == {
        ("all", "net_amount"), ("fast_moving", "net_amount"),
    }  # fmt: skip


def test_amounts_are_added_and_never_rewritten(home):
    for day in (EARLIER, DAY):
        add_version(home, day, {"all": PURCHASES})
    add_amounts(home, EARLIER, FOUND)
    before = read_own_table(home, AMOUNT_FITS)
    add_amounts(home, DAY, FOUND)
    assert read_own_table(home, AMOUNT_FITS)[: len(before)] == before
    with pytest.raises(RekindleError, match="2025-12-28"):
        add_amounts(home, DAY, FOUND)


def test_no_amounts_without_a_purchase_fit(home):
    with pytest.raises(RekindleError, match="there is no purchase fit"):
        add_amounts(home, DAY, FOUND)


YEAR_BEFORE = DAY - timedelta(days=365)
WORTH = {
    ("all", "margin"): (ValueParameters(4.0, 3.0, 10.0), 1),
    ("all", "net_amount"): FOUND["all", "net_amount"],
}


def year_of(tmp_path, members, share, unknown_from=None):
    """Members with two purchase days a year ago, of whose expectation about a share came since."""
    dice = np.random.default_rng(6)
    expected = {
        basis: expected_purchases(Model.MBG_NBD, PURCHASES.parameters, Histories.of([1], [50], [100]), 365)[0]
        * expected_value(WORTH["all", basis][0], np.array([2.0]), np.array([amount / 2]))[0]
        for basis, amount in (("net_amount", 60.0), ("margin", 20.0))
    }
    came = share * 2 * dice.random(members)
    file = tmp_path / f"{members}.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.register("drawn", {"key": np.arange(members), "came": came})
        connection.execute("create schema intermediate")
        connection.execute(
            f"""
            create table intermediate.int_money_days as
            select key as member_key, date '{YEAR_BEFORE}' - ago as booked_on, 1 as purchase_days,
                30::decimal(18, 2) as net_amount, 10::decimal(18, 2) as known_margin_amount,
                0 as unknown_margins
            from drawn, (values (100), (50)) as purchases(ago)
            union all
            select key, date '{DAY}', 1, (came * {expected["net_amount"]})::decimal(18, 2),
                (came * {expected["margin"]})::decimal(18, 2),
                if(key >= {members if unknown_from is None else unknown_from}, 1, 0)
            from drawn;
            create table intermediate.int_active_days as
            select member_key, 'durable' as lifecycle_scope, booked_on as active_on, true as has_purchase,
                net_amount
            from intermediate.int_money_days
            """
        )
    return file


def shares_of(warehouse):
    return came_shares(warehouse, DAY, 365, {"all": PURCHASES.parameters}, WORTH, SETTINGS)


@pytest.mark.parametrize("share", [0.5, 1.4])
def test_what_came_of_a_year_is_found_on_each_basis(tmp_path, share):
    assert shares_of(year_of(tmp_path, 600, share)) == {
        "net_amount": pytest.approx(share, rel=0.05),
        "margin": pytest.approx(share, rel=0.05),
    }


@pytest.mark.parametrize(("known", "bases"), [(50, {"margin", "net_amount"}), (49, {"net_amount"})])
def test_a_basis_known_of_too_few_a_year_before_has_no_share(tmp_path, known, bases):
    assert set(shares_of(year_of(tmp_path, 80, 0.5, unknown_from=known))) == bases


def test_a_shop_younger_than_the_year_has_none(tmp_path):
    young = year_of(tmp_path, 600, 0.5)
    assert came_shares(young, YEAR_BEFORE, 365, {"all": PURCHASES.parameters}, WORTH, SETTINGS) == {}


def test_shares_are_kept_with_the_amounts_and_are_1_where_they_are_not_known(home):
    add_version(home, DAY, {"all": PURCHASES})
    add_amounts(home, DAY, FOUND, {"net_amount": 0.8})
    kept = {row["basis"]: row["came_share"] for row in read_own_table(home, AMOUNT_FITS)}
    assert kept == {"net_amount": 0.8, "margin": 1.0}
