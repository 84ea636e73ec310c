"""Contact details to pseudonyms: one normal form per kind, then HMAC-SHA256 under the secret.

Belongs here: the normal forms and the keyed hash, each in Python (the reference) and in DuckDB's SQL.
Does not: keeping the secret, running the SQL, deciding which values are placeholders.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

CONTACT_KINDS = ("phone", "email", "union_id", "card", "name", "address")

PSEUDONYM_LENGTH = 32
"""Hex digits kept of the HMAC: 128 bits."""

INNER_PAD_VARIABLE = "rekindle_inner_pad"
OUTER_PAD_VARIABLE = "rekindle_outer_pad"

# Tab to carriage return, space, no-break space, ideographic space. Spelled out, because "white space" means
# something different to each regular expression engine.
_SPACES = "\t\n\x0b\x0c\r \u00a0\u3000"
_WIDE_DIGITS = "０１２３４５６７８９"
_DIGITS = "0123456789"
# The plain dash comes last, where a character class takes it for itself.
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212-"
# A mobile number of China as it is dialled: after the country code or not, after the 0 of the trunk or not.
_MOBILE = "^(00|0)?(86)?0?(1[3-9][0-9]{9})$"
_WITH_COUNTRY = "^(0086|86)([0-9]{11})$"
_LOWER_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_BLOCK_SIZE = 64


def normalise(kind: str, value: str | None) -> str | None:
    """The form in which two spellings of one contact detail are equal; None when nothing is left.

    Phones keep their digits only, without China's country code before eleven digits, and mobile numbers of
    China without the 0 of the trunk. E-mail addresses are trimmed and lower-cased, union ids trimmed, cards
    lose spaces and dashes and are upper-cased, names and addresses are trimmed and lower-cased with single
    spaces inside.
    """
    if value is None:
        return None
    if kind == "phone":
        digits = re.sub("[^0-9]", "", value.translate(str.maketrans(_WIDE_DIGITS, _DIGITS)))
        normal = re.sub(_WITH_COUNTRY, r"\2", re.sub(_MOBILE, r"\3", digits))
    elif kind == "email":
        normal = _lower(value.strip(_SPACES))
    elif kind == "union_id":
        normal = value.strip(_SPACES)
    elif kind == "card":
        bare = re.sub(f"[{_SPACES}{_DASHES}]", "", value)
        # Only a to z: "ß" and its like have upper forms that differ between the two languages.
        normal = bare.translate(str.maketrans(_LOWER_LETTERS, _LOWER_LETTERS.upper()))
    elif kind in ("name", "address"):
        normal = _lower(re.sub(f"[{_SPACES}]+", " ", value).strip(" "))
    else:
        raise ValueError(f"unknown contact kind {kind!r}; allowed: {', '.join(CONTACT_KINDS)}")
    return normal or None


def normalised_sql(kind: str, column: str) -> str:
    """DuckDB expression that equals :func:`normalise` of the column (an expression yielding text)."""
    if kind == "phone":
        digits = f"regexp_replace(translate({column}, '{_WIDE_DIGITS}', '{_DIGITS}'), '[^0-9]', '', 'g')"
        mobile = f"regexp_replace({digits}, '{_MOBILE}', '\\3')"
        normal = f"regexp_replace({mobile}, '{_WITH_COUNTRY}', '\\2')"
    elif kind == "email":
        normal = f"lower(trim({column}, '{_SPACES}'))"
    elif kind == "union_id":
        normal = f"trim({column}, '{_SPACES}')"
    elif kind == "card":
        bare = f"regexp_replace({column}, '[{_SPACES}{_DASHES}]', '', 'g')"
        normal = f"translate({bare}, '{_LOWER_LETTERS}', '{_LOWER_LETTERS.upper()}')"
    elif kind in ("name", "address"):
        normal = f"lower(trim(regexp_replace({column}, '[{_SPACES}]+', ' ', 'g'), ' '))"
    else:
        raise ValueError(f"unknown contact kind {kind!r}; allowed: {', '.join(CONTACT_KINDS)}")
    return f"nullif({normal}, '')"


def pseudonym(secret: str, kind: str, value: str | None) -> str | None:
    """The pseudonym of one contact detail, or None when it is empty."""
    normal = normalise(kind, value)
    if normal is None:
        return None
    return hmac.new(secret.encode(), f"{kind}:{normal}".encode(), hashlib.sha256).hexdigest()[
        :PSEUDONYM_LENGTH
    ]


def pseudonym_sql(kind: str, column: str) -> str:
    """DuckDB expression that equals :func:`pseudonym`.

    The two pads of the key come from session variables (see :func:`key_pads`), so that no statement, error or
    log ever holds the secret or anything it could be found from.
    """
    text = f"encode('{kind}:' || {normalised_sql(kind, column)})"
    inner = f"unhex(sha256(getvariable('{INNER_PAD_VARIABLE}') || {text}))"
    return f"left(sha256(getvariable('{OUTER_PAD_VARIABLE}') || {inner}), {PSEUDONYM_LENGTH})"


@dataclass(frozen=True, repr=False)
class KeyPads:
    """HMAC's key, padded for its inner and its outer hash."""

    inner: bytes
    outer: bytes


def key_pads(secret: str) -> KeyPads:
    """The values of ``INNER_PAD_VARIABLE`` and ``OUTER_PAD_VARIABLE`` that :func:`pseudonym_sql` reads."""
    key = secret.encode()
    if len(key) > _BLOCK_SIZE:
        key = hashlib.sha256(key).digest()
    key = key.ljust(_BLOCK_SIZE, b"\0")
    return KeyPads(bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key))


def _lower(text: str) -> str:
    # Character by character: DuckDB knows no final sigma, and lower-cases a dotted capital I to one letter.
    return "".join(letter.lower()[0] for letter in text)
