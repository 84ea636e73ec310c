"""What the trained churn model learns from: a sample of members over many as-of dates, as arrays.

Belongs here: reading the sample from a warehouse, the features' names and signs, outcomes by horizon.
Does not: choosing dates (core.due), fitting (core.churn_model), keeping versions (churn_versions.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestration.core.churn_model import Sign, log_odds
from orchestration.core.definition_rows import shown
from orchestration.core.errors import InputFault
from orchestration.core.purchase_models import Histories, Model, Parameters, p_no_purchase
from orchestration.core.seasons import EVEN, Season
from orchestration.definitions_files.seeds import sound_rows
from orchestration.fits.churn_parameters import EVERYBODY
from orchestration.project import SEEDS_DIR
from orchestration.warehouse.connections import connect_read_only

FEATURES_SEED = "churn/churn_model_features.csv"
BASE_LOGIT = "base_logit"
"""The feature that is no column: the log-odds of the base probability, of the horizon asked for."""

# Decimals of a published probability: what the base is rounded to before its log-odds are taken.
_DECIMALS = 6
_SAMPLE = """
    with sampled as (from marts.fct_churn_panel),
    purchases as (
        select distinct member_key, ordered_on from core.fct_order semi join sampled using (member_key)
        where is_purchase
    )
    select
        sampled.*,
        date_diff('day', sampled.as_of_date, purchases.ordered_on) as next_purchase_days
    from sampled
    asof left join purchases
        on sampled.member_key = purchases.member_key and sampled.as_of_date < purchases.ordered_on
    order by sampled.as_of_date, sampled.member_key
"""


@dataclass(frozen=True)
class Feature:
    """A row of ``seeds/churn/churn_model_features.csv``, as far as a fit needs it."""

    name: str
    sign: Sign


def read_features(seeds_dir: Path = SEEDS_DIR) -> list[Feature]:
    """The features and their sign limits, in the seed's order.

    Raises:
        InputFault: The seed is not as it is declared, or a limit is no sign.
    """
    rows = sound_rows(FEATURES_SEED, seeds_dir)
    allowed = [str(sign.value) for sign in Sign]
    for row in rows:
        if row["sign_limit"] not in allowed:
            raise InputFault(
                f"{row.file}:{row.line} {shown(row['feature'])}: sign_limit {shown(row['sign_limit'])}; "
                f"allowed: {', '.join(allowed)}"
            )
    return [Feature(row["feature"], Sign(int(row["sign_limit"]))) for row in rows]


@dataclass(frozen=True)
class Panel:
    """Sampled members over as-of dates; every array has one entry per member and date.

    Attributes:
        days: As-of dates.
        members: Who it is.
        columns: Features that are columns, by name.
        histories: What the base probability follows from.
        groups: Category groups.
        next_purchase_days: Days until the next purchase that is known; infinite without.
    """

    days: NDArray[np.datetime64]
    members: NDArray[np.int64]
    columns: Mapping[str, NDArray[np.float64]]
    histories: Histories
    groups: NDArray[np.str_]
    next_purchase_days: NDArray[np.float64]

    def on(self, days: Collection[date]) -> NDArray[np.bool_]:
        """Which rows lie on these as-of dates."""
        return np.isin(self.days, np.array(sorted(days), dtype="datetime64[D]"))

    def outcome(self, horizon: int) -> NDArray[np.float64]:
        """1 where nobody bought within the horizon; true only for dates whose horizon is over."""
        return (self.next_purchase_days > horizon).astype(np.float64)

    def base_logits(
        self,
        fits: Mapping[date, Mapping[str, Parameters]],
        seasons: Mapping[date, Season],
        horizon: int,
    ) -> NDArray[np.float64]:
        """Log-odds of the base probability, by the newest fit that saw nothing after a date; NaN before."""
        logits = np.full(self.days.size, np.nan)
        for day in np.unique(self.days):
            earlier = [fitted_on for fitted_on in fits if fitted_on <= day.astype(date)]
            if not earlier:
                continue
            by_group, season = fits[max(earlier)], seasons.get(max(earlier), EVEN)
            today = day.astype(date)
            here = self.days == day
            for group in np.unique(self.groups[here]):
                rows = here & (self.groups == group)
                taken = Histories(*(part[rows] for part in vars(self.histories).values()))
                chances = p_no_purchase(
                    Model.MBG_NBD,
                    by_group.get(str(group), by_group[EVERYBODY]),
                    season.histories(today, taken),
                    season.horizon(today, horizon),
                )
                logits[rows] = log_odds(np.round(chances, _DECIMALS))
        return logits

    def matrix(self, names: Collection[str], base_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Features side by side, in the order of their names."""
        return np.column_stack([base_logits if name == BASE_LOGIT else self.columns[name] for name in names])


def read_panel(warehouse: Path, features: Collection[Feature]) -> Panel:
    """The sample of members per as-of date (``marts.fct_churn_panel``), each as on that date.

    Args:
        warehouse: A published version, or a build whose facts are there.
        features: Those whose columns to read.
    """
    with connect_read_only(warehouse) as connection:
        found = connection.execute(_SAMPLE).fetchnumpy()
    numbers = {
        name: np.ma.filled(np.ma.asarray(found[name]).astype(np.float64), np.nan)
        for name in ("repeats", "last_days", "age_days", "next_purchase_days")
    }
    return Panel(
        days=np.asarray(found["as_of_date"], dtype="datetime64[D]"),
        members=np.asarray(found["member_key"], dtype=np.int64),
        columns={
            feature.name: np.asarray(found[feature.name], dtype=np.float64)
            for feature in features
            if feature.name != BASE_LOGIT
        },
        histories=Histories.of(numbers["repeats"], numbers["last_days"], numbers["age_days"]),
        groups=np.asarray(found["category_group"], dtype=str),
        next_purchase_days=np.nan_to_num(numbers["next_purchase_days"], nan=np.inf),
    )
