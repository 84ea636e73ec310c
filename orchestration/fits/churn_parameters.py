"""Fits of the purchase model: what they are fitted on, and the table that keeps every one of them.

Belongs here: reading a sample of histories, counted, from a warehouse; adding a version; the settings.
Does not: the likelihood (core.purchase_models), when a fit is due (core.due), scoring members (dbt).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from orchestration.core.errors import RekindleError
from orchestration.core.purchase_models import (
    Fit,
    FitImpossible,
    Histories,
    Model,
    Parameters,
    fit,
    fit_with_prior,
)
from orchestration.definitions_files.settings import read_settings
from orchestration.definitions_files.variables import project_variables
from orchestration.own_tables import add_rows, read_own_table
from orchestration.project import DBT_PROJECT_DIR, SEEDS_DIR, Home
from orchestration.warehouse.connections import connect_read_only

EVERYBODY = "all"
PURCHASE_FITS = "churn_parameters"
"""The table that keeps every fit of the purchase model."""
# What member_activity says on as-of dates, of any day: a fit is made on the first day of its period,
# whichever as-of dates were asked for.
BOUGHT_BY = """
    with main_groups as (
        select member_key, lifecycle_scope as category_group
        from intermediate.int_active_days
        where lifecycle_scope <> 'all' and active_on <= $day
        group by member_key, lifecycle_scope
        qualify row_number() over (
            partition by member_key
            order by sum(if(active_on > $day - $window, net_amount, 0)) desc, sum(net_amount) desc,
                lifecycle_scope
        ) = 1 and bool_or(has_purchase)
    ),
    totals as (
        select
            member_key,
            sum(purchase_days) as purchase_days,
            sum(net_amount) as net_amount,
            if(sum(unknown_margins) = 0, sum(known_margin_amount), null) as margin_amount,
            min(booked_on) filter (purchase_days > 0) as first_purchase_on,
            max(booked_on) filter (purchase_days > 0) as last_purchase_on
        from intermediate.int_money_days
        where booked_on <= $day
        group by member_key
    ),
    bought as (
        select
            totals.*,
            coalesce(main_groups.category_group, $general) as category_group,
            md5(cast(totals.member_key as varchar)) as draw
        from totals
        left join main_groups using (member_key)
        where purchase_days > 0 and (net_amount > 0 or $refunded_buyer_counts)
    ),
"""
# Which members are in the sample is decided by their keys, so the same warehouse gives the same fit.
_SAMPLE = (
    BOUGHT_BY
    + """
    histories as (
        select
            category_group,
            purchase_days - 1 as repeats,
            date_diff('day', first_purchase_on, last_purchase_on) as last_days,
            date_diff('day', first_purchase_on, $day) as age_days,
            draw
        from bought
    ),
    grouped as (
        from histories
        union all by name
        select * replace ($everybody as category_group) from histories
    ),
    sampled as (
        from grouped
        qualify row_number() over (partition by category_group order by draw) <= $members
    )
    select category_group, repeats, last_days, age_days, count(*) as members
    from sampled
    group by all
    order by all
