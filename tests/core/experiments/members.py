"""Members of arms, and their sums as SQL would deliver them.

Belongs here: drawing members, folding them to ``ArmStatistics``.
Does not: evaluating them.
"""

from itertools import combinations_with_replacement

import numpy as np

from orchestration.core.experiments.arm_statistics import ArmStatistics


def arm_of(name, **columns):
    """Sums of columns of floats; the letters are those of ``ArmStatistics``."""
    values = {letter: np.asarray(column, dtype=float) for letter, column in columns.items()}
    sums = {f"sum_{letter}": float(column.sum()) for letter, column in values.items()}
    for left, right in combinations_with_replacement(sorted(values), 2):
        sums[f"sum_{left}{right}"] = float(values[left] @ values[right])
    return ArmStatistics(name, len(values["y"]), **sums)


def exact_arm_of(name, **columns):
    """The same of columns of ``Decimal`` or ``int``."""
    sums = {f"sum_{letter}": sum(column) for letter, column in columns.items()}
    for left, right in combinations_with_replacement(sorted(columns), 2):
        sums[f"sum_{left}{right}"] = sum(
            one * other for one, other in zip(columns[left], columns[right], strict=True)
        )
    return ArmStatistics(name, len(columns["y"]), **sums)


def spenders(rng, members, uplift=0.0):
    """Skewed spend ``y`` with many zeros, its past ``x``, orders ``d`` and past orders ``w``; none negative.

    The true mean of ``y`` is ``7.2 + uplift``, that of ``d`` is 2.
    """
    liking = rng.gamma(2.0, 1.0, members)
    w = rng.poisson(liking) + 0.0
    d = rng.poisson(liking) + 0.0
    x = w * rng.gamma(4.0, 0.9, members)
    y = d * rng.gamma(4.0, 0.9, members) + uplift
    return {"y": y, "x": x, "d": d, "w": w}


def only(columns, letters):
    return {letter: columns[letter] for letter in letters}
