"""The calendar of the graph: one partition per as-of date, one per campaign week.

Belongs here: the partitions, cut in the business time zone.
Does not: which dates are due (core.due), which dates a build covers (warehouse.builds).
"""

from __future__ import annotations

import warnings
from datetime import date
from typing import Any

from dagster import (
    AssetExecutionContext,
    BackfillPolicy,
    BetaWarning,
    DailyPartitionsDefinition,
    WeeklyPartitionsDefinition,
)

from orchestration.core.errors import InputFault
from orchestration.readers.deliveries import BUSINESS_TIME_ZONE

AS_OF_DATES = DailyPartitionsDefinition(start_date="1970-01-01", timezone=BUSINESS_TIME_ZONE, end_offset=1)
"""Days up to today: what a shop delivered so far of it can be looked at before it is over."""

CAMPAIGN_WEEKS = WeeklyPartitionsDefinition(
    start_date="1970-01-12", timezone=BUSINESS_TIME_ZONE, day_offset=1, end_offset=2
)
"""Weeks from Monday up to the next one, which today decides where it is a Sunday."""

# Versions are pinned, so an interface that may change in a later one is no news to whoever types a command.
warnings.filterwarnings("ignore", category=BetaWarning)

# Many as-of dates in one build cost a fraction of as many builds.
ONE_BUILD = BackfillPolicy.single_run()


def as_of_date_of(context: AssetExecutionContext) -> date:
    """The as-of date of a run; of several the newest, which a build is named after."""
    return date.fromisoformat(max(context.partition_keys))


def refuse_impossible(day: date, days: Any) -> None:
    """Stop before a run begins for a day that the graph does not have.

    Args:
        day: What was asked for.
        days: One of the two above.

    Raises:
        InputFault: It has not come yet, lies before all that is kept, or begins no week.
    """
    if not days.has_partition_key(day.isoformat()):
        weeks = ", each a Monday" if days is CAMPAIGN_WEEKS else ""
        raise InputFault(
            f"{day} is no day to build or decide for: possible are {days.get_first_partition_key()} to "
            f"{days.get_last_partition_key()}{weeks}. Nothing was done. For another as-of date: --as-of"
        )
