"""The published version is fresh when it has the newest date there could be; else that is a warning."""

from datetime import date, datetime

import pytest
from dagster import AssetCheckSeverity

from orchestration.checks.freshness import published_is_fresh

MORNING = datetime(2025, 12, 31, 8)


class Known:
    """What the check asks of the warehouse and of the clock."""

    def __init__(self, published, delivered_until):
        self.published, self.delivered_until = published, delivered_until

    def published_as_of_dates(self):
        return self.published

    def orders_delivered_until(self):
        return self.delivered_until

    def now(self):
        return MORNING


@pytest.mark.parametrize(
    ("published", "delivered_until", "is_fresh"),
    [
        ({date(2025, 12, 29)}, date(2025, 12, 31), False),
        ({date(2025, 12, 1), date(2025, 12, 30)}, date(2025, 12, 31), True),
        ({date(2025, 12, 31)}, date(2025, 12, 31), True),
        # What was never delivered cannot be published.
        ({date(2025, 12, 28)}, date(2025, 12, 28), True),
        (set(), date(2025, 12, 28), False),
        (set(), None, True),
    ],
)
def test_fresh_is_whoever_has_yesterday_or_the_last_day_that_was_delivered(
    published, delivered_until, is_fresh
):
    known = Known(published, delivered_until)
    found = published_is_fresh(warehouse=known, clock=known)
    assert found.passed is is_fresh
    assert found.severity is AssetCheckSeverity.WARN
