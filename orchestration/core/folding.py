"""One form for texts that look alike: ids, codes and contact details as people and programs write them.

Belongs here: folding in Python (the reference) and in DuckDB's SQL.
Does not: which columns are folded (core.contract), what contact details are (core.pseudonyms).
"""

from __future__ import annotations

import unicodedata

ID_CASES = ("keep", "lower", "upper")
"""What may become of the letters of a source's ids."""

# Spelled out, because "white space" means something different to each regular expression engine.
_SPACES = (
    "\t\n\x0b\x0c\r\u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
)
_WIDE = "".join(map(chr, range(0xFF01, 0xFF5F)))
_NARROW = "".join(map(chr, range(0x21, 0x7F)))
# Soft hyphen, zero-width characters, marks of direction, joiners, byte order mark: seen by nobody.
_INVISIBLE = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff"
)
_FOLDED = {
    **dict(zip(map(ord, _WIDE), _NARROW, strict=True)),
    **dict.fromkeys(map(ord, _SPACES), " "),
    **dict.fromkeys(map(ord, _INVISIBLE)),
}
# Marks that came with Unicode 15: DuckDB puts them in their order, Python 3.11 does not know them.
_LATER_MARKS = "\U00010efd\U00010efe\U00010eff\U00011f41\U00011f42\U0001e08f" + "".join(
    map(chr, range(0x1E4EC, 0x1E4F0))
)
_LOWER = "abcdefghijklmnopqrstuvwxyz"
_PLAIN = "[!-~]*"
# Of ASCII nothing else changes.
_PLAIN_SPACES = " \t\n\x0b\x0c\r"


def folded(text: str) -> str:
    """The text with wide letters, digits and signs made narrow, odd spaces plain, invisible characters gone.

    Then in Unicode's form NFC, where that is the same everywhere, and without spaces at its ends.
    """
    return _nfc(text.translate(_FOLDED)).strip(" ")


def folded_sql(text: str) -> str:
    """DuckDB expression that equals :func:`folded` of an expression yielding text."""
    # Nearly every text is plain; translating one takes a hundred times as long as looking at it.
    changed = (
        f"case when regexp_matches({text}, '[{_SPACES}{_WIDE}{_INVISIBLE}]') "
        f"then translate({text}, {_literal(_WIDE + _SPACES + _INVISIBLE)}, "
        f"{_literal(_NARROW + ' ' * len(_SPACES))}) else {text} end"
    )
    # Searching for single characters takes half the time of an expression that says the same.
    spaces = "".join(f" and not contains({text}, chr({ord(space)}))" for space in _PLAIN_SPACES)
    return (
        f"case when strlen({text}) = length({text}){spaces} then {text} "
        f"else trim({_nfc_sql(changed, text)}, ' ') end"
    )


def identifier(text: str, case: str = "keep") -> str | None:
    """The form in which two spellings of one id or code are equal; None when nothing is left.

    Args:
        text: As delivered.
        case: One of ``ID_CASES``; upper is for the letters a to z, of which each has one capital everywhere.
    """
    found = folded(text)
    # A letter of the other case may join with a mark that stands by itself: İ is i, and with an accent í.
    if case == "lower":
        found = _nfc(lower(found))
    elif case == "upper":
        found = _nfc(found.translate(str.maketrans(_LOWER, _LOWER.upper())))
    return found or None


def identifier_sql(text: str, case: str = "keep") -> str:
    """DuckDB expression that equals :func:`identifier` of an expression yielding text."""
    found = folded_sql(text)
    if case == "lower":
        found = _nfc_sql(f"lower({found})", text)
    elif case == "upper":
        capitals = _nfc_sql(f"translate({found}, '{_LOWER}', '{_LOWER.upper()}')", text)
        found = f"case when regexp_full_match({text}, '{_PLAIN}') then upper({text}) else {capitals} end"
    return f"nullif({found}, '')"


def lower(text: str) -> str:
    """In lower case as DuckDB has it: no final sigma, and a dotted capital I is one letter."""
    return "".join(letter.lower()[0] for letter in text)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text) if set(text).isdisjoint(_LATER_MARKS) else text


def _nfc_sql(text: str, delivered: str) -> str:
    """The same; what was delivered tells whether a later mark is in it."""
    has_later = f"regexp_matches({delivered}, '[{_LATER_MARKS}]')"
    return f"case when {has_later} then {text} else nfc_normalize({text}) end"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
