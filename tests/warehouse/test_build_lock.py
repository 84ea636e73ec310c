"""One writer at a time, whoever starts it."""

import os
import signal
import subprocess
import sys
import time

import pytest

from orchestration.core.errors import RekindleError
from orchestration.project import Home
from orchestration.warehouse.lock import Busy, hold_build_lock

HOLDER = """
import sys, time
from pathlib import Path
from orchestration.project import Home
from orchestration.warehouse.lock import hold_build_lock
with hold_build_lock(Home(Path(sys.argv[1])), "building 2025-12-28"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(home):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.root)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_the_second_taker_is_told_who_holds_it_what_for_and_since_when(home, holder):
    with pytest.raises(Busy) as raised, hold_build_lock(home, "publishing"):
        pass
    busy = raised.value
    assert isinstance(busy, RekindleError)
    assert busy.exit_code == 75
    assert (busy.pid, busy.doing) == (holder.pid, "building 2025-12-28")
    text = str(busy)
    assert f"process {holder.pid} is busy with building 2025-12-28 since 2" in text
    assert "UTC" in text
    assert "try again" in text


def test_the_lock_goes_with_a_process_killed_outright(home, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with hold_build_lock(home, "building again"):
        assert "building again" in home.lock_file.read_text()


def test_the_lock_is_free_after_the_block_also_when_it_fails(home):
    with pytest.raises(ZeroDivisionError), hold_build_lock(home, "failing"):
        1 / 0  # noqa: B018
    assert home.lock_file.read_text() == ""
    with hold_build_lock(home, "building"):
        pass


def test_a_failed_attempt_neither_frees_the_lock_nor_forgets_its_holder(home, holder):
    for _ in range(2):
        with pytest.raises(Busy, match=f"process {holder.pid} "), hold_build_lock(home, "publishing"):
            pass


def test_what_a_killed_holder_left_behind_is_not_taken_for_the_present_holder(home):
    home.root.mkdir()
    home.lock_file.write_text('{"pid": 999999999, "doing": "old", "since": "then"}')
    with hold_build_lock(home, "building"):
        home.lock_file.write_text('{"pid": 999999999, "doing": "old", "since": "then"}')
        with pytest.raises(Busy, match="process unknown") as raised, hold_build_lock(home, "publishing"):
            pass
    assert raised.value.pid is None


def test_a_child_forked_meanwhile_does_not_keep_the_lock(home):
    with hold_build_lock(home, "building"):
        child = os.fork()
        if child == 0:
            time.sleep(30)
            os._exit(0)
    try:
        with hold_build_lock(home, "publishing"):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_two_homes_do_not_hinder_each_other(home, tmp_path):
    with hold_build_lock(home, "building"), hold_build_lock(Home(tmp_path / "other"), "building"):
        pass
