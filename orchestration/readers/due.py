"""Which as-of dates are due now, as the sensor decides it.

Belongs here: asking the home and the clock for what that decision needs.
Does not: deciding (core.due), asking for dates (sensors, cli).
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from orchestration.core.due import due_dates
from orchestration.project import Home
from orchestration.readers.deliveries import BUSINESS_TIME_ZONE, orders_delivered_until
from orchestration.warehouse.asked_dates import given_up_dates, open_dates
from orchestration.warehouse.versions import list_versions


def business_today() -> date:
    """Today, where the business is."""
    return datetime.now(ZoneInfo(BUSINESS_TIME_ZONE)).date()


def published_dates(home: Home) -> set[date]:
    """As-of dates of the kept versions that were built once the day was over: another's day is still due."""
    return {
        version.manifest.as_of_date
        for version in list_versions(home)
        if version.manifest.as_of_date
        < version.manifest.published_at.astimezone(ZoneInfo(BUSINESS_TIME_ZONE)).date()
    }


def due_now(home: Home) -> list[date]:
    """The as-of dates to build, oldest first."""
    return due_dates(
        published_dates(home),
        orders_delivered_until(home),
        business_today(),
        open_dates(home),
        given_up_dates(home),
    )
