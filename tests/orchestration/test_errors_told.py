"""What people see when a step fails, and when there is nothing to read."""

import pytest

from orchestration.core.errors import RekindleError
from orchestration.project import Home
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


def test_a_version_without_experiments_says_so(tmp_path):
    home = Home(tmp_path)
    publish_one(home, 1)

    with pytest.raises(NoExperiments, match="Type: rekindle run"):
        read_experiments(home, "results")
