"""The calendar of the graph: one partition per as-of date, one per campaign week.

Belongs here: the partitions, cut in the business time zone.
Does not: which dates are due (core.due), which dates a build covers (warehouse.builds).
"""

from __future__ import annotations

import warnings
from datetime import date

from dagster import (
    AssetExecutionContext,
    BackfillPolicy,
    BetaWarning,
    DailyPartitionsDefinition,
    WeeklyPartitionsDefinition,
)

from orchestration.readers.deliveries import BUSINESS_TIME_ZONE

AS_OF_DATES = DailyPartitionsDefinition(start_date="2015-01-01", timezone=BUSINESS_TIME_ZONE)

CAMPAIGN_WEEKS = WeeklyPartitionsDefinition(
    start_date="2015-01-05", timezone=BUSINESS_TIME_ZONE, day_offset=1, end_offset=1
)
"""Weeks from Monday, the one under way among them: it is decided when it begins."""

# Versions are pinned, so an interface that may change in a later one is no news to whoever types a command.
warnings.filterwarnings("ignore", category=BetaWarning)

# Many as-of dates in one build cost a fraction of as many builds.
ONE_BUILD = BackfillPolicy.single_run()


def as_of_date_of(context: AssetExecutionContext) -> date:
    """The as-of date of a run; of several the newest, which a build is named after."""
    return date.fromisoformat(max(context.partition_keys))
