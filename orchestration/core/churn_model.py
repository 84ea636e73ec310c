"""The trained churn model: logistic regression whose coefficients may not take a sign that makes no sense.

Belongs here: fitting, scoring, recalibrating and evaluating on arrays.
Does not: which members and dates are looked at, keeping versions, the score in SQL (fct_churn_model_score).

The outcome is 1 for a member who does *not* buy within the horizon. Features are standardised, so a version
is the same in whatever unit a feature comes; every array has one entry, or row, per member and date.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import rankdata

from orchestration.core.errors import RekindleError

Numbers = NDArray[np.float64]

# A feature that varies less than this carries nothing.
_CONSTANT = 1e-9
# Probabilities nearer to 0 or 1 are taken as this far away: half a unit of their last decimal in SQL.
CERTAIN = 5e-7


class TrainingImpossible(RekindleError):
    """The rows cannot determine a model."""


class Sign(IntEnum):
    """What more of a feature may do to the probability of no purchase."""

    LOWERS = -1
    EITHER = 0
    RAISES = 1


_BOUNDS = {Sign.LOWERS: (None, 0.0), Sign.EITHER: (None, None), Sign.RAISES: (0.0, None)}


@dataclass(frozen=True)
class Logistic:
    """A fitted model: ``logit = intercept + sum(coefficients * (x - means) / deviations)``.

    Attributes:
        intercept: Log-odds of a member who is average in every feature.
        coefficients: One per feature; 0 where the sign limit holds it back.
        means: Of each feature in the training rows.
        deviations: Standard deviations of the same; 1 for a feature that did not vary.
    """

    intercept: float
    coefficients: Numbers
    means: Numbers
    deviations: Numbers

    def contributions(self, features: Numbers) -> Numbers:
        """What each feature adds to the log-odds, per row."""
        return self.coefficients * (features - self.means) / self.deviations

    def logits(self, features: Numbers) -> Numbers:
        """Log-odds of no purchase, per row."""
        return self.intercept + self.contributions(features).sum(axis=1)


@dataclass(frozen=True)
class Recalibration:
    """What a later look at matured rows makes of log-odds: ``offset + slope * logit``.

    Attributes:
        offset: Shift of everybody.
        slope: Spread; 0 or more, so nobody overtakes anybody.
    """

    offset: float = 0.0
    slope: float = 1.0

    def __call__(self, logits: Numbers) -> Numbers:
        """Recalibrated log-odds."""
        return self.offset + self.slope * logits


@dataclass(frozen=True)
class Performance:
    """How probabilities did on rows whose outcome is known.

    Attributes:
        log_loss: Mean negative log-likelihood.
        brier: Mean squared error.
        auc: Chance that a member who stayed away was ranked above one who came; None where all did the same.
    """

    log_loss: float
    brier: float
    auc: float | None


def train(features: ArrayLike, outcome: ArrayLike, signs: list[Sign], ridge: float) -> Logistic:
    """Maximum likelihood under sign limits, by L-BFGS-B.

    Args:
        features: Shape ``(rows, features)``.
        outcome: 1 for no purchase, 0 for a purchase.
        signs: One per feature.
        ridge: Weight of half the squared standardised coefficients against the mean log-loss; keeps data that
            a line separates from driving them without end.

    Raises:
        TrainingImpossible: Shapes differ, a number is missing, or all rows have one outcome.
    """
    matrix, outcomes = _checked(features, outcome, len(signs))
    means = matrix.mean(axis=0)
    spread = matrix.std(axis=0)
    varies = spread > _CONSTANT * np.maximum(np.abs(means), 1.0)
    deviations = np.where(varies, spread, 1.0)
    standard = np.where(varies, (matrix - means) / deviations, 0.0)
    rate = outcomes.mean()
    weights = _lowest(
        lambda weights: _loss(weights, standard, outcomes, ridge, np.zeros(len(signs))),
        np.array([np.log(rate / (1 - rate)), *np.zeros(len(signs))]),
        [(None, None), *(_BOUNDS[sign] for sign in signs)],
    )
    return Logistic(float(weights[0]), np.where(varies, weights[1:], 0.0), means, deviations)


def recalibrate(logits: ArrayLike, outcome: ArrayLike, ridge: float) -> Recalibration:
    """Offset and slope that fit known outcomes best; few or one-sided rows leave the slope near 1.

    Raises:
        TrainingImpossible: As for :func:`train`.
    """
    column, outcomes = _checked(np.asarray(logits, dtype=np.float64).reshape(-1, 1), outcome, 1)
    offset, slope = _lowest(
        lambda weights: _loss(weights, column, outcomes, ridge, np.ones(1)),
        np.array([0.0, 1.0]),
        [(None, None), _BOUNDS[Sign.RAISES]],
    )
    return Recalibration(float(offset), float(slope))


def probabilities(logits: ArrayLike) -> Numbers:
    """Probabilities of no purchase from log-odds."""
    return expit(np.asarray(logits, dtype=np.float64))


def log_odds(chances: ArrayLike) -> Numbers:
    """Log-odds of probabilities, which are kept ``CERTAIN`` away from 0 and 1."""
    kept = np.clip(np.asarray(chances, dtype=np.float64), CERTAIN, 1 - CERTAIN)
    return np.log(kept / (1 - kept))


def performance(logits: ArrayLike, outcome: ArrayLike) -> Performance:
    """Log-loss, Brier score and AUC of log-odds."""
    odds, outcomes = np.asarray(logits, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    stayed_away = outcomes.sum()
    pairs = stayed_away * (outcomes.size - stayed_away)
    wins = rankdata(odds)[outcomes == 1].sum() - stayed_away * (stayed_away + 1) / 2
    return Performance(
        log_loss=float(np.mean(np.logaddexp(0.0, odds) - outcomes * odds)),
        brier=float(np.mean((probabilities(odds) - outcomes) ** 2)),
        auc=float(wins / pairs) if pairs else None,
    )


def is_promoted(challenger: Performance, champion: Performance, required_gain: float) -> bool:
    """Whether the challenger's log-loss is better by more than the share that a change must bring."""
    return challenger.log_loss < champion.log_loss * (1 - required_gain)


