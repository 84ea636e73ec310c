"""The daemon itself: due days that it starts, one of whose workers is killed."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date

import pytest

from orchestration.project import Home
from orchestration.warehouse.asked_dates import open_dates
from orchestration.warehouse.versions import current_version, list_versions
from tests.faults.killed_runs import check
from tests.orchestration.conftest import ORDERS

DUE = [date(2025, 12, 29), date(2025, 12, 30), date(2025, 12, 31)]
AT_ONCE = {
    "sensors.py": [("time(6)", "time(0)"), ("10 * 60", "5")],
    # Else the daemon looks for dead workers every two minutes.
    "dagster_home/instance.py": [
        ("run_monitoring:\n  enabled: true", "run_monitoring:\n  enabled: true\n  poll_interval_seconds: 5")
    ],
}


def until(found, seconds=500):
    """What is found in time."""
    give_up = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.05)
    return answer


def worker_at_sql(home, day):
    """The process of the run that works on a day, once its SQL is executed."""
    if not any(home.builds.glob(f"{day}-*/*.log")):
        return None
    return json.loads(home.lock_file.read_text())["pid"]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_of_three_due_days_the_first_is_killed_at_its_sql_and_all_are_published_as_what_they_are(tiny):
    home = Home(tiny.home)
    for name, changes in AT_ONCE.items():
        file = tiny.project / "orchestration" / name
        for found, instead in changes:
            assert found in file.read_text()
            file.write_text(file.read_text().replace(found, instead))
    for number, day in enumerate(DUE):
        tiny.deliver("orders", str(day), [ORDERS[0] | {"order_id": 1000 + number}])
    assert tiny.rekindle("load").returncode == 0  # which writes dagster.yaml too
    daemon = subprocess.Popen(
        [sys.executable, "-m", "dagster._daemon", "run", "-m", "orchestration.definitions"],
        cwd=tiny.project,
        env={
            **os.environ,
            "PYTHONPATH": str(tiny.project),
            "REKINDLE_HOME": str(tiny.home),
            "DAGSTER_HOME": str(home.dagster),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        os.kill(until(lambda: worker_at_sql(home, DUE[0])), signal.SIGKILL)
        until(lambda: {version.manifest.as_of_date for version in list_versions(home)} >= set(DUE))
        until(lambda: not open_dates(home))
    finally:
        daemon.terminate()
        daemon.wait(timeout=60)
    check(home)
    assert current_version(home).startswith(str(DUE[-1]))
