"""Fits of what a purchase is worth: the amounts they are fitted on, and the table that keeps every one.

Belongs here: reading a sample of average amounts from a warehouse, fitting it, adding it to a purchase fit.
Does not: the likelihood (core.purchase_models), when a fit is due (core.due), scoring members (dbt).
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from orchestration.core.errors import RekindleError
from orchestration.core.purchase_forecast import came_share, expected_purchases
from orchestration.core.purchase_models import (
    FitImpossible,
    Histories,
    Model,
    Numbers,
    Parameters,
    ValueParameters,
    expected_value,
    fit_value,
)
from orchestration.definitions_files.variables import project_variables
from orchestration.fits.churn_parameters import (
    BOUGHT_BY,
    EVERYBODY,
    PURCHASE_FITS,
    FitSettings,
    sampled_groups,
)
from orchestration.own_tables import add_rows, read_own_table
from orchestration.project import DBT_PROJECT_DIR, Home
from orchestration.warehouse.connections import connect_read_only

AMOUNT_FITS = "amount_parameters"
"""The table that keeps every fit of amounts."""
Group = tuple[str, str]
"""Category group and basis: margin, or net_amount for members whose margin is unknown."""
Fits = dict[Group, tuple[ValueParameters, int]]
# As for the purchase model, members are drawn by their keys, so the same warehouse gives the same fit.
_SAMPLE = (
    BOUGHT_BY
    + """
    based as (
        select category_group, purchase_days, draw, 'net_amount' as basis, net_amount as amount from bought
        union all
        select category_group, purchase_days, draw, 'margin', margin_amount from bought
    ),
    grouped as (
        from based where amount > 0
        union all by name
        select * replace ($everybody as category_group) from based where amount > 0
    )
    select category_group, basis, purchase_days, cast(amount as double) / purchase_days as average
    from grouped
    qualify row_number() over (partition by category_group, basis order by draw) <= $members
    order by all
"""
)


# What the same members' totals were a while later. Refunds can make a sum negative: it counts as nothing.
_CAME = (
    BOUGHT_BY
    + """
    sampled as (
        from bought qualify row_number() over (order by draw) <= $members
    ),
    later as (
        select
            member_key,
            sum(net_amount) as net_amount,
            if(sum(unknown_margins) = 0, sum(known_margin_amount), null) as margin_amount
        from intermediate.int_money_days semi join sampled using (member_key)
        where booked_on <= $until
        group by member_key
    )
    select
        sampled.category_group,
        sampled.purchase_days,
        date_diff('day', sampled.first_purchase_on, sampled.last_purchase_on) as last_days,
        date_diff('day', sampled.first_purchase_on, $day) as age_days,
        greatest(sampled.net_amount, 0)::double as net_amount,
        greatest(sampled.margin_amount, 0)::double as margin,
        greatest(later.net_amount - sampled.net_amount, 0)::double as came_net_amount,
        case when later.margin_amount is not null
            then greatest(later.margin_amount - sampled.margin_amount, 0) end::double as came_margin
    from sampled
    inner join later using (member_key)
    order by sampled.draw
