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
    description="Asks for every due as-of date, oldest first, once a day until it is published or given up.",
)
def due_as_of_dates(
    context: SensorEvaluationContext, warehouse: Warehouse, clock: Clock
) -> list[RunRequest] | SkipReason:
    """The due dates that no run is working on and that were not asked for today, as run requests."""
    now = clock.now()
    if now.time() < NOT_BEFORE:
        return SkipReason(
            f"It is {now:%H:%M}; dates are asked for from {NOT_BEFORE:%H:%M} on ({BUSINESS_TIME_ZONE})."
        )
    published = warehouse.published_as_of_dates()
    delivered_until = warehouse.orders_delivered_until()
    due = due_dates(
        published, delivered_until, now.date(), warehouse.asked_dates(), warehouse.given_up_dates()
    )
    if not due:
        newest = max(published).isoformat() if published else "nothing"
        until = delivered_until or "never"
        told = [f"Nothing is due: published is {newest}, orders are delivered until {until}."]
        return SkipReason("\n".join([*told, *warehouse.odd_deliveries()]))
    unfinished = _unfinished(context, daily.name)
    failed = [day for day in _asked_today(context, due, now) if day.isoformat() not in unfinished]
    new = [day for day in due if day.isoformat() not in unfinished and day not in failed]
    room = max(DATES_AT_ONCE - len(unfinished), 0)
    if not new[:room]:
        return _nothing_new(failed)
    warehouse.ask_for(new[:room])
    return [_request(day, now) for day in new[:room]]


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
    unfinished = _unfinished(context, seal.name)
    new = [week for week in due if week.isoformat() not in unfinished]
    return [_request(week, clock.now()) for week in new] or _nothing_new([])


def _nothing_new(failed: list[date]) -> SkipReason:
    """Why nothing is asked for; what failed today is named, for somebody may have to look at it."""
    if not failed:
        return SkipReason("Everything due is already queued or running.")
    return SkipReason(
        f"Asked for today, and not published: {', '.join(map(str, failed))}. Each is asked for again every "
        f"morning until it is, or until: rekindle give-up {failed[0]} --why TEXT"
    )


def _unfinished(context: SensorEvaluationContext, job: str) -> set[str | None]:
    """Partitions of a job that a run is working on or waits for."""
    return {
        run.tags.get("dagster/partition")
        for run in context.instance.get_runs(RunsFilter(job_name=job, statuses=UNFINISHED))
    }


def _asked_today(context: SensorEvaluationContext, days: list[date], now: datetime) -> list[date]:
    """The days for which a run was started today."""
    keys = {_request(day, now).run_key: day for day in days}
    runs = context.instance.get_runs(RunsFilter(tags={"dagster/run_key": list(keys)}))
    return sorted({keys[run.tags["dagster/run_key"]] for run in runs})


def _request(day: date, now: datetime) -> RunRequest:
    # With today in the key, what failed is asked for again next day, never twice in one.
    return RunRequest(partition_key=f"{day}", run_key=f"{day} asked {now.date()}")