"""
)


@dataclass(frozen=True)
class FitSettings:
    """How the purchase model is fitted, of ``seeds/churn/churn_settings.csv``.

    Attributes:
        sample_members: Members a fit looks at, at most.
        minimum_members: Members who bought, without whom nothing is fitted.
        minimum_group_members: The same for a category group's own fit.
        refit_after_days: From which age of the newest fit the next is due.
    """

    sample_members: int
    minimum_members: int
    minimum_group_members: int
    refit_after_days: int


def read_fit_settings(seeds_dir: Path = SEEDS_DIR) -> FitSettings:
    """The settings of the fit."""
    settings = read_settings("churn_settings", seeds_dir)
    return FitSettings(
        sample_members=settings["fit_sample_members"],
        minimum_members=settings["minimum_members"],
        minimum_group_members=settings["minimum_group_members"],
        refit_after_days=settings["refit_after_days"],
    )


def fitted_dates(home: Home) -> set[date]:
    """As-of dates of the fits that are kept."""
    return {row["fitted_on"] for row in read_own_table(home, PURCHASE_FITS)}


def dates_with_histories(warehouse: Path) -> list[date]:
    """As-of dates a warehouse has histories of, oldest first; none where there is no such file."""
    if not warehouse.exists():
        return []
    with connect_read_only(warehouse) as connection:
        there = connection.execute(
            "select 1 from information_schema.tables "
            "where table_schema = 'marts' and table_name = 'member_activity'"
        ).fetchone()
        if not there:
            return []
        rows = connection.execute("select distinct as_of_date from marts.member_activity order by 1")
        return [day for (day,) in rows.fetchall()]


def sampled_histories(warehouse: Path, day: date, members: int) -> dict[str, Histories]:
    """Purchase histories at a day, in days, equal ones counted: of everybody and per category group.

    Args:
        warehouse: A published version, or a build.
        day: A day up to its newest as-of date; what happened later is not seen.
        members: At most this many of everybody and of each group.
    """
    with connect_read_only(warehouse) as connection:
        columns = connection.execute(
            _SAMPLE, {"day": day, "everybody": EVERYBODY, "members": members, **sampled_groups()}
        ).fetchnumpy()
    groups = np.asarray(columns["category_group"], dtype=str)
    names = ("repeats", "last_days", "age_days", "members")
    return {
        str(group): Histories.of(*(np.asarray(columns[name])[groups == group] for name in names))
        for group in np.unique(groups)
    }


def sampled_groups(project_dir: Path = DBT_PROJECT_DIR, seeds_dir: Path = SEEDS_DIR) -> dict[str, Any]:
    """What ``BOUGHT_BY`` asks besides the day: the window of a group, its name without any, who buys."""
    told = project_variables(project_dir)
    return {
        "window": max(told["activity_windows"]),
        "general": told["general_category_group"],
        "refunded_buyer_counts": read_settings("lifecycle_settings", seeds_dir)["refunded_buyer_counts"],
    }


def fit_groups(
    histories: Mapping[str, Histories], settings: FitSettings, said: list[str] | None = None
) -> dict[str, Fit]:
    """A fit for everybody, and one for each group with members enough of its own.

    Args:
        histories: Of everybody and of each group.
        settings: Who is enough.
        said: Where to tell who has another fit than their own histories alone would give.

    Raises:
        FitImpossible: Everybody together is too few, or their histories determine nothing.
    """
    bought = {group: int(of_group.members.sum()) for group, of_group in histories.items()}
    if bought.get(EVERYBODY, 0) < settings.minimum_members:
        raise FitImpossible(
            f"{bought.get(EVERYBODY, 0)} members have bought; a fit needs {settings.minimum_members} "
            "(minimum_members of seeds/churn/churn_settings.csv)"
        )
    told = [] if said is None else said
    try:
        fits = {EVERYBODY: fit(Model.MBG_NBD, histories[EVERYBODY])}
    except FitImpossible as error:
        fits = {EVERYBODY: fit_with_prior(Model.MBG_NBD, histories[EVERYBODY])}
        told.append(f"everybody: {error}; a weak prior decides")
    for group in sorted(bought.keys() - {EVERYBODY}):
        if bought[group] >= settings.minimum_group_members:
            try:
                fits[group] = fit(Model.MBG_NBD, histories[group], fits[EVERYBODY].parameters)
            except FitImpossible as error:
                told.append(f"{group}: {error}; everybody's fit stands in")
    return fits


def add_version(home: Home, fitted_on: date, fits: dict[str, Fit]) -> str:
    """Append one version and keep every former one as it is.

    Returns:
        The version's name.

    Raises:
        RekindleError: There is one of the same as-of date.
    """
    if fitted_on in fitted_dates(home):
        raise RekindleError(
            f"{home.own_tables / PURCHASE_FITS}.parquet has a fit as of {fitted_on} already; "
            "fits are never rewritten"
        )
    version = f"{Model.MBG_NBD.value}-{fitted_on}"
    rows = [
        {
            "version": version,
            "fitted_on": fitted_on,
            "category_group": group,
            "model": found.model.value,
            "r": found.parameters.r,
            "alpha": found.parameters.alpha,
            "a": found.parameters.a,
            "b": found.parameters.b,
            "log_likelihood": found.log_likelihood,
            "members": found.members,
        }
        for group, found in sorted(fits.items())
    ]
    add_rows(home, PURCHASE_FITS, rows)
    return version


def kept_parameters(home: Home) -> dict[date, dict[str, Parameters]]:
    """Parameters per category group of every fit that is kept, by its as-of date."""
    kept: dict[date, dict[str, Parameters]] = {}
    for row in read_own_table(home, PURCHASE_FITS):
        at = Parameters(row["r"], row["alpha"], row["a"], row["b"])
        kept.setdefault(row["fitted_on"], {})[row["category_group"]] = at
    return kept
