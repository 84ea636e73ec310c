"""An erasure killed before any step: the next run goes on with it, and nothing is called done before that."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from orchestration.erasure import close, finish_purge, purge_requested
from orchestration.warehouse.erasures import open_requests, read_registry, under_way
from orchestration.warehouse.versions import current_version
from tests.erasure.conftest import CONTRACTS, OTHERS, SECOND, THIRD, identify, traces

STEPS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.chmod", "shutil.rmtree"}
# Of the steps in a row, those of one kind of place are much alike.
SOME, ALL = 29, 1


def erase(business):
    """The parts of a run, without the build that is published between."""
    finish_purge(business.home, CONTRACTS)
    business.load()
    purge_requested(business.home, CONTRACTS, lambda _: None, identify)
    erasure = under_way(business.home)
    if erasure and current_version(business.home) != THIRD:
        business.publish(THIRD, OTHERS, SECOND)
    close(business.home, lambda _: None)


def erase_and_die_before(fatal_step, business):
    """Erase in a process of its own that kills itself before its n-th step that writes; its exit code."""
    child = os.fork()
    if child == 0:
        steps = 0

        def die_in_time(event, arguments):
            nonlocal steps
            if event in STEPS or (event == "open" and set("wa") & set(arguments[1] or "")):
                steps += 1
                if steps == fatal_step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(die_in_time)
        erase(business)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def survives_being_killed(made_once, root, every):
    step, deaths = 1, 0
    while True:
        business = made_once.copied(root / str(step))
        business.ask()
        code = erase_and_die_before(step, business)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        deaths += 1
        is_done = bool(read_registry(business.home).done)
        assert not is_done or traces(business.home, but=("vault/erasures",)) == {}
        assert is_done or under_way(business.home) or open_requests(business.home)
        erase(business)
        assert traces(business.home) == {}, step
        assert [each["records"] for each in read_registry(business.home).done] == [2], step
        assert under_way(business.home) is None
        assert open_requests(business.home) == {}
        assert not list(business.home.root.rglob(".*")), step
        step += every
    return deaths


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    """The secret the home was loaded with."""
    from orchestration.project import SECRET_VARIABLE
    from tests.erasure.conftest import SECRET

    monkeypatch.setenv(SECRET_VARIABLE, SECRET)


def test_killed_before_some_steps_the_next_run_ends_it(made_once, tmp_path):
    assert survives_being_killed(made_once, tmp_path, SOME) > 3


@pytest.mark.slow
def test_killed_before_any_step_the_next_run_ends_it(made_once, tmp_path):
    assert survives_being_killed(made_once, tmp_path, ALL) > 80
