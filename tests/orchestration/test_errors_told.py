"""What people see when a step fails, and when there is nothing to read."""

import errno

import duckdb
import pytest

from orchestration.core.errors import RekindleError
from orchestration.failures import in_words
from orchestration.project import Home
from orchestration.readers import experiments as experiment_reading
from orchestration.readers.experiments import NoExperiments, read_experiments
from orchestration.runs import _as_told_to_users
from tests.warehouse.made_by_hand import publish_one


def circle(first, second):
    first.__cause__, second.__cause__ = second, first
    return first


def test_an_error_whose_wrappings_name_each_other_in_a_circle_is_told_all_the_same(tmp_path):
    told = _as_told_to_users(circle(ValueError("no such table"), KeyError("b")), Home(tmp_path))

    assert isinstance(told, RekindleError)
    assert "no such table" in str(told)


def test_the_steps_own_error_is_found_within_a_circle(tmp_path):
    own = RekindleError("the disk is full")
    own.__cause__ = circle(ValueError("a"), KeyError("b"))
    wrapped = ValueError("wrapped")
    wrapped.__cause__ = own

    assert _as_told_to_users(wrapped, Home(tmp_path)) is own


def test_a_full_disk_is_told_with_its_path_however_deep_it_was_wrapped(tmp_path):
    wrapped = ValueError("wrapped")
    wrapped.__cause__ = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "loaded"))

    told = str(_as_told_to_users(wrapped, Home(tmp_path)))
    assert f"The disk of {tmp_path / 'loaded'} is full (No space left on device)" in told
    assert "Free space" in told


def test_an_error_that_was_met_and_handled_is_not_told_for_the_one_that_ended_the_run(tmp_path):
    error = ValueError("wrapped")
    error.__cause__ = ValueError("no such table")
    error.__cause__.__context__ = OSError(errno.ENOENT, "No such file", "a")

    assert "failed unexpectedly: ValueError" in str(_as_told_to_users(error, Home(tmp_path)))


def test_what_a_library_says_of_values_is_not_shown(tmp_path):
    said = "Conversion Error: Could not convert string '13800000001' to INT32"
    told = in_words(duckdb.ConversionException(said), Home(tmp_path))
    assert "ConversionException" in told
    assert "1380" not in told


def test_a_version_without_experiments_says_so(tmp_path):
    home = Home(tmp_path)
    publish_one(home, 1)

    with pytest.raises(NoExperiments, match="Type: rekindle run"):
        read_experiments(home, "results")


def test_a_version_that_knows_nothing_of_what_is_final_is_not_read(tmp_path, monkeypatch):
    older = duckdb.connect()
    older.execute("create schema serving; create table serving.srv_experiments (experiment varchar)")
    monkeypatch.setattr(experiment_reading, "connect_published", lambda home: older.cursor())

    with pytest.raises(NoExperiments, match="an older Rekindle built it"):
        read_experiments(Home(tmp_path), "money")
