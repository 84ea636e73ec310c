"""A home of its own for each test."""

import pytest

from orchestration.project import Home


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")
