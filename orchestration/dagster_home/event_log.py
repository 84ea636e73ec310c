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
        # Tables of the index, and columns of its assets, that were seen: none goes away again.
        self._found: set[str] = set()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> EventLog:
        """What Dagster calls with the settings of ``dagster.yaml``."""
        return cls(inst_data=inst_data, **config_value)

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; Dagster would look again for each event."""
        if table_name not in self._found:
            if not super().has_table(table_name):
                return False
            self._found.add(table_name)
        return True

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        if column_name not in self._found:
            if not super()._has_asset_key_col_on_connection(conn, column_name):
                return False
            self._found.add(column_name)
        return True

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
