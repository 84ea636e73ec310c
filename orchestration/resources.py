"""What assets reach the world through: the home, the clock, the lock, the warehouse files.

Belongs here: the only door to the warehouse; aggregates and dates asked of it.
Does not: arithmetic on what comes back (core), member rows, writing (orchestration.warehouse).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dagster import ConfigurableResource, InitResourceContext

from orchestration.partitions import BUSINESS_TIME_ZONE
from orchestration.project import STAGING_DIR, Home
from orchestration.states import STATES

if TYPE_CHECKING:
    from orchestration.core.contract import Table
    from orchestration.warehouse.tag_reading import TagHealth


class Business(ConfigurableResource):
    """The home a run works on.

    Attributes:
        root: The home's folder; empty means ``REKINDLE_HOME``, as for the command line.
    """

    root: str = ""

    @property
    def home(self) -> Home:
        """The home's paths."""
        return Home(Path(self.root).resolve()) if self.root else Home.from_environment()


class Clock(ConfigurableResource):
    """The one place where the graph asks what time it is; everything else is handed a date."""

    def now(self) -> datetime:
        """This moment in the business time zone."""
        return datetime.now(ZoneInfo(BUSINESS_TIME_ZONE))


class BuildLock(ConfigurableResource):
    """Held from the first to the last step of a run, whoever started it."""

    business: Business

    @contextmanager
    def yield_for_execution(self, context: InitResourceContext) -> Iterator["BuildLock"]:
        """Takes the lock, or fails the run with who holds it."""
        from orchestration.warehouse.lock import hold_build_lock

        run = context.run
        doing = f"run {run.run_id[:8]} ({run.job_name})" if run else "a run"
        with hold_build_lock(self.business.home, doing):
            yield self


class Warehouse(ConfigurableResource):
    """Questions about what is loaded, built and published; answers are dates and aggregates."""

    business: Business

    def published_as_of_dates(self) -> set[date]:
        """As-of dates of the published versions that are kept."""
        from orchestration.warehouse.versions import list_versions

        return {version.manifest.as_of_date for version in list_versions(self.business.home)}

    def orders_delivered_until(self) -> date | None:
        """Date of the newest delivery of a required table with a month, such as orders."""
        landing = self.business.home.landing
        dates = [
            date.fromisoformat(delivery.name.removeprefix("delivered="))
            for table in self._tables_of_orders()
            for delivery in (landing / table.source / table.name).glob("delivered=*")
        ]
        return max(dates, default=None)

    def last_business_date(self) -> date | None:
        """The last business date with an order in the loaded data; None when nothing is loaded."""
        import duckdb

        moments: list[datetime] = []
        with duckdb.connect() as connection:
            for table in self._tables_of_orders():
                folder = self.business.home.loaded / table.source / table.name
                if not any(folder.glob("*/*/*.parquet")):
                    continue
                [(newest,)] = connection.execute(
                    f'select max("{table.month_of}") from read_parquet($files, hive_partitioning = false)',
                    {"files": f"{folder}/*/*/*.parquet"},
                ).fetchall()
                if newest is not None:
                    moments.append(newest)
        if not moments:
            return None
        newest = max(moments)
        return newest.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(BUSINESS_TIME_ZONE)).date()

    def members_by_state(self, file: Path) -> dict[str, dict[str, int]]:
        """Members per code of every state shown in summaries, at the newest as-of date.

        Args:
            file: A build's file or a published version.

        Returns:
            Counts per code by the state's title; a state whose table is not in the file is left out.
        """
        import duckdb

        with duckdb.connect(str(file), read_only=True) as connection:
            tables = set(
                connection.execute(
                    "select table_schema, table_name from information_schema.tables"
                ).fetchall()
            )
            return {
                state.title: dict(
                    connection.execute(
                        f"select {state.column}, count(*) from {state.room}.{state.table} "
                        f"where as_of_date = (select max(as_of_date) from {state.room}.{state.table}) "
                        f"group by {state.column}"
                    ).fetchall()
                )
                for state in STATES
                if (state.room, state.table) in tables
            }

    def tag_health(self) -> "TagHealth | None":
        """Counts and shares of the published tags; None where no tags are published."""
        from orchestration.warehouse.tag_reading import read_tag_health

        return read_tag_health(self.business.home)

    def silent_signals(self, file: Path) -> list[tuple[str, str, str]]:
        """Churn signals that cannot fire, because none of the tables that feed them was ever delivered.

        Args:
            file: A build's file or a published version.

        Returns:
            Code, English and Chinese label of each, in the seed's order; empty without the table of signals.
        """
        import duckdb

        with duckdb.connect(str(file), read_only=True) as connection:
            tables = connection.execute(
                "select table_name from information_schema.tables where table_schema = 'marts'"
            ).fetchall()
            if ("dim_churn_signal",) not in tables:
                return []
            return connection.execute(
                "select signal, label_en, label_zh from marts.dim_churn_signal "
                "where is_active and is_silent order by signal_order"
            ).fetchall()

    def weeks_to_seal(self) -> list[date]:
        """Mondays of the decided weeks of the published version that are not wholly sealed, oldest first."""
        from orchestration.warehouse.sealing import due_weeks

        return due_weeks(self.business.home)

    @staticmethod
    def _tables_of_orders() -> "list[Table]":
        from orchestration.loader.contracts import read_contracts

        return [
            table
            for contract in read_contracts(STAGING_DIR).values()
            for table in contract.tables
            if table.required and table.month_of
        ]
