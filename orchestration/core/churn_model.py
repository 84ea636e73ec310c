"""The trained churn model: logistic regression whose coefficients may not take a sign that makes no sense.

Belongs here: fitting, scoring, blending with the base and evaluating on arrays.
Does not: which members and dates are looked at, keeping versions, the score in SQL (int_churn_model__scores).

The outcome is 1 for a member who does *not* buy within the horizon. Features are standardised, so a version
is the same in whatever unit a feature comes; every array has one entry, or row, per member and date.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
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
class Blend:
    """How the base and a trained version become one score: a weighted sum of their log-odds, and a shift."""

    offset: float = 0.0
    base_weight: float = 0.5
    model_weight: float = 0.5

    def __call__(self, base_logits: Numbers, model_logits: Numbers) -> Numbers:
        """Log-odds of the blend."""
        return self.offset + self.base_weight * base_logits + self.model_weight * model_logits


@dataclass(frozen=True)
class Gain:
    """How much log-loss one score saves against another per row of the same rows, with its standard error."""

    mean: float
    error: float
    rows: int


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
        lambda weights: _loss(weights, standard, outcomes, ridge),
        np.array([np.log(rate / (1 - rate)), *np.zeros(len(signs))]),
        [(None, None), *(_BOUNDS[sign] for sign in signs)],
    )
    return Logistic(float(weights[0]), np.where(varies, weights[1:], 0.0), means, deviations)


def blend(base_logits: ArrayLike, model_logits: ArrayLike, outcome: ArrayLike, ridge: float) -> Blend:
    """The blend that fits known outcomes best, held near equal weights and no shift.

    Outcomes lie a whole horizon back, in another season than what is scored next: what they say of the shift
    and the weights is shrunk, and no weight is negative.

    Args:
        base_logits: Log-odds of the base.
        model_logits: Log-odds of a trained version.
        outcome: 1 for no purchase, 0 for a purchase.
        ridge: Weight of half the squared distance from the even blend against the mean log-loss.

    Raises:
        TrainingImpossible: As for :func:`train`.
    """
    columns, outcomes = _checked(np.column_stack([base_logits, model_logits]), outcome, 2)
    even = Blend()
    offset, base_weight, model_weight = _lowest(
        lambda weights: _shrunk_loss(weights, columns, outcomes, ridge, even),
        np.array(astuple(even)),
        [(None, None), _BOUNDS[Sign.RAISES], _BOUNDS[Sign.RAISES]],
    )
    return Blend(float(offset), float(base_weight), float(model_weight))


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


def paired_gain(challenger: ArrayLike, champion: ArrayLike, outcome: ArrayLike, members: ArrayLike) -> Gain:
    """Mean log-loss saved per row, paired row by row.

    Rows of one member are alike, on one date and the next, so the error is that of sums per member.

    Args:
        challenger: Log-odds of the score that would replace the other.
        champion: Log-odds of the other.
        outcome: 1 for no purchase, 0 for a purchase.
        members: Whose rows they are.
    """
    outcomes = np.asarray(outcome, dtype=np.float64)
    lost, saved = (np.asarray(odds, dtype=np.float64) for odds in (challenger, champion))
    gains = np.logaddexp(0.0, saved) - outcomes * saved - np.logaddexp(0.0, lost) + outcomes * lost
    mean = gains.mean()
    _, who = np.unique(np.asarray(members), return_inverse=True)
    per_member = np.bincount(who, weights=gains - mean)
    return Gain(float(mean), float(np.sqrt((per_member**2).sum()) / gains.size), gains.size)


def is_promoted(gains: Sequence[Gain], *, is_champion: bool, required_errors: float) -> bool:
    """Whether the blend is used from now on, and not the base.

    One comparison covers some weeks, and a season may favour either; so the last ones count together. Who is
    not in use must be better by more than chance, who is keeps its place while it is no worse: the base wins
    back by a lower mean, or at once by a newest comparison that chance does not explain.

    Args:
        gains: Of blends over the base, the newest last.
        is_champion: A blend is in use so far.
        required_errors: Standard errors that chance may make.
    """
    newest, mean = gains[-1], mean_gain(gains)
    if newest.mean < -required_errors * newest.error:
        return False
    return mean.mean > (0.0 if is_champion else required_errors * mean.error)


def mean_gain(gains: Sequence[Gain]) -> Gain:
    """Comparisons taken together, by their rows; they look at the same members, so errors do not cancel."""
    rows = [each.rows for each in gains]
    return Gain(
        float(np.average([each.mean for each in gains], weights=rows)),
        float(np.sqrt(np.average([each.error**2 for each in gains], weights=rows))),
        sum(rows),
    )


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


def _loss(weights: Numbers, standard: Numbers, outcomes: Numbers, ridge: float) -> tuple[float, Numbers]:
    """Mean log-loss plus ridge on the coefficients, and its slope by intercept and coefficients."""
    odds = weights[0] + standard @ weights[1:]
    value = np.mean(np.logaddexp(0.0, odds) - outcomes * odds) + ridge * (weights[1:] @ weights[1:]) / 2
    error = (expit(odds) - outcomes) / outcomes.size
    return float(value), np.array([error.sum(), *(standard.T @ error + ridge * weights[1:])])


def _shrunk_loss(
    weights: Numbers, columns: Numbers, outcomes: Numbers, ridge: float, even: Blend
) -> tuple[float, Numbers]:
    value, slope = _loss(weights, columns, outcomes, 0.0)
    away = weights - np.array(astuple(even))
    return value + ridge * float(away @ away) / 2, slope + ridge * away


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
