"""Adding up amounts that are text: SQL that never adds up what cannot be read.

Belongs here: sums, differences and products of texts, as text with two decimals.
Does not: how an amount is written in a file (forms.py): here it is `1234.50` or no amount.

Where a text is no amount, the result is that text: the loader quarantines the row with what was found.
"""

from __future__ import annotations


def decimal(text: str) -> str:
    """SQL: the amount; null where it is none."""
    return f"try_cast({text} as decimal(30, 6))"


def is_bad(text: str) -> str:
    """SQL: whether there is a text that is no amount."""
    return f"({text} is not null and {decimal(text)} is null)"


def money(value: str) -> str:
    """SQL: a number as text with two decimals."""
    return f"cast(cast(round({value}, 2) as decimal(30, 2)) as varchar)"


def plus(one: str, other: str, sign: str = "+") -> str:
    """SQL: a sum of two amounts; the other may be missing, the one may not."""
    total = money(f"{decimal(one)} {sign} coalesce({decimal(other)}, 0)")
    return f"case when {is_bad(one)} then {one} when {is_bad(other)} then {other} else {total} end"


def minus(one: str, other: str) -> str:
    """SQL: a difference of two amounts; what is taken away may be missing."""
    return plus(one, other, "-")


def times(one: str, other: str) -> str:
    """SQL: a product of two amounts."""
    product = money(
        f"cast(try_cast({one} as decimal(18, 6)) * try_cast({other} as decimal(18, 6)) as decimal(30, 6))"
    )
    return f"case when {is_bad(one)} then {one} when {is_bad(other)} then {other} else {product} end"


def total(text: str, condition: str) -> str:
    """SQL: the sum of a column within a group; the first text that is no amount, if there is one."""
    bad = f"min({text}) filter (({condition}) and {is_bad(text)})"
    return f"coalesce({bad}, {money(f'sum({decimal(text)}) filter ({condition})')})"
