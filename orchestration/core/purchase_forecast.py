"""What members who buy will do next: expected purchases of BG/NBD and MBG/NBD.

Belongs here: expectations over a horizon that follow from a fit.
Does not: likelihoods and fits (core.purchase_models), the same in SQL (int_margin__forecasts).
"""

from __future__ import annotations

from dataclasses import astuple

from scipy.special import hyp2f1

from orchestration.core.purchase_models import Histories, Model, Numbers, Parameters, p_alive


def expected_purchases(model: Model, parameters: Parameters, histories: Histories, horizon: float) -> Numbers:
    """Expected purchases within ``horizon`` units of time from now, per history.

    Equation 10 of Fader, Hardie, Lee 2005 for BG/NBD; for MBG/NBD, where a member may leave once more, that
    of Wagner, Hoppe 2008. ``a`` may come close to 1, where the formula is 0 / 0, but not be 1.
    """
    r, alpha, a, b = astuple(parameters)
    x = histories.repeats
    stays = b + x + 1 if model is Model.MBG_NBD else b + x
    shape, time = r + x, horizon / (alpha + histories.age)
    several = a + stays - 1
    quiet = (1 + time) ** -shape * hyp2f1(shape, stays, several, time / (1 + time))
    return p_alive(model, parameters, histories) * several / (a - 1) * (1 - quiet)
