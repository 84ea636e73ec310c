"""Versions of the trained churn model: evaluated against the base, trained, blended with it, kept for good.

Belongs here: the settings, which rows each step uses, the tables that keep its result.
Does not: likelihoods and metrics (core.churn_model), scoring members (dbt).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestration.core.churn_model import (
    Blend,
    Gain,
    Logistic,
    TrainingImpossible,
    blend,
    is_promoted,
    mean_gain,
    paired_gain,
    performance,
    train,
)
from orchestration.core.due import Split, due_fits, matured_dates, split_dates
from orchestration.definitions_files.settings import read_settings
from orchestration.definitions_files.variables import project_variables
from orchestration.fits.churn_panel import Feature, Panel
from orchestration.fits.churn_parameters import kept_parameters
from orchestration.fits.churn_seasons import kept_seasons
from orchestration.own_tables import add_rows, read_own_table, write_own_table
from orchestration.project import DBT_PROJECT_DIR, SEEDS_DIR, Home

BASE = "base"
COEFFICIENTS, CARDS, BLENDS = "churn_coefficients", "churn_model_cards", "churn_recalibrations"
"""The tables that keep versions."""

Row = dict[str, Any]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ModelSettings:
    """How versions are trained; what each setting decides stands in ``seeds/churn/churn_settings.csv``."""

    minimum_matured_members: int
    training_dates: int
    evaluated_dates: int
    blended_dates: int
    blend_after_days: int
    blend_ridge: float
    compared_versions: int
    required_errors: float
    ridge: float


def read_model_settings(seeds_dir: Path = SEEDS_DIR) -> ModelSettings:
    """The settings of the trained model."""
    settings = read_settings("churn_settings", seeds_dir)
    return ModelSettings(
        minimum_matured_members=settings["minimum_matured_members"],
        training_dates=settings["training_dates"],
        evaluated_dates=settings["evaluated_dates"],
        blended_dates=settings["blended_dates"],
        blend_after_days=settings["blend_after_days"],
        blend_ridge=float(settings["blend_ridge"]),
        compared_versions=settings["compared_versions"],
        required_errors=float(settings["required_errors"]),
        ridge=float(settings["ridge"]),
    )


def read_horizons(project_dir: Path = DBT_PROJECT_DIR) -> list[int]:
    """The horizons the models make columns for, in days."""
    return list(project_variables(project_dir)["churn_horizons"])


class Horizon:
    """Everything about the versions of one horizon that one panel can tell.

    Attributes:
        days: The horizon.
    """

    def __init__(
        self,
        home: Home,
        panel: Panel,
        features: list[Feature],
        settings: ModelSettings,
        days: int,
    ) -> None:
        """Take a panel to evaluate, train and blend versions on, and the home that keeps them."""
        self._home, self._panel, self._features, self._settings = home, panel, features, settings
        self.days = days
        self._outcome = panel.outcome(days)
        kept = read_own_table(home, CARDS)
        self._cards: list[Row] = sorted(
            (row for row in kept if row["horizon_days"] == days), key=lambda row: row["fitted_on"]
        )
        self._logits_by_version: dict[str, Numbers] = {}

    @cached_property
    def _base_logits(self) -> Numbers:
        return self._panel.base_logits(kept_parameters(self._home), kept_seasons(self._home), self.days)

    @cached_property
    def _matrix(self) -> Numbers:
        return self._panel.matrix([feature.name for feature in self._features], self._base_logits)

    @cached_property
    def _dates(self) -> list[date]:
        """As-of dates with a base probability."""
        return np.unique(self._panel.days[~np.isnan(self._base_logits)]).astype(date).tolist()

    def train_due(self, refit_after_days: int) -> Iterator[Row]:
        """Train and evaluate a version at each date where one is due; each is kept before the next is begun.

        Yields:
            The card of each version.
        """
        carded = {row["fitted_on"] for row in self._cards}
        for day in due_fits(self._dates, carded, refit_after_days):
            # A version made afterwards, between others, would change what was scored since.
            card = self._train_and_evaluate(day) if not carded or day > max(carded) else None
            if card is not None:
                yield card

    def blend_due(self) -> int:
        """Weigh each version against the base on dates it is the newest, where due; how many were made."""
        made: list[Row] = []
        before = read_own_table(self._home, BLENDS)
        followed_on = [*(card["fitted_on"] for card in self._cards[1:]), date.max]
        for card, following in zip(self._cards, followed_on, strict=False):
            kept = {
                row["calibrated_on"]
                for row in before
                if (row["version"], row["horizon_days"]) == (card["version"], self.days)
            }
            newest_on = [day for day in self._dates if card["fitted_on"] <= day < following]
            due = due_fits(newest_on, kept, self._settings.blend_after_days)
            rows = (self._weighed(card["version"], day) for day in due)
            made += [row for row in rows if row is not None]
        if made:
            add_rows(self._home, BLENDS, made)
        return len(made)

    @property
    def versions(self) -> list[str]:
        """Names of the versions that are kept, oldest first."""
        return [row["version"] for row in self._cards]

    def _train_and_evaluate(self, day: date) -> Row | None:
        """A version on every date that is over, after the verdict on one that had not seen the newest."""
        settings = self._settings
        split = split_dates(self._dates, self.days, day, settings.training_dates, settings.evaluated_dates)
        if split is None:
            return None
        members = np.unique(self._panel.members[self._panel.on(split.trained)]).size
        if members < settings.minimum_matured_members:
            return None
        matured = tuple(matured_dates(self._dates, self.days, day)[-settings.training_dates :])
        try:
            evaluated, model = self._trained(split.trained), self._trained(matured)
        except TrainingImpossible:
            return None  # all alike: there is nothing to learn, and the base stays
        names = [feature.name for feature in self._features]
        rows = self._panel.on(matured)
        card: Row = {
            "version": f"logistic-{day}",
            "fitted_on": day,
            "horizon_days": self.days,
            "intercept": model.intercept,
            "trained_rows": int(rows.sum()),
            "trained_members": int(np.unique(self._panel.members[rows]).size),
            "trained_dates": len(matured),
            "first_trained_on": matured[0],
            "last_trained_on": matured[-1],
            "learned_until_on": split.trained[-1],
            "evaluated_rows": int(self._panel.on(split.evaluated).sum()),
            "first_evaluated_on": split.evaluated[0],
            "last_evaluated_on": split.evaluated[-1],
            **self._evaluation(evaluated, day, split),
        }
        self._keep(card, names, model)
        return card

    def _trained(self, dates: tuple[date, ...]) -> Logistic:
        rows = self._panel.on(dates)
        signs = [feature.sign for feature in self._features]
        return train(self._matrix[rows], self._outcome[rows], signs, self._settings.ridge)

    def _evaluation(self, model: Logistic, day: date, split: Split) -> Row:
        """The base and its blend with a version on the same rows, each as it would have been published."""
        settings = self._settings
        rows = self._panel.on(split.evaluated)
        outcome, base_logits = self._outcome[rows], self._base_logits[rows]
        logits = model.logits(self._matrix)
        weights = self._blend(logits, split.trained[-settings.blended_dates :])
        blended = weights(base_logits, logits[rows])
        gain = paired_gain(blended, base_logits, outcome, self._panel.members[rows])
        former = [row for row in self._cards if row["fitted_on"] < day]
        gains = [
            Gain(row["gain"], row["gain_error"], row["evaluated_rows"])
            for row in former[1 - settings.compared_versions :]
        ]
        gains = [*(gains if settings.compared_versions > 1 else []), gain]
        together = mean_gain(gains)
        was_promoted = bool(former) and former[-1]["is_promoted"]
        return {
            "champion": former[-1]["version"] if was_promoted else BASE,
            **asdict(performance(blended, outcome)),
            **{
                f"base_{measure}": value
                for measure, value in asdict(performance(base_logits, outcome)).items()
            },
            "gain": gain.mean,
            "gain_error": gain.error,
            "mean_gain": together.mean,
            "mean_gain_error": together.error,
            "required_errors": settings.required_errors,
            "is_promoted": is_promoted(
                gains, is_champion=was_promoted, required_errors=settings.required_errors
            ),
        }

    def _blend(self, logits: Numbers, dates: Sequence[date]) -> Blend:
        rows = self._panel.on(dates)
        try:
            return blend(
                self._base_logits[rows], logits[rows], self._outcome[rows], self._settings.blend_ridge
            )
        except TrainingImpossible:
            return Blend()

    def _weighed(self, version: str, day: date) -> Row | None:
        dates = matured_dates(self._dates, self.days, day)[-self._settings.blended_dates :]
        rows = self._panel.on(dates)
        if not rows.any():
            return None
        found = self._blend(self._logits(version), dates)
        return {
            "version": version,
            "calibrated_on": day,
            "horizon_days": self.days,
            "offset_logit": found.offset,
            "base_weight": found.base_weight,
            "model_weight": found.model_weight,
            "first_matured_on": dates[0],
            "last_matured_on": dates[-1],
            "matured_dates": len(dates),
            "matured_rows": int(rows.sum()),
        }

    def _logits(self, version: str) -> Numbers:
        """What a kept version says about every row of the panel."""
        if version not in self._logits_by_version:
            self._logits_by_version[version] = self._computed_logits(version)
        return self._logits_by_version[version]

    def _computed_logits(self, version: str) -> Numbers:
        [card] = [row for row in self._cards if row["version"] == version]
        rows = [
            row
            for row in read_own_table(self._home, COEFFICIENTS)
            if (row["version"], row["horizon_days"]) == (version, self.days)
        ]
        columns = (np.array([row[name] for row in rows]) for name in ("coefficient", "mean", "deviation"))
        model = Logistic(card["intercept"], *columns)
        return model.logits(self._panel.matrix([row["feature"] for row in rows], self._base_logits))

    def _keep(self, card: Row, names: list[str], model: Logistic) -> None:
        """Coefficients first: a version is in use from its card on, and one without was never used."""
        identity = {name: card[name] for name in ("version", "fitted_on", "horizon_days")}
        columns = zip(names, model.means, model.deviations, model.coefficients, strict=True)
        former = [
            row
            for row in read_own_table(self._home, COEFFICIENTS)
            if (row["version"], row["horizon_days"]) != (card["version"], self.days)
        ]
        added = [
            {**identity, "feature": name, "mean": mean, "deviation": deviation, "coefficient": weight}
            for name, mean, deviation, weight in columns
        ]
        write_own_table(self._home, COEFFICIENTS, former + added)
        add_rows(self._home, CARDS, [card])
        self._cards.append(card)
