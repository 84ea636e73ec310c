"""When the graph runs: one cron that works from what is published, not from its own memory.

Belongs here: the hour, and turning due dates into run requests.
Does not: deciding which dates are due (core.due), looking at the home (resources).
"""

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
from orchestration.jobs import daily
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
    unfinished = {
        run.tags.get("dagster/partition")
        for run in context.instance.get_runs(RunsFilter(job_name=daily.name, statuses=UNFINISHED))
    }
    requests = [
        # With the tick's day in the key, a date whose run failed is asked again next day, never twice in one.
        RunRequest(partition_key=day.isoformat(), run_key=f"{day.isoformat()} asked {today.isoformat()}")
        for day in due
        if day.isoformat() not in unfinished
    ]
    return requests or SkipReason("Every due date is already queued or running.")
