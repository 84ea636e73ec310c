"""Fits of what a purchase is worth: the amounts they are fitted on, and the table that keeps every one.

Belongs here: reading a sample of average amounts from a warehouse, fitting it, adding it to a purchase fit.
Does not: the likelihood (core.purchase_models), when a fit is due (core.due), scoring members (dbt).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from orchestration.core.errors import RekindleError
from orchestration.core.purchase_models import FitImpossible, Numbers, ValueParameters, fit_value
from orchestration.fits.churn_parameters import (
    BOUGHT_BY,
    EVERYBODY,
    PURCHASE_FITS,
    FitSettings,
    sampled_groups,
)
from orchestration.own_tables import add_rows, read_own_table
from orchestration.project import Home
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


def add_amounts(home: Home, fitted_on: date, fits: Fits) -> str:
    """Add amounts to the purchase fit of an as-of date, for each of its category groups.

    A group without amounts of its own gets everybody's, so that each group of the fit has every basis.

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
                    "members": members,
                }
            )
    add_rows(home, AMOUNT_FITS, rows)
    return str(purchase_fits[0]["version"])
