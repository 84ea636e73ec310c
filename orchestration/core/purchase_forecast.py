"""What members who buy will do next: expected purchases of BG/NBD and MBG/NBD.

Belongs here: expectations over a horizon that follow from a fit.
Does not: likelihoods and fits (core.purchase_models), the same in SQL (int_margin__forecasts).
"""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
from scipy.special import betaln, expit, roots_legendre, xlog1py

from orchestration.core.purchase_models import Histories, Model, Numbers, Parameters, p_alive

# Not numpy's: for so many it takes as long as all imports together, on every core there is.
_NODES, _WEIGHTS = roots_legendre(400)


def expected_purchases(model: Model, parameters: Parameters, histories: Histories, horizon: float) -> Numbers:
    """Expected purchases within ``horizon`` units of time from now, per history.

    Whoever leaves with a known chance p after a purchase buys ``(1 - (1 + p t)^-(r + x)) / p`` times on
    average while here, with t the horizon in units of ``alpha + T``. That is averaged over the beta posterior
    of p by Gauss-Legendre on its log-odds. The average is equation 10 of Fader, Hardie, Lee 2005 for BG/NBD,
    and that of Wagner, Hoppe 2008 for MBG/NBD, where a member may leave once more; the hypergeometric
    function they write it with loses its digits for long histories.
    """
    r, alpha, a, b = astuple(parameters)
    shape, time = r + histories.repeats, horizon / (alpha + histories.age)
    stays = b + histories.repeats + (1 if model is Model.MBG_NBD else 0)
    middle, spread = np.log(a / stays), np.sqrt(1 / a + 1 / stays)
    expected = np.zeros(shape.shape)
    # Left of the middle the density falls like exp(a u), right of it like exp(-stays u) or faster.
    for outside in (-40 * np.maximum(spread, 1 / a), 40 * np.maximum(spread, 1 / stays)):
        odds = middle[:, None] + outside[:, None] * (1 + _NODES) / 2
        density = np.exp(a * _log(odds) + stays[:, None] * _log(-odds) - betaln(a, stays)[:, None])
        leave = np.maximum(expit(odds), np.finfo(float).tiny)
        while_here = -np.expm1(-xlog1py(shape[:, None], leave * time[:, None])) / leave
        expected += np.abs(outside) / 2 * ((density * while_here) @ _WEIGHTS)
    return p_alive(model, parameters, histories) * expected


def came_share(came: Numbers, expected: Numbers) -> float:
    """What came as a share of what was expected, as far as chance does not explain that it is not 1.

    The distance from 1 counts by its square against that of its standard error: a sure one whole, others
    little.
    """
    if not expected.sum() > 0:
        return 1.0
    share = float(came.sum() / expected.sum())
    error = float(np.sqrt(((came - share * expected) ** 2).sum()) / expected.sum())
    away = share - 1
    return 1 + away * away**2 / (away**2 + error**2) if away else 1.0


def _log(odds: Numbers) -> Numbers:
    """Logarithm of the chance with these log-odds."""
    return -np.logaddexp(0.0, -odds)
