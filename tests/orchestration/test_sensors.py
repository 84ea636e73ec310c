"""What the sensors ask for: everything due, oldest first, each at most once a day and never twice at once."""

from datetime import date, datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from dagster import (
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    SkipReason,
    build_sensor_context,
)

from orchestration.warehouse.dbt import prepare

MORNING = datetime(2025, 12, 31, 6, tzinfo=ZoneInfo("Asia/Shanghai"))
"""The newest day that is over is the 30th."""
WEEK = date(2025, 12, 29)


class KnownWarehouse:
    """What the sensors ask of the warehouse, answered as the test says."""

    def __init__(self, published=(), delivered_until=None, weeks=(), asked=(), given_up=(), odd=()):
        self.published, self.delivered_until, self.weeks = set(published), delivered_until, list(weeks)
        self.asked, self.given_up, self.odd = set(asked), set(given_up), list(odd)

    def published_as_of_dates(self):
        return self.published

    def asked_dates(self):
        return self.asked

    def given_up_dates(self):
        return self.given_up

    def ask_for(self, days):
        self.asked |= set(days)

    def orders_delivered_until(self):
        return self.delivered_until

    def odd_deliveries(self):
        return self.odd

    def weeks_to_seal(self):
        return self.weeks


class StoppedClock:
    """A clock that says what the test says."""

    def __init__(self, moment):
        self.moment = moment

    def now(self):
        return self.moment


@pytest.fixture(scope="module", autouse=True)
def prepared():
    prepare()


@pytest.fixture
def instance(tmp_path):
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def asked(sensor, instance, warehouse, moment=MORNING):
    from orchestration.definitions import defs

    known = {"warehouse": warehouse, "clock": StoppedClock(moment)}
    return defs.get_sensor_def(sensor)(build_sensor_context(instance=instance, resources=known))


def dates(instance, published, delivered_until, moment=MORNING, **known):
    return asked("due_as_of_dates", instance, KnownWarehouse(published, delivered_until, **known), moment)


def partitions(requests):
    return [request.partition_key for request in requests]


def run(instance, day, status, asked_on=MORNING):
    """A run for a date, as the daemon starts what a sensor asked for."""
    tags = {"dagster/partition": day, "dagster/run_key": f"{day} asked {asked_on.date()}"}
    instance.add_run(DagsterRun(job_name="daily", run_id=str(uuid4()), status=status, tags=tags))


def test_both_sensors_run_unless_somebody_stops_them():
    from orchestration.definitions import defs

    assert {sensor.name for sensor in defs.sensors} == {"due_as_of_dates", "campaign_weeks_to_seal"}
    assert all(sensor.default_status is DefaultSensorStatus.RUNNING for sensor in defs.sensors)


def test_missed_days_are_asked_for_oldest_first(instance):
    requests = dates(instance, {date(2025, 12, 27)}, date(2025, 12, 31))
    assert [request.partition_key for request in requests] == ["2025-12-28", "2025-12-29", "2025-12-30"]
    assert all(isinstance(request, RunRequest) for request in requests)
    assert len({request.run_key for request in requests}) == 3


@pytest.mark.parametrize(
    ("published", "delivered_until", "said"),
    [
        (
            {date(2025, 12, 30)},
            date(2025, 12, 31),
            "published is 2025-12-30, orders are delivered until 2025",
        ),
        (set(), None, "published is nothing, orders are delivered until never"),
    ],
)
def test_where_nothing_is_due_it_says_why(instance, published, delivered_until, said):
    skipped = dates(instance, published, delivered_until)
    assert isinstance(skipped, SkipReason)
    assert said in skipped.skip_message


def test_the_last_delivered_day_is_due_when_nothing_is_published(instance):
    [request] = dates(instance, set(), date(2025, 12, 28))
    assert request.partition_key == "2025-12-28"


def test_before_the_nights_deliveries_are_all_there_nothing_is_asked_for(instance):
    early = dates(instance, {date(2025, 12, 27)}, date(2025, 12, 31), MORNING.replace(hour=5, minute=59))
    assert isinstance(early, SkipReason)
    assert "It is 05:59; dates are asked for from 06:00 on (Asia/Shanghai)" in early.skip_message


