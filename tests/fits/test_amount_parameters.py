"""Fits of what a purchase is worth: the sample they see, what is left out, the versions that are kept."""

from datetime import date

import duckdb
import numpy as np
import pytest

from orchestration.core.errors import RekindleError
from orchestration.core.purchase_models import Fit, FitImpossible, Model, Parameters, ValueParameters
from orchestration.fits.amount_parameters import (
    AMOUNT_FITS,
    add_amounts,
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
            create table intermediate.int_member_days as
            select key as member_key, date '{DAY}' as activity_on, date '9999-12-31' as next_on,
                bought as purchase_days, amount::decimal(18, 2) as net_amount,
                if(key < 800, (amount / 4)::decimal(18, 2), 0) as known_margin_amount,
                if(key < 800, 0, 1) as unknown_margins
            from drawn;
            create table intermediate.int_member_category_days as
            select member_key, activity_on, next_on, activity_on as last_purchase_on, net_amount,
                if(member_key < 800, 'fast_moving', 'durable') as category_group
            from intermediate.int_member_days
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
