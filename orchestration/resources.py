"""What assets reach the world through: the home, the clock, the lock, the warehouse files.

Belongs here: the only door to the warehouse; aggregates and dates asked of it.
Does not: arithmetic on what comes back (core), member rows, how things are written (orchestration.warehouse).
Late imports: a page of Dagster asks for less than a run.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dagster import ConfigurableResource, InitResourceContext, ResourceDependency, resource

from orchestration.project import Home
from orchestration.readers.deliveries import BUSINESS_TIME_ZONE

if TYPE_CHECKING:
    from orchestration.readers.tags import TagHealth


@resource
def home_of_environment(_: InitResourceContext) -> Home:
    """The home a run works on: the one of ``REKINDLE_HOME``, asked when the run starts."""
    return Home.from_environment()


class Clock(ConfigurableResource):
    """The one place where the graph asks what time it is; everything else is handed a date."""

    def now(self) -> datetime:
        """This moment in the business time zone."""
        return datetime.now(ZoneInfo(BUSINESS_TIME_ZONE))


class BuildLock(ConfigurableResource):
    """Held from the first to the last step of a run, whoever started it."""

    home: ResourceDependency[Home]

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["BuildLock"]:
        """Takes the lock, or fails the run with who holds it."""
        from orchestration.warehouse.lock import hold_build_lock

        run = context.run
        doing = f"run {run.run_id[:8]} ({run.job_name})" if run else "a run"
        with hold_build_lock(self.home, doing):
            yield self


class Warehouse(ConfigurableResource):
    """Questions about what is loaded and published; answers are dates and aggregates."""

    home: ResourceDependency[Home]

    def published_as_of_dates(self) -> set[date]:
        """As-of dates of the published versions that are kept, of days that were over by then."""
        from orchestration.readers.due import published_dates

        return published_dates(self.home)

    def asked_dates(self) -> set[date]:
        """As-of dates that were asked for, have no version yet and were not given up."""
        from orchestration.warehouse.asked_dates import open_dates

        return open_dates(self.home)

    def given_up_dates(self) -> set[date]:
        """As-of dates that nobody asks for any more."""
        from orchestration.warehouse.asked_dates import given_up_dates

        return set(given_up_dates(self.home))

    def ask_for(self, days: Iterable[date]) -> None:
        """Keep that dates are asked for: each is asked for again until there is a version of it."""
        from orchestration.warehouse.asked_dates import note_asked

        note_asked(self.home, days)

    def orders_delivered_until(self) -> date | None:
        """Date of the newest delivery of a required table with a month, such as orders."""
        from orchestration.readers.deliveries import orders_delivered_until

        return orders_delivered_until(self.home)

    def odd_deliveries(self) -> list[str]:
        """What is not as usual with the newest delivery of each table, a sentence each."""
        from orchestration.readers.loads import loaded_deliveries, newest_of_each_table

        return [
            f"{load.table_name} delivered={load.delivered_on}: {finding}"
            for load in newest_of_each_table(loaded_deliveries(self.home))
            for finding in load.findings
        ]

    def tag_health(self) -> "TagHealth | None":
        """Counts and shares of the published tags; None where no tags are published."""
        from orchestration.readers.tags import read_tag_health

        return read_tag_health(self.home)

    def weeks_to_seal(self) -> list[date]:
        """Mondays of the decided weeks of the published version that are not wholly sealed, oldest first."""
        from orchestration.ledger.sealing import due_weeks

        return due_weeks(self.home)
