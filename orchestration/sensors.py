"""What starts the graph: sensors that look at what is delivered, published and sealed.

Belongs here: how often they look, from when on in a day, turning what is due into run requests.
Does not: deciding which dates are due (core.due), looking at the home and the clock (resources).
"""

from datetime import date, datetime, time

from dagster import (
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)

from orchestration.core.due import due_dates
from orchestration.jobs import daily, seal
from orchestration.partitions import BUSINESS_TIME_ZONE
from orchestration.resources import Clock, Warehouse

NOT_BEFORE = time(6)
"""The night's deliveries come table by table; by this hour of the business day they are all there."""
DATES_AT_ONCE = 7
LOOKS_EVERY_SECONDS = 10 * 60
UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@sensor(
    job=daily,
    minimum_interval_seconds=LOOKS_EVERY_SECONDS,
    default_status=DefaultSensorStatus.RUNNING,
    description="Asks for every due as-of date that is not published, oldest first; none is left out.",
)
def due_as_of_dates(
    context: SensorEvaluationContext, warehouse: Warehouse, clock: Clock
) -> list[RunRequest] | SkipReason:
    """The due dates that no run is already working on, as run requests."""
    now = clock.now()
    if now.time() < NOT_BEFORE:
        return SkipReason(
            f"It is {now:%H:%M}; dates are asked for from {NOT_BEFORE:%H:%M} on ({BUSINESS_TIME_ZONE})."
        )
    published = warehouse.published_as_of_dates()
    delivered_until = warehouse.orders_delivered_until()
    due = due_dates(published, delivered_until, now.date(), DATES_AT_ONCE)
    if not due:
        newest = max(published).isoformat() if published else "nothing"
        return SkipReason(
            f"Nothing is due: published is {newest}, orders are delivered until {delivered_until or 'never'}."
        )
    return _requests(context, daily.name, due, now)


@sensor(
    job=seal,
    minimum_interval_seconds=LOOKS_EVERY_SECONDS,
    default_status=DefaultSensorStatus.RUNNING,
    description="Asks for every decided week of the published version that is not sealed, oldest first.",
)
def campaign_weeks_to_seal(
    context: SensorEvaluationContext, warehouse: Warehouse, clock: Clock
) -> list[RunRequest] | SkipReason:
    """The weeks to seal that no run is already working on, as run requests."""
    due = warehouse.weeks_to_seal()
    if not due:
        return SkipReason("Every decided week of the published version is sealed.")
    return _requests(context, seal.name, due, clock.now())


def _requests(
    context: SensorEvaluationContext, job: str, due: list[date], now: datetime
) -> list[RunRequest] | SkipReason:
    unfinished = {
        run.tags.get("dagster/partition")
        for run in context.instance.get_runs(RunsFilter(job_name=job, statuses=UNFINISHED))
    }
    requests = [
        # With today in the key, what failed is asked for again next day, never twice in one.
        RunRequest(partition_key=day.isoformat(), run_key=f"{day.isoformat()} asked {now.date().isoformat()}")
        for day in due
        if day.isoformat() not in unfinished
    ]
    return requests or SkipReason("Everything due is already queued or running.")
