"""The monthly fit of the purchase model, as an asset.

Belongs here: asking which fits are due, fitting each, saying what was found.
Does not: likelihoods (core), reading histories and keeping versions (orchestration.warehouse).
"""

from typing import TYPE_CHECKING

from dagster import AssetExecutionContext, AssetKey, MaterializeResult, MetadataValue, ResourceParam, asset

from orchestration.assets.models import ONE_RETRY, POOL
from orchestration.core.due import due_fits
from orchestration.core.summary import markdown_table
from orchestration.progress import Progress
from orchestration.resources import BuildLock, Business

if TYPE_CHECKING:
    from orchestration.core.purchase_models import Fit

PARAMETERS = AssetKey(["control", "churn_parameters"])
HEADINGS = ["version", "category group", "members", "r", "alpha", "a", "b", "log-likelihood"]


@asset(key=PARAMETERS, group_name="sources", kinds={"parquet", "scipy"}, retry_policy=ONE_RETRY, pool=POOL)
def churn_parameters(
    context: AssetExecutionContext, business: Business, lock: BuildLock, progress: ResourceParam[Progress]
) -> MaterializeResult:
    """Parameters of the purchase model: a version per month of published as-of dates, none ever rewritten."""
    from orchestration.core.purchase_models import FitImpossible
    from orchestration.warehouse.churn_parameters import (
        add_version,
        fit_groups,
        fitted_dates,
        published_dates,
        read_settings,
        sampled_histories,
    )
    from orchestration.warehouse.control import provide_churn_parameters

    progress.begin("fit")
    home, settings = business.home, read_settings()
    provide_churn_parameters(home)
    published = published_dates(home)
    due = due_fits(published, fitted_dates(home), settings.refit_after_days)
    rows, said = [], []
    for number, day in enumerate(due):
        progress.count(number, len(due), f"as of {day}")
        try:
            histories = sampled_histories(home.published_file, day, settings.sample_members)
            fits = fit_groups(histories, settings)
        except FitImpossible as error:
            said.append(f"No fit as of {day}: {error}")
            continue
        version = add_version(home, day, fits)
        rows += [(version, group, found.members, *_shown(found)) for group, found in fits.items()]
    if not fitted_dates(home):
        said.append(
            "No churn parameters yet, so member_churn_probability stays empty"
            + ("." if published else "; they are fitted on the published version, and there is none.")
        )
    for message in said:
        progress.say(message)
        context.log.info(message)
    return MaterializeResult(
        metadata={
            "fits made": len({version for version, *_ in rows}),
            "fits kept": len(fitted_dates(home)),
            "fits": MetadataValue.md(markdown_table(HEADINGS, rows)),
            "said": "\n".join(said) or "nothing",
        }
    )


def _shown(found: "Fit") -> list[str]:
    at = found.parameters
    return [*(f"{value:.4g}" for value in (at.r, at.alpha, at.a, at.b)), f"{found.log_likelihood:.1f}"]
