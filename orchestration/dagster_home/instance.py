"""Dagster's own folder in a home, and what stands in its ``dagster.yaml``.

Belongs here: the instance's settings, opening it, taking up runs whose process is gone.
Does not: definitions of assets, jobs or sensors.
Late imports: commands that start no run need no Dagster.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestration.files import is_alive
from orchestration.project import Home

if TYPE_CHECKING:
    from dagster import DagsterInstance

MAX_RUNTIME_SECONDS = 4 * 60 * 60
PROCESS_TAG = "rekindle/process"
BATCHED_EVENTS = {"DAGSTER_EVENT_BATCH_SIZE": "100"}
"""Each event stored alone would cost more than the models: 51 against 22 seconds with 240 checks."""

_SETTINGS = f"""\
# Written by Rekindle (orchestration/dagster_home) whenever it opens this home; changes here are lost.
telemetry:
  enabled: false
# The dialog that asks for an e-mail address.
nux:
  enabled: false

# One run writes at a time; a second one queues here. The build lock guards builds started from elsewhere.
concurrency:
  runs:
    max_concurrent_runs: 1
  pools:
    default_limit: 1
    granularity: op

# Without a longest time, a run whose machine went away would block the queue for ever.
run_monitoring:
  enabled: true
  start_timeout_seconds: 300
  max_runtime_seconds: {MAX_RUNTIME_SECONDS}
  free_slots_after_run_end_seconds: 60

# One more try for a run whose process died. What failed in an asset has the asset's own retry.
run_retries:
  enabled: true
  max_retries: 1
  retry_on_asset_or_op_failure: false

freshness:
  enabled: true

# What a step prints is not kept: Dagster's events say what happened, and a stray print of a row never lasts.
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager

event_log_storage:
  module: orchestration.dagster_home.event_log
  class: EventLog
  config:
    base_dir: """


def settings_of(home: Home) -> str:
    """The text of the home's ``dagster.yaml``."""
    return _SETTINGS + json.dumps(str(home.dagster / "history" / "runs")) + "\n"


def prepare_dagster_home(home: Home) -> None:
    """Makes the folder, writes the settings, and names both in this process's environment."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    settings = home.dagster / "dagster.yaml"
    if not settings.exists() or settings.read_text() != settings_of(home):
        settings.write_text(settings_of(home))
    os.environ["DAGSTER_HOME"] = str(home.dagster)
    for name, value in BATCHED_EVENTS.items():
        os.environ.setdefault(name, value)


def spare_the_disk() -> None:
    """Lets SQLite write Dagster's events without waiting for the disk after each one.

    A killed process loses nothing by it; after a power cut the last events of a run may be missing from the
    history, while what was loaded and published is on the disk all the same. A run with 100 assets and 100
    checks took 6 seconds instead of 39.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    if not event.contains(Engine, "connect", _without_waiting):
        event.listen(Engine, "connect", _without_waiting)


def _without_waiting(connection: object, _: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma synchronous = normal")


@contextmanager
def opened_instance(home: Home) -> Iterator[DagsterInstance]:
    """The home's Dagster instance, closed again at the end."""
    from dagster import DagsterInstance

    prepare_dagster_home(home)
    spare_the_disk()
    with DagsterInstance.from_config(str(home.dagster)) as instance:
        yield instance


def close_abandoned_runs(instance: DagsterInstance) -> list[str]:
    """Ends the command line's runs whose process is gone, and gives back the places they held.

    A killed run cannot do that itself, and the next one would wait for its place for ever.

    Returns:
        The ids of the runs that were ended.
    """
    from dagster import DagsterRunStatus, RunsFilter

    under_way = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
    ended = []
    for run in instance.get_runs(RunsFilter(statuses=under_way)):
        process = run.tags.get(PROCESS_TAG)
        if process is None or is_alive(int(process)):
            continue
        instance.report_run_failed(run, "The process of this run is gone (killed, or the machine stopped).")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended.append(run.run_id)
    return ended
