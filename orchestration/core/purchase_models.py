"""Buy-till-you-die models: who still buys, who will not buy for a while, what a purchase is worth.

Belongs here: likelihoods, fits and predictions of BG/NBD, MBG/NBD and gamma-gamma on arrays.
Does not: choosing members and dates, keeping parameters, the same formulas in SQL (member_churn_probability).

A member buys at a constant rate (gamma over members: ``r``, ``alpha``) until leaving with a constant chance
after each purchase (beta over members: ``a``, ``b``). BG/NBD [Fader, Hardie, Lee 2005, "Counting Your
Customers" the Easy Way] lets nobody leave before the second purchase, so whoever bought once counts as alive
for ever; MBG/NBD [Batislam, Denizel, Filiztekin 2007; Hoppe, Wagner 2007] lets them leave after the first as
well. Rank members by MBG/NBD only. Gamma-gamma [Fader, Hardie 2013, The Gamma-Gamma Model of Monetary Value]
is about amounts, whatever the timing.

Every array has one entry per history and shape ``(n,)``; every time is in one unit, chosen by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import digamma, expit, gammaincinv, gammaln, ndtri

from orchestration.core.errors import RekindleError

Numbers = NDArray[np.float64]

# The optimiser works on logarithms inside these bounds, with the longest age as the unit of time.
_LOG_BOUNDS = (-12.0, 12.0)
# Starts far apart: the likelihood has flat ridges where nobody, or everybody, leaves.
_STARTS = ((0.5, 0.2, 0.8, 2.0), (1.0, 0.05, 0.1, 1.0), (0.2, 0.02, 0.5, 5.0))
# Slope of the mean log-likelihood by a parameter's logarithm that counts as none.
_FLAT = 1e-4
# As near to a bound is at it: a parameter of some thousands, or of some ten-thousandths, lies on a ridge that
# rises to the bound.
_AT_BOUND = 4.0
# What is known before anybody has bought: the parameters' logarithms are normal around the first start, and
# a parameter is as likely more than ten times away from it as not. Some hundred members outweigh it wherever
# they determine anything.
_PRIOR_DEVIATION = float(np.log(10) / ndtri(0.75))
_VALUE_STARTS = ((1.0, 2.0, 1.0), (5.0, 4.0, 0.5), (0.5, 1.5, 2.0))


class FitImpossible(RekindleError):
    """The histories cannot be what a model describes, or do not determine its parameters."""


class Model(Enum):
    """Whether a member may leave after the first purchase (MBG/NBD) or only after a repeat (BG/NBD)."""

    BG_NBD = "bg_nbd"
    MBG_NBD = "mbg_nbd"


@dataclass(frozen=True)
class Parameters:
    """Parameters of BG/NBD and MBG/NBD; all above 0.

    Attributes:
        r: Shape of the purchase rates over members; no unit.
        alpha: Rate parameter of the same, in units of time.
        a: First parameter of the beta over members' chance to leave after a purchase.
        b: Second parameter of the same.
    """

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class Histories:
    """Purchase histories, equal ones counted once.

    Attributes:
        repeats: Purchases after the first, ``x``; whole numbers, 0 or more.
        last: Time of the last purchase since the first, ``tx``; 0 without repeats.
        age: Time since the first purchase, ``T``; at least ``last``.
        members: How many members have this history.
    """

    repeats: Numbers
    last: Numbers
    age: Numbers
    members: Numbers

    @classmethod
    def of(
        cls, repeats: ArrayLike, last: ArrayLike, age: ArrayLike, members: ArrayLike | None = None
    ) -> Histories:
        """Check arrays of one length and take them as histories; without ``members`` each is one member's.

        Raises:
            FitImpossible: Lengths differ, a number is missing, or a history contradicts itself.
        """
        counted = np.ones(np.shape(repeats)) if members is None else members
        arrays = [np.asarray(values, dtype=np.float64) for values in (repeats, last, age, counted)]
        if len({values.shape for values in arrays}) != 1 or arrays[0].ndim != 1:
            shapes = ", ".join(str(values.shape) for values in arrays)
            raise FitImpossible(f"histories need arrays of one length, found shapes {shapes}")
        x, tx, ages, count = arrays
        if not all(np.isfinite(values).all() for values in arrays):
            raise FitImpossible("a history has an empty or infinite number; leave such members out")
        broken = (x < 0) | (x != np.floor(x)) | (tx < 0) | (tx > ages) | ((x == 0) & (tx > 0)) | (count < 0)
        if broken.any():
            raise FitImpossible(
                f"{int(broken.sum())} histories contradict themselves; allowed are whole repeats >= 0, "
                "0 <= last <= age, last = 0 without repeats, members >= 0"
            )
        return cls(x, tx, ages, count)


@dataclass(frozen=True)
class Fit:
    """What maximum likelihood found.

    Attributes:
        model: The model.
        parameters: Its parameters, in the histories' unit of time.
        log_likelihood: Sum over members, in the same unit, without ``-log(x!)`` as in the papers.
        members: Members it was fitted on.
        has_prior: The histories alone determined nothing, and a weak prior had to hold the parameters.
    """

    model: Model
    parameters: Parameters
    log_likelihood: float
    members: int
    has_prior: bool = False


def log_likelihood(model: Model, parameters: Parameters, histories: Histories) -> float:
    """Log-likelihood of the histories, summed over members.

    BG/NBD: equation 6 of Fader, Hardie, Lee 2005. MBG/NBD: section 3 of Batislam, Denizel, Filiztekin 2007.
    """
    return log_likelihood_and_slope(model, parameters, histories)[0]


def log_likelihood_and_slope(
    model: Model, parameters: Parameters, histories: Histories
) -> tuple[float, Numbers]:
    """The log-likelihood, and its derivatives by ``r``, ``alpha``, ``a`` and ``b`` (shape ``(4,)``)."""
    r, alpha, a, b = astuple(parameters)
    x, until_last, until_now = histories.repeats, alpha + histories.last, alpha + histories.age
    # After the first purchase too a member may leave in MBG/NBD: one chance more than repeats.
    chances = x + 1 if model is Model.MBG_NBD else x
    # Where nobody can be gone, b only keeps the logarithm from complaining.
    stays = np.where(chances > 0, b + chances - 1, b)
    here = -(r + x) * np.log(until_now)
    gone = np.where(chances > 0, np.log(a) - np.log(stays) - (r + x) * np.log(until_last), -np.inf)
    either = np.logaddexp(here, gone)
    is_gone = np.exp(gone - either)
    per_member = (
        (gammaln(r + x) - gammaln(r) + r * np.log(alpha))
        + (gammaln(a + b) - gammaln(b) + gammaln(b + chances) - gammaln(a + b + chances))
        + either
    )
    left = digamma(a + b) - digamma(a + b + chances)
    slopes = (
        digamma(r + x)
        - digamma(r)
        + np.log(alpha)
        - (1 - is_gone) * np.log(until_now)
        - is_gone * np.log(until_last),
        r / alpha - (r + x) * ((1 - is_gone) / until_now + is_gone / until_last),
        left + is_gone / a,
        left - digamma(b) + digamma(b + chances) - is_gone / stays,
    )
    weights = histories.members
    return float(weights @ per_member), np.array([weights @ slope for slope in slopes])


def fit(model: Model, histories: Histories, start: Parameters | None = None) -> Fit:
    """Maximum-likelihood parameters by L-BFGS-B on their logarithms, from a known place or several starts.

    Args:
        model: The model.
        histories: Those of a sample of members; some thousand are enough.
        start: Where to start, such as everybody's parameters for a group; from elsewhere only where that
            leads nowhere.

    Raises:
        FitImpossible: Nobody bought again, no start converged, or the best is at a bound of the optimiser.
    """
    return _fit(model, histories, start, prior=0.0)


def fit_with_prior(model: Model, histories: Histories) -> Fit:
    """The most likely parameters under a weak prior, for histories too few or too alike to determine them.

    Members who all buy at one rate, or of whom none can be told to have left, have a likelihood that rises
    without end: every parameter beyond some size says the same. The prior chooses among them.

    Raises:
        FitImpossible: Nobody bought again, or no start converged.
    """
    return _fit(model, histories, None, prior=1.0)


def _fit(model: Model, histories: Histories, start: Parameters | None, prior: float) -> Fit:
    members = float(histories.members.sum())
    if not (histories.members * histories.repeats).sum() > 0:
        raise FitImpossible(f"none of {int(members)} members bought a second time; there is no rhythm to fit")
    unit = float(histories.age.max())
    scaled = Histories(histories.repeats, histories.last / unit, histories.age / unit, histories.members)

    def loss(logs: Numbers) -> tuple[float, Numbers]:
        value, slope = log_likelihood_and_slope(model, Parameters(*np.exp(logs)), scaled)
        away = (logs - np.log(_STARTS[0])) / _PRIOR_DEVIATION
        # By the logarithm of a parameter, the slope is the parameter times the slope by itself.
        return (
            (prior * (away @ away) / 2 - value) / members,
            (prior * away / _PRIOR_DEVIATION - slope * np.exp(logs)) / members,
        )

    r, alpha, a, b = _lowest_from(loss, start and Parameters(start.r, start.alpha / unit, start.a, start.b))
    parameters = Parameters(r, alpha * unit, a, b)
    value = log_likelihood(model, parameters, histories)
    return Fit(model, parameters, value, int(members), has_prior=prior > 0)


def p_alive(model: Model, parameters: Parameters, histories: Histories) -> Numbers:
    """Probability that a member has not left, per history.

    Without repeats BG/NBD says 1 by construction: never rank members by it.
    """
    return expit(_log_odds(model, parameters, histories))


def p_no_purchase(model: Model, parameters: Parameters, histories: Histories, horizon: float) -> Numbers:
    """Probability of no purchase within ``horizon`` units of time from now, per history: ``p0(H)``.

    Gone, or here and silent; the latter follows from the gamma posterior of the purchase rate, whose shape is
    ``r + x`` and whose rate parameter is ``alpha + T``.
    """
    r, alpha, _, _ = astuple(parameters)
    odds = _log_odds(model, parameters, histories)
    silent = ((alpha + histories.age) / (alpha + histories.age + horizon)) ** (r + histories.repeats)
    return expit(odds) * silent + expit(-odds)


@dataclass(frozen=True)
class ValueParameters:
    """Parameters of gamma-gamma; all above 0.

    Attributes:
        p: Shape of the amounts of one member.
        q: Shape of the members' scale; only above 1 there is a mean.
        gamma: Rate parameter of the same, in money.
    """

    p: float
    q: float
    gamma: float


def value_log_likelihood(parameters: ValueParameters, purchases: Numbers, average: Numbers) -> float:
    """Log-likelihood of average amounts, summed over members: equation 1a of Fader, Hardie 2013."""
    p, q, gamma = astuple(parameters)
    shape = p * purchases
    return float(
        np.sum(
            gammaln(shape + q)
            - gammaln(shape)
            - gammaln(q)
            + q * np.log(gamma)
            + (shape - 1) * np.log(average)
            + shape * np.log(purchases)
            - (shape + q) * np.log(gamma + purchases * average)
        )
    )


def fit_value(purchases: ArrayLike, average: ArrayLike) -> ValueParameters:
    """Maximum-likelihood parameters of gamma-gamma.

    Args:
        purchases: Purchases behind each average; those of members without any are left out by the caller.
        average: Average amount of a purchase, above 0.

    Raises:
        FitImpossible: Lengths differ, a number is not above 0, no start converged, or the best is at a bound.
    """
    counts, averages = np.asarray(purchases, dtype=np.float64), np.asarray(average, dtype=np.float64)
    if counts.shape != averages.shape or counts.ndim != 1 or not counts.size:
        raise FitImpossible(
            f"purchases and averages need one length above 0, found {counts.shape} and {averages.shape}"
        )
    if not ((counts > 0) & (averages > 0) & np.isfinite(counts) & np.isfinite(averages)).all():
        raise FitImpossible("purchases and average amounts must be above 0; leave other members out")
    unit = float(averages.mean())

    def loss(logs: Numbers) -> float:
        return -value_log_likelihood(ValueParameters(*np.exp(logs)), counts, averages / unit) / counts.size

    p, q, gamma = _lowest(loss, _VALUE_STARTS, slope="3-point")
    return ValueParameters(p, q, gamma * unit)


def expected_value(parameters: ValueParameters, purchases: Numbers, average: Numbers) -> Numbers:
    """Expected amount of a future purchase, per member: equation 5 of Fader, Hardie 2013.

    Without purchases (0, and any average) it is the mean over members.

    Raises:
        FitImpossible: ``q`` is not above 1, where a member without purchases has no finite mean.
    """
    p, q, gamma = astuple(parameters)
    if q <= 1:
        raise FitImpossible(f"q is {q:.3f}; an expected amount needs q above 1")
    return p * (gamma + purchases * average) / (p * purchases + q - 1)


def value_interval(
    parameters: ValueParameters, purchases: Numbers, average: Numbers, coverage: float
) -> tuple[Numbers, Numbers]:
    """Bounds of a member's true average amount, with ``coverage`` (such as .8) between them.

    A member's mean is ``p`` over the scale, whose posterior is gamma with shape ``p x + q`` and
    rate parameter ``gamma + x z`` [Fader, Hardie 2013]; a large scale is a small mean,
    hence the exchanged tails.
    """
    p, q, gamma = astuple(parameters)
    tail = (1 - coverage) / 2
    shape, rate = p * purchases + q, gamma + purchases * average
    return p * rate / gammaincinv(shape, 1 - tail), p * rate / gammaincinv(shape, tail)


def _log_odds(model: Model, parameters: Parameters, histories: Histories) -> Numbers:
    """Logarithm of the odds of being here, which does not vanish; infinite where nobody can be gone."""
    r, alpha, a, b = astuple(parameters)
    x = histories.repeats
    here = (r + x) * np.log((alpha + histories.last) / (alpha + histories.age))
    if model is Model.MBG_NBD:
        return here - np.log(a / (b + x))
    return np.where(x > 0, here - np.log(a / (b + np.maximum(x, 1) - 1)), np.inf)


def _lowest_from(loss: Callable[[Numbers], object], start: Parameters | None) -> list[float]:
    """The lowest loss near a known place, or over all starts where there is none or it leads nowhere."""
    if start is not None:
        try:
            return _lowest(loss, [astuple(start)], slope=True)
        except FitImpossible:
            pass
    return _lowest(loss, _STARTS, slope=True)


def _lowest(
    loss: Callable[[Numbers], object], starts: Sequence[Sequence[float]], slope: bool | str
) -> list[float]:
    """The parameters with the lowest loss per member over all starts.

    Args:
        loss: Of the logarithms; with its slope when ``slope`` is true, else differences stand in for it.
        starts: Where to begin.
        slope: As ``jac`` of scipy's ``minimize``.
    """
    found = [
        minimize(
            loss,
            np.log(start),
            method="L-BFGS-B",
            jac=slope,
            bounds=[_LOG_BOUNDS] * len(start),
            options={"maxiter": 1000, "maxfun": 20_000, "ftol": 1e-13, "gtol": 1e-7},
        )
        for start in starts
    ]
    # A line search also gives up where rounding hides any further gain: on a flat top, which is a result.
    reached = [each for each in found if each.success or np.abs(each.jac).max() < _FLAT]
    if not reached:
        raise FitImpossible("maximum likelihood did not converge; the histories say too little")
    best = min(reached, key=lambda result: result.fun).x
    if np.abs(best).max() > _LOG_BOUNDS[1] - _AT_BOUND:
        raise FitImpossible(
            "maximum likelihood ends at a bound of the optimiser; what was observed does not determine the "
            "parameters"
        )
    return [float(value) for value in np.exp(best)]
