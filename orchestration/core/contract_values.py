"""What a contract says of the values of a column: codes, opt-outs, bounds, length, form, money.

Belongs here: each of those words, read with its faults.
Does not: tables and columns themselves (contract.py), ranges that are rows of seeds (contract_ranges.py).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Bound = Decimal | date | datetime
DECIMAL = re.compile(r"decimal\(([0-9]+),([0-9]+)\)")
"""Digits in all, and those of them after the point."""
_MOST_DIGITS_OF_MONEY = 18


def codes_of(meta: dict[str, Any], data_type: str, where: str, faults: list[str]) -> tuple[str, ...]:
    """The codes that a column may hold; faults are added."""
    if "allowed" not in meta:
        return ()
    codes = meta["allowed"]
    if data_type not in ("varchar", "unknown"):
        faults.append(f"{where}: meta.allowed is for varchar, not {data_type}; use min and max")
    if "contact" in meta:
        faults.append(f"{where}: a contact detail has no list of allowed values")
    if not isinstance(codes, list) or not codes or not all(isinstance(code, str) and code for code in codes):
        faults.append(
            f"{where}: meta.allowed must list texts (quote numbers and words like 'no'); found {codes!r}"
        )
        return ()
    check_distinct(codes, f"{where}: allowed code", faults)
    return tuple(codes)


def opt_out_of(
    meta: dict[str, Any], allowed: tuple[str, ...], where: str, faults: list[str]
) -> tuple[str, ...] | None:
    """What of a column tells an opt-out, see ``Column``; faults are added."""
    value = meta.get("opt_out")
    if value is None or value is True:
        return () if value else None
    if not isinstance(value, list) or not value or not set(map(str, value)).issubset(allowed):
        faults.append(
            f"{where}: meta.opt_out must be true (whatever stands there is an opt-out) or list some of "
            f"meta.allowed; found {value!r}"
        )
        return None
    return tuple(map(str, value))


def text_words(meta: dict[str, Any], data_type: str, where: str, faults: list[str]) -> dict[str, Any]:
    """What a contract says of a text that is no contact detail: length, form, what takes its place."""
    length, pattern, instead = (meta.get(word) for word in ("max_length", "pattern", "or_pseudonym_of"))
    is_text = data_type in ("varchar", "unknown") and "contact" not in meta
    if length is not None and (type(length) is not int or length < 1 or not is_text):
        faults.append(
            f"{where}: meta.max_length is a whole number above 0, of a plain varchar; found {length!r}"
        )
    if pattern is not None and not (is_text and "allowed" not in meta and _is_expression(pattern)):
        faults.append(
            f"{where}: meta.pattern is a regular expression, of a plain varchar without meta.allowed; "
            f"found {pattern!r}"
        )
    is_list = isinstance(instead, list) and instead and all(isinstance(name, str) for name in instead)
    if instead is not None and not (is_text and is_list):
        faults.append(
            f"{where}: meta.or_pseudonym_of lists contact details, of a plain varchar; found {instead!r}"
        )
    return {"max_length": length, "pattern": pattern, "or_pseudonym_of": tuple(instead) if is_list else ()}


def _is_expression(value: Any) -> bool:
    try:
        return isinstance(value, str) and value != "" and bool(re.compile(value))
    except re.error:
        return False


def bound_of(meta: dict[str, Any], word: str, data_type: str, where: str, faults: list[str]) -> Bound | None:
    """A smallest or largest value; faults are added."""
    value = meta.get(word)
    if value is None or data_type == "unknown":
        return None
    if data_type in ("varchar", "boolean"):
        faults.append(f"{where}: meta.{word} is for numbers, dates and timestamps, not {data_type}")
        return None
    try:
        if data_type == "date":
            if isinstance(value, datetime):
                raise ValueError
            return value if isinstance(value, date) else date.fromisoformat(value)
        if data_type == "timestamp":
            moment = datetime.fromisoformat(str(value))
            if moment.tzinfo is not None:
                raise ValueError
            return moment
        if isinstance(value, bool):
            raise ValueError
        number = Decimal(str(value))
        if not number.is_finite():
            raise ValueError
        return number
    except (ValueError, TypeError, InvalidOperation):
        faults.append(
            f"{where}: meta.{word} {value!r} is not a {data_type} (dates and times in ISO form, no offset)"
        )
        return None


def is_money(meta: dict[str, Any], data_type: str, where: str, faults: list[str]) -> bool:
    """Whether a column is an amount in a currency; faults are added."""
    is_money, decimal = flag_of(meta, where, faults, "money"), DECIMAL.fullmatch(data_type)
    if is_money and not (int(decimal[1]) <= _MOST_DIGITS_OF_MONEY if decimal else data_type == "double"):
        allowed = f"double and decimal(p,s) with p up to {_MOST_DIGITS_OF_MONEY}"
        faults.append(f"{where}: meta.money is for {allowed}, not {data_type}")
    return is_money


def check_distinct(names: list[str], thing: str, faults: list[str]) -> None:
    """Add a fault for each name that is there twice."""
    for name in sorted({name for name in names if names.count(name) > 1}):
        faults.append(f"{thing} {name} appears more than once")


def flag_of(meta: dict[str, Any], where: str, faults: list[str], word: str = "required") -> bool:
    """A word that is true or false; faults are added."""
    value = meta.get(word, False)
    if not isinstance(value, bool):
        faults.append(f"{where}: meta.{word} must be true or false; found {value!r}")
    return value is True
