"""Whether the arms have the sizes they were meant to have.

Belongs here: the sample ratio check.
Does not: what an experiment with wrong sizes is worth (nothing; see ``verdict``).

Pearson's chi-square against the declared shares [Fabijan et al. 2019, Diagnosing Sample Ratio Mismatch in
Online Controlled Experiments]. Count assigned members, not matured or reached ones.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from scipy.special import chdtrc

from orchestration.core.errors import InputFault

# Cochran's rule: below it chi-square is no approximation of anything.
_LEAST_EXPECTED = 5


class Ratio(Enum):
    """What the sizes of the arms say."""

    FINE = "fine"
    WARN = "warn"
    STOP = "stop"
    NOT_ENOUGH = "not_enough"


@dataclass(frozen=True)
class SampleRatio:
    """Result of the check.

    Attributes:
        ratio: What it says.
        p_value: Chance of sizes at least as far from the shares; empty when there are too few members.
        expected: Members each arm was to have.
        members: Members each arm has.
    """

    ratio: Ratio
    p_value: float | None
    expected: dict[str, float]
    members: dict[str, int]


def check(
    members: Mapping[str, int], shares: Mapping[str, float], *, stop_below: float, warn_below: float
) -> SampleRatio:
    """Hold the number of assigned members of each arm against its share.

    Args:
        members: Assigned members by arm; an arm that is absent has none.
        shares: Declared share of each arm; above 0, together 1.
        stop_below: P-value below which nothing of the experiment is read.
        warn_below: P-value below which somebody should look.

    Raises:
        InputFault: Shares do not add up to 1, one is not above 0, or an arm was never declared.
    """
    if not shares or min(shares.values()) <= 0 or not math.isclose(sum(shares.values()), 1, abs_tol=1e-9):
        raise InputFault(f"shares of arms are {dict(shares)}; each is above 0 and together they are 1")
    undeclared = sorted(members.keys() - shares.keys())
    if undeclared:
        raise InputFault(f"members are in arms without a share: {', '.join(undeclared)}; declare them")
    found = {arm: members.get(arm, 0) for arm in shares}
    total, whole = sum(found.values()), sum(shares.values())
    expected = {arm: total * share / whole for arm, share in shares.items()}
    if len(shares) == 1 or min(expected.values()) < _LEAST_EXPECTED:
        return SampleRatio(Ratio.NOT_ENOUGH, None, expected, found)
    distance = sum((found[arm] - expected[arm]) ** 2 / expected[arm] for arm in shares)
    p_value = float(chdtrc(len(shares) - 1, distance))
    ratio = Ratio.STOP if p_value < stop_below else Ratio.WARN if p_value < warn_below else Ratio.FINE
    return SampleRatio(ratio, p_value, expected, found)
