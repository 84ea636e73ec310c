"""A home of its own for each test, and a small dbt project."""

import shutil

import pytest
from standin import written

import tests.dbt_macros  # noqa: F401
from orchestration.project import Home
from orchestration.warehouse import connections


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


@pytest.fixture(scope="module")
def standin(tmp_path_factory):
    """A small project with the real profile, parsed once for all tests that do not change it."""
    return written(tmp_path_factory.mktemp("standin") / "dbt_project")


@pytest.fixture
def project(standin, monkeypatch):
    monkeypatch.setattr(connections, "SEEDS_DIR", standin.parent / "seeds")
    return standin


@pytest.fixture
def copied_project(tmp_path, monkeypatch):
    """Copies a project to change, with what was parsed and kept of it, as a fresh process finds it."""

    def copy(project):
        shutil.copytree(project.parent, tmp_path / "own")
        monkeypatch.setattr(connections, "SEEDS_DIR", tmp_path / "own" / "seeds")
        return tmp_path / "own" / "dbt_project"

    return copy


@pytest.fixture
def own_project(standin, copied_project):
    return copied_project(standin)


@pytest.fixture
def little_memory(monkeypatch):
    monkeypatch.setenv("REKINDLE_MEMORY", "1GB")
