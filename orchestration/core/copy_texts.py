"""Texts to members: variables of templates, and cells that a spreadsheet must not take for formulas.

Belongs here: rules on texts.
Does not: templates and fallbacks themselves (``seeds/``), facts about members.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from orchestration.core.folding import folded

VARIABLES = ("product", "usual_days", "benefit", "expires_on", "store")
_VARIABLE = re.compile(r"\{([^{}]*)\}")
# What spreadsheets take for the start of a formula; the wide forms are so too where Chinese is typed.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_PHONE = re.compile(r"\+[0-9]+")


def variables_of(text: str) -> set[str]:
    """The names in braces."""
    return set(_VARIABLE.findall(text))


def filled(text: str, values: Mapping[str, str | None], fallbacks: Mapping[str, str]) -> str | None:
    """The text with its variables filled, once: braces inside a value stay what they are.

    Args:
        text: Template.
        values: What is known about the member, by variable.
        fallbacks: What stands for a variable that is not known.

    Returns:
        The text, or None where a variable is neither known nor has a fallback.
    """
    known = {name: values.get(name) or fallbacks.get(name) for name in variables_of(text)}
    if not all(known.values()):
        return None
    return _VARIABLE.sub(lambda found: known[found[1]] or "", text)


def dialled(given: str, number: str) -> str:
    """A phone number as a sending tool dials it.

    Args:
        given: As it was delivered.
        number: What number that is (``core.phones``); one of China has no country code, and gets it where it
            was given with one.
    """
    return f"+86{number}" if number[0] != "+" and folded(given)[0] == "+" else number


def neutral(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would take it for a formula.

    A plus and digits alone stay: they are a phone number, of which a spreadsheet makes a number at worst.
    """
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) and not _PHONE.fullmatch(cell) else cell
