"""Dagster's event log in a home, with its files kept open.

Belongs here: how the log's SQLite files are reached.
Does not: what stands in them, other settings of the instance (``instance.py``).

Dagster opens a file, prepares its statements and closes the file again for each event. Some thousand events
tell of one build, so most of the time would go into that; and SQLite tidies up a file whenever its last
connection closes. ``dagster.yaml`` names this class in place of the one it extends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    SQLITE_BUSY_TIMEOUT_SECONDS,
    SqliteEventLogStorage,
)
from sqlalchemy import Engine, create_engine
from sqlalchemy.engine import Connection

MOST_OPEN = 8
"""Files kept open at once: the index, the run that is written, and runs somebody looks at."""


class EventLog(SqliteEventLogStorage):
    """The event log of one home: a file per run and one for what goes beyond a run."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        # By shard, the one used last at the end.
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> EventLog:
        """What Dagster calls with the settings of ``dagster.yaml``."""
        return cls(inst_data=inst_data, **config_value)

    @cached_property
    def supports_asset_checks(self) -> bool:
        """Whether the log has their tables; Dagster would look again for each check."""
        return super().supports_asset_checks

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if shard not in self._initialized_dbs:
            # Dagster makes the file; one that was removed meanwhile is not the one kept open.
            self._close(shard)
            with super()._connect(shard):
                pass
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.pop(shard, None) or create_engine(
            self.conn_string_for_shard(shard), connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS}
        )
        self._engines[shard] = engine
        if len(self._engines) > MOST_OPEN:
            self._close(next(iter(self._engines)))
        return engine

    def _close(self, shard: str) -> None:
        if shard in self._engines:
            self._engines.pop(shard).dispose()

    def dispose(self) -> None:
        """Close the files."""
        super().dispose()
        for shard in list(self._engines):
            self._close(shard)