def _checked(features: ArrayLike, outcome: ArrayLike, columns: int) -> tuple[Numbers, Numbers]:
    matrix, outcomes = np.asarray(features, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != columns or outcomes.shape != matrix.shape[:1]:
        raise TrainingImpossible(
            f"features {matrix.shape} and outcomes {outcomes.shape} do not fit; needed are (rows, {columns}) "
            "and (rows,)"
        )
    if not (np.isfinite(matrix).all() and np.isin(outcomes, (0.0, 1.0)).all()):
        raise TrainingImpossible("a feature is empty or infinite, or an outcome is neither 0 nor 1")
    if not 0 < outcomes.sum() < outcomes.size:
        raise TrainingImpossible(
            f"all of {outcomes.size} rows have one outcome; there is nothing to tell apart"
        )
    return matrix, outcomes


def _loss(
    weights: Numbers, standard: Numbers, outcomes: Numbers, ridge: float, towards: Numbers
) -> tuple[float, Numbers]:
    """Mean log-loss plus ridge, and its slope by intercept and coefficients."""
    odds = weights[0] + standard @ weights[1:]
    off = weights[1:] - towards
    value = np.mean(np.logaddexp(0.0, odds) - outcomes * odds) + ridge * (off @ off) / 2
    error = (expit(odds) - outcomes) / outcomes.size
    return float(value), np.array([error.sum(), *(standard.T @ error + ridge * off)])


def _lowest(
    loss: Callable[[Numbers], tuple[float, Numbers]],
    start: Numbers,
    bounds: list[tuple[float | None, float | None]],
) -> Numbers:
    found = minimize(
        loss,
        start,
        method="L-BFGS-B",
        jac=True,
        bounds=bounds,
        options={"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-7},
    )
    if not np.isfinite(found.x).all():
        raise TrainingImpossible("the fit did not converge; the rows say too little")
    return found.x
