"""The fits of the churn models, as assets: between the facts of a build and what is made of fits.

Belongs here: asking which fits are due, making each, saying what was found.
Does not: likelihoods (core), reading samples and keeping versions (orchestration.warehouse).
Late imports: what brings scipy, dbt or pictures loads with the first run, not with every page.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetExecutionContext,
    AssetKey,
    MaterializeResult,
    MetadataValue,
    ResourceParam,
    multi_asset,
)

from orchestration.assets.current_build import own_build
from orchestration.assets.models import ONE_RETRY, POOL, sources_tagged
from orchestration.core.due import due_fits, period_start
from orchestration.core.summary import markdown_table
from orchestration.progress import Progress
from orchestration.project import Home
from orchestration.resources import BuildLock

if TYPE_CHECKING:
    from orchestration.core.purchase_models import Fit

# A reduced project may lack the models, but never the build.
READS = [
    AssetKey(["rekindle", "builds"]),
    AssetKey(["core", "fct_order"]),
    *(AssetKey(["marts", name]) for name in ("member_activity", "fct_churn_panel")),
]
SPECS = [spec.replace_attributes(deps=READS, kinds={"parquet", "scipy"}) for spec in sources_tagged("fitted")]
FITS = [spec.key for spec in SPECS]
PARAMETERS = ["version", "category group", "members", "r", "alpha", "a", "b", "log-likelihood"]
AMOUNTS = ["version", "category group", "basis", "members", "p", "q", "gamma", "share that came"]
CARDS = [
    "version", "horizon", "rows", "trained on", "evaluated on", "log-loss", "that of the base", "gain",
    "standard error", "Brier", "AUC", "in use",
]  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """What fits are made on.

    Attributes:
        home: Keeps the fits.
        file: The build under way.
    """

    home: Home
    file: Path


@multi_asset(
    name="fit_churn_models",
    specs=SPECS,
    retry_policy=ONE_RETRY,
    pool=POOL,
)
def fits(
    context: AssetExecutionContext,
    home: ResourceParam[Home],
    lock: BuildLock,
    progress: ResourceParam[Progress],
) -> Iterator[MaterializeResult]:
    """A version per month of as-of dates, a blend per week, each on what was known then."""
    from orchestration.fits.failed_builds import begin_fits
    from orchestration.own_tables import provide_own_tables, read_own_table

    progress.begin("fit")
    provide_own_tables(home)
    said, made = [], {}
    if build := own_build(context, home):
        sample = Sample(home, build.file)
        said += [dropped] if (dropped := begin_fits(home, build)) else []
        made = {
            "churn_parameters": markdown_table(PARAMETERS, _fit_purchases(sample, progress, said)),
            "amount_parameters": markdown_table(AMOUNTS, _fit_amounts(sample, said)),
            "churn_model_cards": markdown_table(CARDS, _train(sample, progress, said)),
        }
    else:
        said.append("Fits are made within a build, on members and past dates it holds; this run has none.")
    for message in said:
        progress.say(message)
        context.log.info(message)
    for key in FITS:
        table = key.path[-1]
        yield MaterializeResult(
            asset_key=key,
            metadata={
                "dagster/row_count": len(read_own_table(home, table)),
                "said": "\n".join(said) or "nothing",
                **({"made": MetadataValue.md(made[table])} if table in made else {}),
            },
        )


def _fit_purchases(sample: Sample, progress: Progress, said: list[str]) -> list[tuple[Any, ...]]:
    """Fits of the purchase model that are due; a row per category group."""
    from orchestration.core.purchase_models import FitImpossible
    from orchestration.fits.churn_parameters import (
        add_version,
        dates_with_histories,
        fitted_dates,
        read_fit_settings,
        sampled_histories,
    )
    from orchestration.fits.churn_seasons import fit_in_season, keep_season, year_of_purchases

    settings, rows = read_fit_settings(), []
    dates = dates_with_histories(sample.file)
    due = due_fits(dates, fitted_dates(sample.home), settings.refit_after_days)
    for number, asked in enumerate(due):
        progress.count(number, len(due), f"as of {asked}")
        # On the first day of the period; a shop too young for that is fitted on the date itself.
        for day in sorted({period_start(asked, settings.refit_after_days), asked}):
            told: list[str] = []
            try:
                histories = sampled_histories(sample.file, day, settings.sample_members)
                year = year_of_purchases(sample.file, day, settings.sample_members)
                found, season = fit_in_season(day, histories, year, settings, told)
            except FitImpossible as error:
                if day == asked:
                    said.append(f"No fit as of {day}: {error}")
                continue
            said += [f"Fit as of {day}, {message}" for message in told]
            keep_season(sample.home, day, season)
            version = add_version(sample.home, day, found)
            rows += [(version, group, fit.members, *_shown(fit)) for group, fit in found.items()]
            break
    if not fitted_dates(sample.home):
        said.append(
            "No churn parameters yet, so member_churn_probability and member_expected_margin stay empty"
            + ("." if dates else "; the build has no members to fit them on.")
        )
    return rows


def _fit_amounts(sample: Sample, said: list[str]) -> list[tuple[Any, ...]]:
    """What a purchase is worth, for the purchase fits that lack it; a row per category group and basis."""
    from orchestration.core.purchase_models import FitImpossible
    from orchestration.fits.amount_parameters import (
        add_amounts,
        came_shares,
        dates_without_amounts,
        fit_amounts,
        read_longest_horizon,
        sampled_amounts,
    )
    from orchestration.fits.churn_parameters import dates_with_histories, kept_parameters, read_fit_settings

    settings, rows = read_fit_settings(), []
    seen_until = max(dates_with_histories(sample.file), default=date.min)
    for day in dates_without_amounts(sample.home):
        if day <= seen_until:
            try:
                found = fit_amounts(sampled_amounts(sample.file, day, settings.sample_members), settings)
            except FitImpossible as error:
                said.append(f"No expected margin by the fit as of {day}: {error}")
                continue
            purchases = kept_parameters(sample.home)[day]
            shares = came_shares(sample.file, day, read_longest_horizon(), purchases, found, settings)
            version = add_amounts(sample.home, day, found, shares)
            rows += [
                (
                    version,
                    *key,
                    members,
                    *(f"{value:.4g}" for value in (at.p, at.q, at.gamma, shares.get(key[1], 1.0))),
                )
                for key, (at, members) in found.items()
            ]
    return rows


def _train(sample: Sample, progress: Progress, said: list[str]) -> list[tuple[Any, ...]]:
    """Versions of the trained model that are due, each with its verdict, and the blends."""
    from orchestration.fits import churn_parameters

    if not churn_parameters.fitted_dates(sample.home) or not churn_parameters.dates_with_histories(
        sample.file
    ):
        return []
    # Not before: it brings scipy.stats, and a young home has nothing to train on.
    from orchestration.fits import churn_versions
    from orchestration.fits.churn_panel import read_features, read_panel

    features, settings = read_features(), churn_versions.read_model_settings()
    refit_after_days = churn_parameters.read_fit_settings().refit_after_days
    panel, rows = read_panel(sample.file, features), []
    for days in churn_versions.read_horizons():
        horizon = churn_versions.Horizon(sample.home, panel, features, settings, days)
        for card in horizon.train_due(refit_after_days):
            progress.count(len(rows), len(rows) + 1, f"{card['version']}, {days} days")
            rows.append(_told(card))
        horizon.blend_due()
        if not horizon.versions:
            said.append(
                f"No trained model for {days} days: the base probability stands alone until "
                f"{settings.minimum_matured_members} members and enough past as-of dates have matured."
            )
    return rows


def _told(card: dict[str, Any]) -> tuple[Any, ...]:
    return (
        card["version"], card["horizon_days"], card["trained_rows"],
        f"{card['first_trained_on']} to {card['last_trained_on']}",
        f"{card['first_evaluated_on']} to {card['last_evaluated_on']}",
        f"{card['log_loss']:.4f}", f"{card['base_log_loss']:.4f}",
        f"{card['mean_gain']:.4f}", f"{card['mean_gain_error']:.4f}", f"{card['brier']:.4f}",
        "" if card["auc"] is None else f"{card['auc']:.4f}",
        "blend of base and version" if card["is_promoted"] else "base",
    )  # fmt: skip


def _shown(found: "Fit") -> list[str]:
    at = found.parameters
    return [*(f"{value:.4g}" for value in (at.r, at.alpha, at.a, at.b)), f"{found.log_likelihood:.1f}"]
