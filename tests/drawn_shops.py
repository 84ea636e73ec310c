"""Shops drawn from the purchase model itself: made-up people whose rate and chance to leave are known.

Belongs here: histories counted by days, as orders are.
Does not: deliveries and homes (tests.built).
"""

import numpy as np

from orchestration.core.purchase_models import Histories

# Nobody can be told from anybody: all buy at one rate and leave with one chance.
ALIKE = {"rate_shape": 1e6, "leaving": (3e5, 7e5)}


def drawn_shop(seed, members=300, youngest=5, oldest=365, rate_shape=0.4, leaving=(0.8, 2.0)):
    """Histories of buyers who buy every 500 days on average until they leave."""
    chance = np.random.default_rng(seed)
    rows = []
    for _ in range(members):
        rate = chance.gamma(rate_shape, 1 / (500 * rate_shape))
        leave, age = chance.beta(*leaving), int(chance.integers(youngest, oldest + 1))
        days, now = {0}, 0.0
        while chance.random() >= leave and (now := now + chance.exponential(1 / rate)) <= age:
            days.add(int(np.ceil(now)))
        days = {day for day in days if day <= age}
        rows.append((len(days) - 1, max(days), age))
    return Histories.of(*np.array(rows).T)
