"""What a phone number is: the one form in which two spellings of a number are equal, or none.

Belongs here: that form, by the country numbers are dialled in, in Python (the reference) and in DuckDB's SQL.
Does not: hashing it (core.pseudonyms), making the function known to a connection (loader.phone_function).

A mobile number of China is its eleven digits, as it always was: hashes kept from before stay what they are.
Every other number is in the form of E.164, by the library phonenumbers
(docs/decisions/0039-what-a-phone-is.md).
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from orchestration.core.folding import folded, folded_sql

CHINA = "CN"
_CODE_OF_CHINA = 86
PHONE_FUNCTION = "rekindle_phone"
"""How :func:`phone_sql` calls :func:`phone_form` in DuckDB."""

# As it is dialled: after the country code or not, after the 0 of the trunk or not.
_MOBILE = "([+]?0{0,2}86)?0?(1[3-9][0-9]{9})"
_NOT_DIALLED = "[^0-9+]"
# What a spreadsheet makes of a number: exact, and with digits lost.
_WITH_DECIMALS = re.compile(r"([0-9]+)[.]0+")
_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]*)?[eE][+-]?[0-9]+")
_ABROAD = re.compile(r"^[^0-9+]*00(?=[^0-9]*[1-9])")
_KEPT = 1 << 16


def phone(text: str, country: str = CHINA) -> str | None:
    """The form in which two spellings of one number are equal; None where it can be nobody's number.

    Args:
        text: As delivered.
        country: Two letters (ISO 3166) of the country in which numbers without a country code are dialled.
    """
    found = folded(text)
    mobile = re.fullmatch(_MOBILE, re.sub(_NOT_DIALLED, "", found)) if country == CHINA else None
    return mobile[2] if mobile else phone_form(found, country)


def phone_sql(text: str, country: str = CHINA) -> str:
    """DuckDB expression that equals :func:`phone`: common numbers by the engine, the rest by the library."""
    found = folded_sql(text)
    if country != CHINA:
        return f"{PHONE_FUNCTION}({found}, '{country}')"
    dialled = f"regexp_replace({found}, '{_NOT_DIALLED}', '', 'g')"
    return (
        f"case when regexp_full_match({dialled}, '{_MOBILE}') then right({dialled}, 11) "
        f"else {PHONE_FUNCTION}({found}, '{country}') end"
    )


@lru_cache(maxsize=_KEPT)
def phone_form(text: str, country: str) -> str | None:
    """What the library finds in a folded text."""
    exact = _WITH_DECIMALS.fullmatch(text)
    text = _ABROAD.sub("+", exact[1] if exact else text)
    if _SCIENTIFIC.fullmatch(text) or len(set(re.sub("[^0-9]", "", text))) < 2:
        return None
    # A word beside the number is dialled as letters on keys; where that is no number the digits alone are.
    return _possible(text, country) or _possible(re.sub(_NOT_DIALLED, "", text), country)


def _possible(text: str, country: str) -> str | None:
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    national = phonenumbers.national_significant_number(number)
    if number.country_code == _CODE_OF_CHINA and re.fullmatch(_MOBILE, national):
        return national
    # Elsewhere as many digits as a mobile number has are enough: new ranges come before new versions.
    is_number = phonenumbers.is_valid_number(number) or (
        number.country_code != _CODE_OF_CHINA
        and phonenumbers.is_possible_number_for_type(number, phonenumbers.PhoneNumberType.MOBILE)
    )
    if not is_number or len(set(national)) < 2:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
