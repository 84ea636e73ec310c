"""Versions of the trained churn model: trained, evaluated against the champion, recalibrated, kept for good.

Belongs here: the settings, which rows each step uses, the tables that keep its result.
Does not: likelihoods and metrics (core.churn_model), scoring members (dbt).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from orchestration.core.churn_model import (
    Logistic,
    Recalibration,
    TrainingImpossible,
    is_promoted,
    performance,
    recalibrate,
    train,
)
from orchestration.core.due import Split, due_fits, matured_dates, split_dates
from orchestration.definitions_files.settings import read_settings
from orchestration.fits.churn_panel import Feature, Panel
from orchestration.fits.churn_parameters import kept_parameters
from orchestration.own_tables import add_rows, read_own_table, write_own_table
from orchestration.project import DBT_PROJECT_DIR, SEEDS_DIR, Home

BASE = "base"
COEFFICIENTS, CARDS, RECALIBRATIONS = "churn_coefficients", "churn_model_cards", "churn_recalibrations"
"""The tables that keep versions."""

Row = dict[str, Any]
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class ModelSettings:
    """How versions are trained; what each setting decides stands in ``seeds/churn/churn_settings.csv``."""

    sample_members: int
    minimum_matured_members: int
    training_dates: int
    evaluated_dates: int
    recalibrated_dates: int
    recalibrate_after_days: int
    required_gain_share: float
    ridge: float


def read_model_settings(seeds_dir: Path = SEEDS_DIR) -> ModelSettings:
    """The settings of the trained model."""
    settings = read_settings("churn_settings", seeds_dir)
    return ModelSettings(
        sample_members=settings["training_sample_members"],
        minimum_matured_members=settings["minimum_matured_members"],
        training_dates=settings["training_dates"],
        evaluated_dates=settings["evaluated_dates"],
        recalibrated_dates=settings["recalibrated_dates"],
        recalibrate_after_days=settings["recalibrate_after_days"],
        required_gain_share=float(settings["required_gain_share"]),
        ridge=float(settings["ridge"]),
    )


def read_horizons(project_dir: Path = DBT_PROJECT_DIR) -> list[int]:
    """The horizons the models make columns for, in days."""
    project = yaml.safe_load((project_dir / "dbt_project.yml").read_text(encoding="utf-8"))
    return list(project["vars"]["churn_horizons"])


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
        """Take a panel to train, evaluate and recalibrate versions on, and the home that keeps them."""
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
        return self._panel.base_logits(kept_parameters(self._home), self.days)

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

    def recalibrate_due(self) -> int:
        """Recalibrate each version on the dates it is in use, where that is due; how many were made."""
        made: list[Row] = []
        before = read_own_table(self._home, RECALIBRATIONS)
        for card in self._cards:
            kept = {
                row["calibrated_on"]
                for row in before
                if (row["version"], row["horizon_days"]) == (card["version"], self.days)
            }
            used = [day for day in self._dates if card in self._in_use(day)]
            due = due_fits(used, kept, self._settings.recalibrate_after_days)
            rows = (self._recalibration(card["version"], day) for day in due)
            made += [row for row in rows if row is not None]
        if made:
            add_rows(self._home, RECALIBRATIONS, made)
        return len(made)

    @property
    def versions(self) -> list[str]:
        """Names of the versions that are kept, oldest first."""
        return [row["version"] for row in self._cards]

    def _in_use(self, day: date) -> list[Row]:
        """The newest version by a date, and the champion."""
        known = [row for row in self._cards if row["fitted_on"] <= day]
        return known[-1:] + [row for row in known if row["is_promoted"]][-1:]

    def _train_and_evaluate(self, day: date) -> Row | None:
        settings = self._settings
        split = split_dates(self._dates, self.days, day, settings.training_dates, settings.evaluated_dates)
        if split is None:
            return None
        rows = self._panel.on(split.trained)
        members = np.unique(self._panel.members[rows]).size
        if members < settings.minimum_matured_members:
            return None
        names = [feature.name for feature in self._features]
        try:
            model = train(
                self._matrix[rows],
                self._outcome[rows],
                [feature.sign for feature in self._features],
                settings.ridge,
            )
        except TrainingImpossible:
            return None  # all alike: there is nothing to learn, and the base stays
        evaluated = self._panel.on(split.evaluated)
        card: Row = {
            "version": f"logistic-{day}",
            "fitted_on": day,
            "horizon_days": self.days,
            "intercept": model.intercept,
            "trained_rows": int(rows.sum()),
            "trained_members": int(members),
            "trained_dates": len(split.trained),
            "first_trained_on": split.trained[0],
            "last_trained_on": split.trained[-1],
            "evaluated_rows": int(evaluated.sum()),
            "first_evaluated_on": split.evaluated[0],
            "last_evaluated_on": split.evaluated[-1],
            **self._evaluation(model, day, split),
        }
        self._keep(card, names, model)
        return card

    def _evaluation(self, model: Logistic, day: date, split: Split) -> Row:
        """The version, the champion and the base on the same rows, each as it would have been published."""
        evaluated = self._panel.on(split.evaluated)
        outcome = self._outcome[evaluated]
        challenger = performance(self._as_used(model.logits(self._matrix), split)[evaluated], outcome)
        base = performance(self._base_logits[evaluated], outcome)
        promoted = [row for row in self._cards if row["fitted_on"] < day and row["is_promoted"]]
        champion, name = base, BASE
        if promoted:
            name = promoted[-1]["version"]
            champion = performance(self._as_used(self._logits(name), split)[evaluated], outcome)
        return {
            "champion": name,
            **asdict(challenger),
            **{f"champion_{measure}": value for measure, value in asdict(champion).items()},
            **{f"base_{measure}": value for measure, value in asdict(base).items()},
            "required_gain_share": self._settings.required_gain_share,
            "is_promoted": is_promoted(challenger, champion, self._settings.required_gain_share),
        }

    def _as_used(self, logits: Numbers, split: Split) -> Numbers:
        """Recalibrated on the newest dates before the evaluated ones, as it would have been by then."""
        rows = self._panel.on(split.trained[-self._settings.recalibrated_dates :])
        return self._recalibrated(logits, rows)(logits)

    def _recalibrated(self, logits: Numbers, rows: NDArray[np.bool_]) -> Recalibration:
        try:
            return recalibrate(logits[rows], self._outcome[rows], self._settings.ridge)
        except TrainingImpossible:
            return Recalibration()

    def _recalibration(self, version: str, day: date) -> Row | None:
        dates = matured_dates(self._dates, self.days, day)[-self._settings.recalibrated_dates :]
        rows = self._panel.on(dates)
        if not rows.any():
            return None
        found = self._recalibrated(self._logits(version), rows)
        return {
            "version": version,
            "calibrated_on": day,
            "horizon_days": self.days,
            "offset_logit": found.offset,
            "slope": found.slope,
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
