"""What is known of all rows of a source: its zone, its currency, its country, how its numbers are written.

Belongs here: the words and what they mean.
Does not: reading them from the files of a home (orchestration.loader.home_sources).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SourceSettings:
    """What is known of all rows of a source.

    Attributes:
        time_zone: Its own zone (IANA); what is loaded has its wall-clock time.
        is_local: Whether a time without offset is in that zone; else it is UTC.
        midnight_is_date: Whether midnight to the second, without an offset, is a date without a time. It is
            then that date in any zone.
        currency: Its amounts are in this currency where a row names none (ISO 4217).
        home_currency: Every amount loaded is in this one.
        country: Phone numbers without a prefix are of this country (ISO 3166, two letters).
        id_case: What becomes of capital letters in numbers of members and orders: ``keep``, ``lower``
            or ``upper``.
    """

    time_zone: str = "UTC"
    is_local: bool = False
    midnight_is_date: bool = True
    currency: str = "CNY"
    home_currency: str = "CNY"
    country: str = "CN"
    id_case: str = "keep"


AS_WRITTEN = SourceSettings()
"""Settings that move no time and convert no amount."""
