"""Which arm of an experiment a member is in.

Belongs here: the draw and the cuts, as any engine can make them in SQL.
Does not: who is eligible, shares of arms, keeping what was assigned.

A draw is the first 15 hex digits of ``md5(salt || ':' || member_key)`` as a fraction of all such numbers: the
same member, the same salt, the same draw, on every engine. Another salt gives an unrelated draw. Arms take
their shares of the fractions in the order of their codes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal

from orchestration.core.errors import InputFault

_DIGITS = 15


def draw(salt: str, member_key: str) -> float:
    """The member's fraction under a salt, from 0 to 1."""
    digits = hashlib.md5(f"{salt}:{member_key}".encode(), usedforsecurity=False).hexdigest()[:_DIGITS]
    return int(digits, 16) / 16**_DIGITS


def arm_of(salt: str, member_key: str, shares: Mapping[str, Decimal]) -> str:
    """The arm whose part of the fractions the member's draw falls into.

    Args:
        salt: Code of what is drawn for; experiments with one salt have the same arms.
        member_key: Key of the member.
        shares: Share of each arm by its code; above 0, together exactly 1, whatever their order.

    Raises:
        InputFault: The shares are not such.
    """
    if not shares or min(shares.values()) <= 0 or sum(shares.values()) != 1:
        told = ", ".join(f"{arm} {share}" for arm, share in sorted(shares.items()))
        raise InputFault(f"arms of {salt} have the shares {told}; each is above 0 and together they are 1")
    fraction, upper = draw(salt, member_key), Decimal(0)
    *earlier, last = sorted(shares)
    for arm in earlier:
        upper += shares[arm]
        if fraction < float(upper):
            return arm
    return last
