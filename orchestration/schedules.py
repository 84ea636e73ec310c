"""When the graph runs: crons that work from what is published and sealed, not from their own memory.

Belongs here: the hour, and turning due dates into run requests.
Does not: deciding which dates are due (core.due), looking at the home (resources).
"""

from datetime import date
from zoneinfo import ZoneInfo

from dagster import (
    DagsterRunStatus,
    DefaultScheduleStatus,
    RunRequest,
    RunsFilter,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)

from orchestration.core.due import due_dates
from orchestration.jobs import daily, seal
from orchestration.partitions import BUSINESS_TIME_ZONE
from orchestration.resources import Warehouse

DATES_PER_TICK = 7
UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@schedule(
    job=daily,
    cron_schedule="0 6 * * *",
    execution_timezone=BUSINESS_TIME_ZONE,
    default_status=DefaultScheduleStatus.RUNNING,
    description="Asks for every due as-of date not yet published, oldest first; missed ticks are caught up.",
)
def every_morning(context: ScheduleEvaluationContext, warehouse: Warehouse) -> list[RunRequest] | SkipReason:
    """The due dates that no run is already working on, as run requests."""
    today = context.scheduled_execution_time.astimezone(ZoneInfo(BUSINESS_TIME_ZONE)).date()
    published = warehouse.published_as_of_dates()
    delivered_until = warehouse.orders_delivered_until()
    due = due_dates(published, delivered_until, today, DATES_PER_TICK)
    if not due:
        newest = max(published).isoformat() if published else "nothing"
        return SkipReason(
            f"Nothing is due: published is {newest}, orders are delivered until {delivered_until or 'never'}."
        )
    return _requests(context, daily.name, due, today)


@schedule(
    job=seal,
    cron_schedule="0 * * * *",
    execution_timezone=BUSINESS_TIME_ZONE,
    default_status=DefaultScheduleStatus.RUNNING,
    description="Asks for every decided week of the published version that is not sealed, oldest first.",
)
def every_hour(context: ScheduleEvaluationContext, warehouse: Warehouse) -> list[RunRequest] | SkipReason:
    """The weeks to seal that no run is already working on, as run requests."""
    due = warehouse.weeks_to_seal()
    if not due:
        return SkipReason("Every decided week of the published version is sealed.")
    today = context.scheduled_execution_time.astimezone(ZoneInfo(BUSINESS_TIME_ZONE)).date()
    return _requests(context, seal.name, due, today)


def _requests(
    context: ScheduleEvaluationContext, job: str, due: list[date], today: date
) -> list[RunRequest] | SkipReason:
    unfinished = {
        run.tags.get("dagster/partition")
        for run in context.instance.get_runs(RunsFilter(job_name=job, statuses=UNFINISHED))
    }
    requests = [
        # With the tick's day in the key, a date whose run failed is asked again next day, never twice in one.
        RunRequest(partition_key=day.isoformat(), run_key=f"{day.isoformat()} asked {today.isoformat()}")
        for day in due
        if day.isoformat() not in unfinished
    ]
    return requests or SkipReason("Every due date is already queued or running.")