"""
)


def dates_without_amounts(home: Home) -> list[date]:
    """As-of dates of the purchase fits that have no amounts yet, oldest first."""
    with_amounts = {row["fitted_on"] for row in read_own_table(home, AMOUNT_FITS)}
    return sorted({row["fitted_on"] for row in read_own_table(home, PURCHASE_FITS)} - with_amounts)


def sampled_amounts(warehouse: Path, day: date, members: int) -> dict[Group, tuple[Numbers, Numbers]]:
    """Purchase days and average amount per purchase day, per category group and basis.

    Args:
        warehouse: A published version, or a build.
        day: A day up to its newest as-of date; what happened later is not seen.
        members: At most this many of each group and basis; only members with an amount above 0.
    """
    with connect_read_only(warehouse) as connection:
        columns = connection.execute(
            _SAMPLE, {"day": day, "everybody": EVERYBODY, "members": members, **sampled_groups()}
        ).fetchnumpy()
    groups, bases = (np.asarray(columns[name], dtype=str) for name in ("category_group", "basis"))
    purchases, averages = (
        np.asarray(columns[name], dtype=np.float64) for name in ("purchase_days", "average")
    )
    found = sorted(set(zip(groups.tolist(), bases.tolist(), strict=True)))
    chosen = {key: (groups == key[0]) & (bases == key[1]) for key in found}
    return {key: (purchases[rows], averages[rows]) for key, rows in chosen.items()}


def fit_amounts(amounts: dict[Group, tuple[Numbers, Numbers]], settings: FitSettings) -> Fits:
    """Parameters and number of members, for everybody and for each group with members enough of its own.

    A basis that too few members have, such as the margin of a shop that does not know its costs, is left out.

    Raises:
        FitImpossible: Everybody together is too few on every basis, or their amounts determine nothing.
    """
    fits: Fits = {}
    for (group, basis), (purchases, averages) in amounts.items():
        least = settings.minimum_members if group == EVERYBODY else settings.minimum_group_members
        if purchases.size < least:
            continue
        try:
            found = fit_value(purchases, averages)
        except FitImpossible:
            continue  # everybody's fit stands in
        if found.p + found.q > 2:  # else who bought once has amounts without a variance
            fits[group, basis] = (found, int(purchases.size))
    if not any(group == EVERYBODY for group, _ in fits):
        largest = max((purchases.size for purchases, _ in amounts.values()), default=0)
        raise FitImpossible(
            f"{largest} members have an amount above 0; a fit of amounts needs {settings.minimum_members} "
            "(minimum_members of seeds/churn/churn_settings.csv), and amounts that differ, but not without "
            "bounds"
        )
    return fits


def came_shares(
    warehouse: Path,
    fitted_on: date,
    days: int,
    purchases: dict[str, Parameters],
    fits: Fits,
    settings: FitSettings,
) -> dict[str, float]:
    """By basis, what came of what a fit expects of the days before it, shrunk towards 1.

    A whole year, so that no season is taken for a level: a basis that fewer members than a fit needs had a
    year before is left out, and so is a shop younger than that.

    Args:
        warehouse: A published version, or a build.
        fitted_on: Day of the fit; what happened later is not seen.
        days: How many days before it.
        purchases: The purchase fit of that day, by category group.
        fits: Its amounts.
        settings: Who is enough.
    """
    asked = {
        "day": fitted_on - timedelta(days=days),
        "until": fitted_on,
        "members": settings.sample_members,
        **sampled_groups(),
    }
    with connect_read_only(warehouse) as connection:
        found = connection.execute(_CAME, asked).fetchnumpy()
    groups = np.asarray(found.pop("category_group"), dtype=str)
    columns = {
        name: np.ma.filled(np.ma.asarray(values).astype(np.float64), np.nan) for name, values in found.items()
    }
    shares: dict[str, float] = {}
    for basis in sorted(basis for group, basis in fits if group == EVERYBODY):
        amounts, came = columns[basis], columns[f"came_{basis}"]
        known = ~(np.isnan(amounts) | np.isnan(came))
        if known.sum() < settings.minimum_members:
            continue
        expected = np.zeros(groups.size)
        for group in np.unique(groups[known]):
            rows = known & (groups == group)
            of_group = str(group) if group in purchases else EVERYBODY
            amounts_at, _ = fits.get((of_group, basis), fits[EVERYBODY, basis])
            bought = columns["purchase_days"][rows]
            histories = Histories.of(bought - 1, columns["last_days"][rows], columns["age_days"][rows])
            expected[rows] = expected_purchases(
                Model.MBG_NBD, purchases[of_group], histories, days
            ) * expected_value(amounts_at, bought, amounts[rows] / bought)
        shares[basis] = came_share(came[known], expected[known])
    return shares


def read_longest_horizon(project_dir: Path = DBT_PROJECT_DIR) -> int:
    """The longest horizon that a margin is expected for, in days."""
    return max(project_variables(project_dir)["margin_horizons"])


def add_amounts(home: Home, fitted_on: date, fits: Fits, shares: dict[str, float] | None = None) -> str:
    """Add amounts to the purchase fit of an as-of date, for each of its category groups.

    A group without amounts of its own gets everybody's, so that each group of the fit has every basis.

    Args:
        home: Keeps the fits.
        fitted_on: Day of the purchase fit.
        fits: Its amounts.
        shares: What came of what was expected, by basis; 1 where it is not known.

    Returns:
        The version's name.

    Raises:
        RekindleError: It has amounts already; they are never rewritten.
    """
    if fitted_on not in dates_without_amounts(home):
        raise RekindleError(
            f"{home.own_tables / AMOUNT_FITS}.parquet: of {fitted_on} there is no purchase fit, or one with "
            "amounts already; fits are never rewritten"
        )
    purchase_fits = [row for row in read_own_table(home, PURCHASE_FITS) if row["fitted_on"] == fitted_on]
    bases = sorted(basis for group, basis in fits if group == EVERYBODY)
    rows = []
    for purchase_fit in purchase_fits:
        group = purchase_fit["category_group"]
        for basis in bases:
            found, members = fits.get((group, basis), fits[EVERYBODY, basis])
            rows.append(
                {
                    "version": purchase_fit["version"],
                    "fitted_on": fitted_on,
                    "category_group": group,
                    "basis": basis,
                    "p": found.p,
                    "q": found.q,
                    "gamma": found.gamma,
                    "came_share": (shares or {}).get(basis, 1.0),
                    "members": members,
                }
            )
    add_rows(home, AMOUNT_FITS, rows)
    return str(purchase_fits[0]["version"])
