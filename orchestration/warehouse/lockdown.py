"""What SQL may touch while dbt builds: loaded Parquet, the build's own tables and seeds, and nothing else.

Belongs here: the dbt-duckdb plugin that ``profiles.yml`` names.
Does not: memory and threads (``profiles.yml``), the statements of the lock-down (``connections.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from orchestration.project import Home
from orchestration.warehouse.connections import begin_file, lock_to_sources, tell_sources
from orchestration.warehouse.told import attach_told


class Plugin(BasePlugin):
    """Locks the instance before any model runs, and tells every cursor where its sources are."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Take the home from the environment, as everything does, and the build from the warehouse file."""
        self._home = Home.from_environment()
        self._file = Path(self.creds.path).absolute()

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Begin the file, and make its folder, so that a first ``dbt build`` by hand works."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        begin_file(self._file)

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Attach what an earlier version tells, then lock the instance."""
        attach_told(conn, self._file)
        lock_to_sources(conn, self._home, self._file)

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Tell where the loaded data is, and what the build is for."""
        tell_sources(cursor, self._home, self._file)
