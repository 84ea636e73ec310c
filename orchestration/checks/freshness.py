"""Whether readers have the newest as-of date there could be.

Belongs here: comparing the published as-of date with the due one.
Does not: deciding what is due (core.due).
"""

from dagster import AssetCheckResult, AssetCheckSeverity, asset_check

from orchestration.assets.publishing import WAREHOUSE
from orchestration.core.due import last_due_date
from orchestration.resources import Clock, Warehouse


@asset_check(
    asset=WAREHOUSE,
    name="published_is_fresh",
    description="The published as-of date is the newest one whose orders were delivered.",
)
def published_is_fresh(warehouse: Warehouse, clock: Clock) -> AssetCheckResult:
    """A warning, since a late date harms nobody who reads the last one."""
    due = last_due_date(warehouse.orders_delivered_until(), clock.now().date())
    published = max(warehouse.published_as_of_dates(), default=None)
    return AssetCheckResult(
        passed=due is None or (published is not None and published >= due),
        severity=AssetCheckSeverity.WARN,
        metadata={"published as of": str(published), "due": str(due)},
    )
