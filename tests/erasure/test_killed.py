"""An erasure killed before any step: the next run goes on with it, and nothing is called done before that."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from orchestration.erasing.people import close, finish_purge, purge_requested
from orchestration.warehouse.erasures import open_requests, read_registry, under_way
from orchestration.warehouse.versions import current_version
from tests.erasure.conftest import CONTRACTS, OTHERS, SECOND, THIRD, identify, traces
from tests.faults.conftest import seed
from tests.killing import dies_before

__all__ = ["seed"]

# Of the steps in a row, those of one kind of place are much alike.
SOME, MANY = 29, 7


def erase(business):
    """The parts of a run, without the build that is published between."""
    finish_purge(business.home, CONTRACTS)
    business.load()
    purge_requested(business.home, CONTRACTS, lambda _: None, identify)
    erasure = under_way(business.home)
    if erasure and current_version(business.home) != THIRD:
        business.publish(THIRD, OTHERS, SECOND)
    close(business.home, lambda _: None)


def survives_being_killed(made_once, root, first, every):
    step, deaths = first, 0
    while True:
        business = made_once.copied(root / str(step))
        business.ask()
        if not dies_before(step, erase, business):
            break
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
    assert survives_being_killed(made_once, tmp_path, 1, SOME) > 3


@pytest.mark.slow
def test_killed_before_many_steps_the_next_run_ends_it(made_once, tmp_path, seed):
    assert survives_being_killed(made_once, tmp_path, 1 + seed % MANY, MANY) > 30


def test_half_a_request_of_a_process_that_is_gone_does_not_stay(made_once, tmp_path):
    business = made_once.copied(tmp_path / "home")
    business.ask()
    asked = business.home.erasures / "open"
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    half, being_written = (asked / f".request.json.{process}" for process in (gone.pid, os.getppid()))
    half.write_text('{"member_id": "10')
    being_written.write_text('{"member_id": "10')
    erase(business)
    assert not half.exists()
    assert being_written.exists()
