"""The project's own files, read once per session."""

import pytest

from orchestration.warehouse.dbt import parsed_project
from tests.house import reading


@pytest.fixture(scope="session")
def manifest():
    """dbt's parsed project; needs no warehouse."""
    return parsed_project()


@pytest.fixture(scope="session")
def models(manifest):
    return reading.read_models(manifest)


@pytest.fixture(scope="session")
def seeds(manifest):
    return reading.read_seeds(manifest)


@pytest.fixture(scope="session")
def data_tests(manifest):
    return reading.read_data_tests(manifest)


@pytest.fixture(scope="session")
def modules():
    return reading.read_modules()


@pytest.fixture(scope="session")
def sql_files():
    return reading.read_sql_files()