def test_a_day_that_a_run_is_working_on_is_not_asked_for_again(instance):
    under_way = {"2025-12-29": DagsterRunStatus.STARTED, "2025-12-30": DagsterRunStatus.NOT_STARTED}
    for day, status in under_way.items():
        instance.add_run(
            DagsterRun(job_name="daily", run_id=str(uuid4()), status=status, tags={"dagster/partition": day})
        )
    skipped = dates(instance, {date(2025, 12, 28)}, date(2025, 12, 31))
    assert skipped.skip_message == "Everything due is already queued or running."
    requests = dates(instance, {date(2025, 12, 27)}, date(2025, 12, 31))
    assert [request.partition_key for request in requests] == ["2025-12-28"]


def test_within_a_day_the_keys_are_the_same_and_the_next_day_others(instance):
    """Dagster starts nothing for a key it has seen: what failed comes again tomorrow, not in ten minutes."""
    facts = ({date(2025, 12, 28)}, date(2025, 12, 31))
    first, evening, next_day = (
        [request.run_key for request in dates(instance, *facts, moment)]
        for moment in (MORNING, MORNING.replace(hour=23), MORNING.replace(year=2026, month=1, day=1))
    )
    assert first == evening
    assert not set(first) & set(next_day)


def test_a_day_whose_run_failed_is_asked_for_again_next_morning_though_later_ones_are_published(instance):
    facts = ({date(2025, 12, 30)}, date(2025, 12, 31))
    run(instance, "2025-12-29", DagsterRunStatus.FAILURE)
    skipped = dates(instance, *facts, asked={date(2025, 12, 29)})
    assert "Asked for today, and not published: 2025-12-29." in skipped.skip_message
    assert "rekindle give-up 2025-12-29 --why TEXT" in skipped.skip_message
    tomorrow = MORNING.replace(year=2026, month=1, day=1)
    assert partitions(dates(instance, *facts, tomorrow, asked={date(2025, 12, 29)})) == [
        "2025-12-29",
        "2025-12-31",
    ]


def test_a_day_that_was_given_up_is_asked_for_no_more(instance):
    requests = dates(
        instance, {date(2025, 12, 27)}, date(2025, 12, 31), given_up={date(2025, 12, 28), date(2025, 12, 29)}
    )
    assert partitions(requests) == ["2025-12-30"]


def test_what_is_asked_for_is_kept_before_anything_runs(instance):
    warehouse = KnownWarehouse({date(2025, 12, 28)}, date(2025, 12, 31))
    asked("due_as_of_dates", instance, warehouse)
    assert warehouse.asked == {date(2025, 12, 29), date(2025, 12, 30)}


def test_at_most_seven_dates_wait_at_once_however_long_the_gap(instance):
    facts = ({date(2025, 12, 10)}, date(2025, 12, 31))
    assert len(dates(instance, *facts)) == 7
    for day in range(11, 16):
        run(instance, f"2025-12-{day}", DagsterRunStatus.NOT_STARTED)
    assert partitions(dates(instance, *facts)) == ["2025-12-16", "2025-12-17"]


def test_days_that_fail_every_day_keep_no_later_one_waiting(instance):
    facts = ({date(2025, 12, 10)}, date(2025, 12, 31))
    for day in range(11, 18):
        run(instance, f"2025-12-{day}", DagsterRunStatus.FAILURE)
    assert partitions(dates(instance, *facts))[0] == "2025-12-18"


@pytest.mark.parametrize("weeks", [[WEEK], [date(2025, 12, 22), WEEK]])
def test_every_decided_week_that_is_not_sealed_is_asked_for_at_any_hour(instance, weeks):
    night = MORNING.replace(hour=1)
    requests = asked("campaign_weeks_to_seal", instance, KnownWarehouse(weeks=weeks), night)
    assert [request.partition_key for request in requests] == [str(week) for week in weeks]


def test_where_every_week_is_sealed_it_says_so(instance):
    skipped = asked("campaign_weeks_to_seal", instance, KnownWarehouse())
    assert skipped.skip_message == "Every decided week of the published version is sealed."


def test_where_nothing_is_due_a_delivery_that_is_not_as_usual_is_named(instance):
    odd = "chain.orders delivered=2025-12-30: All rows in quarantine: none of 2 rows could be loaded"
    skipped = dates(instance, {date(2025, 12, 29)}, date(2025, 12, 29), odd=[odd])
    assert isinstance(skipped, SkipReason)
    assert skipped.skip_message.splitlines()[1:] == [odd]
