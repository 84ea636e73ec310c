"""Contact details to pseudonyms: one normal form per kind, then HMAC-SHA256 under the secret.

Belongs here: the normal forms, what is no contact detail, and the keyed hash, each in Python (the reference)
    and in DuckDB's SQL.
Does not: keeping the secret, running the SQL, listing words and placeholders (seeds), numbers (core.phones).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

from orchestration.core.folding import folded, folded_sql, lower
from orchestration.core.phones import CHINA, phone, phone_sql

CONTACT_KINDS = ("phone", "email", "union_id", "card", "name", "address")

PSEUDONYM_LENGTH = 32
"""Hex digits kept of the HMAC: 128 bits."""

INNER_PAD_VARIABLE = "rekindle_inner_pad"
OUTER_PAD_VARIABLE = "rekindle_outer_pad"

# After folding; the plain dash comes last, where a character class takes it for itself.
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212-"
_LOWER_LETTERS = "abcdefghijklmnopqrstuvwxyz"
# What stands around a word that means nothing, such as (none) or 无。; alone it means nothing as well.
_SIGNS = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~·。、，—…《》【】「」『』“”‘’"
_WITHOUT_LETTERS = r"[ -@\[-`{-~·。、，—…《》【】「」『』“”‘’]*"
_ADDRESS = "[^@ ]+@[^@ .]+([.][^@ .]+)+"
# 6.22E+15: a number of which a spreadsheet has lost the digits.
_SCIENTIFIC = "[0-9]+[.,][0-9]*E[+]?[0-9]+|[0-9]+E[+][0-9]+"
_BLOCK_SIZE = 64

EMPTY_PARTS = ("any", "card", "name", "email_name", "email_pair")
"""Where a word means that there is no value: any contact detail or one kind; what stands before the @ of an
e-mail address; the same word before and after it."""


@dataclass(frozen=True)
class ContactRules:
    """What decides whether a text is a contact detail, and which.

    Attributes:
        country: Two letters of the country in which phone numbers without a country code are dialled.
        words: Words that stand for no value, each as :func:`word_form` has it, with one of ``EMPTY_PARTS``.
    """

    country: str = CHINA
    words: frozenset[tuple[str, str]] = frozenset()

    def of(self, *parts: str) -> frozenset[str]:
        """The words of some parts."""
        return frozenset(word for part, word in self.words if part in parts)


_NO_RULES = ContactRules()


def word_form(text: str) -> str:
    """The form in which two spellings of one word are equal, whatever its case and the signs around it."""
    return _word(folded(text))


def normalise(kind: str, value: str | None, rules: ContactRules = _NO_RULES) -> str | None:
    """The form in which two spellings of one contact detail are equal; None when it is none.

    All are folded first (core.folding). Phones are numbers as core.phones has them. E-mail addresses are
    lower-cased, cards lose spaces and dashes and are upper-cased, names and addresses are lower-cased with
    single spaces inside. None is what a word says that means none, an e-mail address without @ or domain, a
    card or union id of one character repeated, a card in a spreadsheet's short form, a name without letters.
    """
    if value is None:
        return None
    if kind == "phone":
        return phone(value, rules.country)
    text = folded(value)
    if kind == "email":
        normal = lower(text)
        before, _, after = normal.partition("@")
        is_none = (
            not re.fullmatch(_ADDRESS, normal)
            or before in rules.of("email_name")
            or (before in rules.of("email_pair") and before == after.split(".")[0])
        )
        return None if is_none else normal
    if kind == "union_id":
        normal = text
    elif kind == "card":
        # Only a to z: "ß" and its like have upper forms that differ between the two languages.
        bare = re.sub(f"[ {_DASHES}]", "", text)
        normal = bare.translate(str.maketrans(_LOWER_LETTERS, _LOWER_LETTERS.upper()))
    elif kind in ("name", "address"):
        normal = lower(re.sub(" +", " ", text))
    else:
        raise ValueError(f"unknown contact kind {kind!r}; allowed: {', '.join(CONTACT_KINDS)}")
    word = _word(normal)
    is_none = word == "" or word in rules.of("any", kind)
    if kind in ("card", "union_id"):
        is_none = is_none or len(set(normal)) < 2
    if kind == "card":
        is_none = is_none or re.fullmatch(_SCIENTIFIC, normal) is not None
    if kind == "name":
        is_none = is_none or re.fullmatch(_WITHOUT_LETTERS, normal) is not None
    return None if is_none else normal


def normalised_sql(kind: str, column: str, rules: ContactRules = _NO_RULES) -> str:
    """DuckDB expression that equals :func:`normalise` of the column (an expression yielding text)."""
    if kind == "phone":
        return phone_sql(column, rules.country)
    normal, found = form_steps(kind, rules, "folded", "normal")
    return _let("folded", folded_sql(column), _let("normal", normal, found))


def form_steps(kind: str, rules: ContactRules, folded: str, normal: str) -> tuple[str, str]:
    """DuckDB expressions of the two steps from a folded text; with names, no step is made twice for a row.

    Args:
        kind: Kind of contact detail, but phones.
        rules: What is a contact detail.
        folded: Name of the folded text.
        normal: Name that the first expression will get.

    Returns:
        The normal form; that form or null.
    """
    if kind == "email":
        form = f"lower({folded})"
        before, label = f"split_part({normal}, '@', 1)", f"split_part(split_part({normal}, '@', 2), '.', 1)"
        is_some = [
            f"regexp_full_match({normal}, '{_ADDRESS}')",
            _not_among(before, rules.of("email_name")),
            f"case when {before} = {label} then {_not_among(before, rules.of('email_pair'))} else true end",
        ]
    elif kind == "union_id":
        form, is_some = folded, [f"replace({normal}, left({normal}, 1), '') <> ''"]
    elif kind == "card":
        bare = f"regexp_replace({folded}, '[ {_DASHES}]', '', 'g')"
        form = (
            f"case when regexp_full_match({folded}, '[ -~]*') then upper({bare}) "
            f"else translate({bare}, '{_LOWER_LETTERS}', '{_LOWER_LETTERS.upper()}') end"
        )
        is_some = [
            f"replace({normal}, left({normal}, 1), '') <> ''",
            f"not regexp_full_match({normal}, '{_SCIENTIFIC}')",
        ]
    elif kind in ("name", "address"):
        spaced = f"regexp_replace({folded}, ' +', ' ', 'g')"
        single = f"case when contains({folded}, '  ') then {spaced} else {folded} end"
        form, is_some = f"lower({single})", []
    else:
        raise ValueError(f"unknown contact kind {kind!r}; allowed: {', '.join(CONTACT_KINDS)}")
    if kind == "name":
        is_some.append(f"not regexp_full_match({normal}, '{_WITHOUT_LETTERS}')")
    if kind != "email":
        # Trimming takes ten times as long as looking whether there is anything to trim.
        trimmed = f"trim({normal}, {_literal(_SIGNS)})"
        stripped = (
            f"case when contains({_literal(_SIGNS)}, left({normal}, 1)) then {trimmed} "
            f"when contains({_literal(_SIGNS)}, right({normal}, 1)) then {trimmed} else {normal} end"
        )
        word = f"replace(lower({stripped}), ' ', '')"
        is_some += [f"{word} <> ''", _not_among(word, rules.of("any", kind))]
    return form, f"case when {' and '.join(is_some)} then {normal} end"


def pseudonym(secret: str, kind: str, value: str | None, rules: ContactRules = _NO_RULES) -> str | None:
    """The pseudonym of one contact detail, or None when it is none."""
    normal = normalise(kind, value, rules)
    if normal is None:
        return None
    return hmac.new(secret.encode(), f"{kind}:{normal}".encode(), hashlib.sha256).hexdigest()[
        :PSEUDONYM_LENGTH
    ]


def pseudonym_sql(kind: str, column: str, rules: ContactRules = _NO_RULES) -> str:
    """DuckDB expression that equals :func:`pseudonym` of the column (an expression yielding text)."""
    return hashed_sql(kind, normalised_sql(kind, column, rules))


def hashed_sql(kind: str, normal: str) -> str:
    """DuckDB expression of the pseudonym of a normal form, as :func:`normalised_sql` gives it.

    The two pads of the key come from session variables (see :func:`key_pads`), so that no statement, error or
    log ever holds the secret or anything it could be found from.
    """
    text = f"encode('{kind}:' || {normal})"
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


def _word(text: str) -> str:
    return lower(text.strip(_SIGNS)).replace(" ", "")


def _let(name: str, value: str, then: str) -> str:
    """SQL: an expression in which a name stands for another, evaluated once."""
    return f"list_transform([{value}], lambda {name}: {then})[1]"


def _not_among(text: str, words: frozenset[str]) -> str:
    if not words:
        return "true"
    listed = ", ".join(map(_literal, sorted(words)))
    return f"case when length({text}) <= {max(map(len, words))} then {text} not in ({listed}) else true end"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
