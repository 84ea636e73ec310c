"""Whatever is killed when: a version has the content of its own date, and readers have a whole one."""

import os
import subprocess
import sys

import pytest

from orchestration.project import PROJECT_DIR


def scenario(tiny, name, *numbers, seconds=500):
    """Runs a scenario of ``killed_runs`` on the tiny project; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.killed_runs", name, str(tiny.home), *map(str, numbers)],
        cwd=tiny.project,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (tiny.project, PROJECT_DIR)))},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    return done.stdout


def test_a_killed_run_repeated_after_a_later_one_publishes_the_content_of_its_own_date(tiny, seed):
    scenario(tiny, "one_day_overtaken", seed)


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_a_hundred_kills_leave_no_version_with_another_dates_content(tiny, seed):
    kills = int(os.environ.get("REKINDLE_FAULT_KILLS", "100"))
    assert f"{kills}: " in scenario(tiny, "many_kills", seed, kills, seconds=5300)
