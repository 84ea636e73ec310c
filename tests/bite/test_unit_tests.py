"""Every dbt unit test passes, and one whose expectation is turned round does not.

Builds leave unit tests out: they say nothing about the data. So they are run here, all in one go, against a
copy of the warehouse, of which they need nothing but the columns of what a model reads.
"""

from __future__ import annotations

import json
import shutil
from copy import deepcopy

import pytest

from orchestration.project import WAREHOUSE_FILE_NAME
from orchestration.warehouse.builds import OUTCOMES_FILE_NAME, BuildFailed
from orchestration.warehouse.dbt import invoke_dbt, parsed_project

INVERTED = "__inverted"


def add_inverted(manifest, how_many):
    """Beside some unit tests, put the same with every yes and no of their expectation turned round."""
    with_truths = [
        test
        for _, test in sorted(manifest.unit_tests.items())
        if any(isinstance(value, bool) for row in test.expect.rows for value in row.values())
    ]
    for test in with_truths[:how_many]:
        inverted = deepcopy(test)
        inverted.name += INVERTED
        inverted.unique_id += INVERTED
        inverted.expect.rows = [
            {column: not value if isinstance(value, bool) else value for column, value in row.items()}
            for row in test.expect.rows
        ]
        manifest.unit_tests[inverted.unique_id] = inverted


@pytest.fixture(scope="module")
def failed(chain, tmp_path_factory):
    """The unit tests that failed, two inverted ones among them, with what differs."""
    folder = tmp_path_factory.mktemp("unit_tests")
    file = folder / WAREHOUSE_FILE_NAME
    shutil.copyfile(chain.build.file, file)
    manifest = parsed_project().deepcopy()
    add_inverted(manifest, 2)
    with pytest.raises(BuildFailed) as failed:
        invoke_dbt(
            ["test", "--select", "test_type:unit"],
            home=chain.home,
            warehouse=file,
            target_path=folder / "target",
            manifest=manifest,
        )
    told = json.loads((folder / "target" / OUTCOMES_FILE_NAME).read_text(encoding="utf-8"))
    assert set(told["outcomes"]) == set(manifest.unit_tests), "dbt did not run all of them"
    return dict(failed.value.failures)


def test_every_unit_test_of_the_models_passes(failed):
    said = [f"{name}: {differs.strip()}" for name, differs in failed.items() if INVERTED not in name]
    if said:
        pytest.fail("\n\n".join([f"{len(said)} of the unit tests failed", *said]), pytrace=False)


def test_an_expectation_turned_round_fails_with_its_difference(failed):
    inverted = [differs for name, differs in failed.items() if INVERTED in name]
    assert len(inverted) == 2
    assert all("actual differs from expected" in differs for differs in inverted), inverted
