"""Fits of a build that did not pass are dropped before the next fit; those of one that passed stay."""

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration.core.errors import RekindleError
from orchestration.core.purchase_models import Fit, Model, Parameters
from orchestration.files import read_json, write_json
from orchestration.fits.churn_parameters import add_version, fitted_dates
from orchestration.fits.failed_builds import begin_fits, let_fits_stand
from orchestration.own_tables import read_own_table
from orchestration.warehouse.builds import empty_build
from tests.killing import dies_before

BEFORE, FAILED = date(2025, 11, 2), date(2025, 11, 30)
FOUND = {"all": Fit(Model.MBG_NBD, Parameters(1.0, 20.0, 0.5, 3.0), -123.5, 700)}


@pytest.fixture
def build(home):
    return empty_build(home, [FAILED], run_id="first-run", code_version="test")


@pytest.fixture
def fitted(home, build):
    """A build has fitted beside a fit that was there before."""
    add_version(home, BEFORE, FOUND)
    assert begin_fits(home, build) is None
    add_version(home, FAILED, FOUND)
    return home


def another(build):
    return replace(build, build_id="2025-12-28-another0")


def test_the_next_build_drops_and_names_the_fits_of_one_that_failed(fitted, build):
    assert begin_fits(fitted, another(build)) == (
        f"Dropped, for build {build.build_id} did not pass: mbg_nbd-2025-11-30. Due fits are made anew."
    )
    assert fitted_dates(fitted) == {BEFORE}


def test_a_step_of_the_same_build_tried_again_goes_on_with_its_fits(fitted, build):
    assert begin_fits(fitted, build) is None
    assert fitted_dates(fitted) == {BEFORE, FAILED}
    assert "mbg_nbd-2025-11-30" in begin_fits(fitted, another(build))


def test_the_fits_of_a_build_that_passed_stay(fitted, build):
    let_fits_stand(fitted, another(build))  # that of another does not speak for this one
    let_fits_stand(fitted, build)
    assert begin_fits(fitted, another(build)) is None
    assert fitted_dates(fitted) == {BEFORE, FAILED}


def test_a_kill_just_after_the_audit_costs_no_fit(fitted, build):
    write_json(build.audit_file, {})
    assert begin_fits(fitted, another(build)) is None
    assert fitted_dates(fitted) == {BEFORE, FAILED}


def test_a_build_that_fitted_nothing_leaves_nothing_to_drop(home, build):
    add_version(home, BEFORE, FOUND)
    assert begin_fits(home, build) is None
    assert begin_fits(home, another(build)) is None
    assert fitted_dates(home) == {BEFORE}


def test_a_drop_that_is_killed_before_any_step_is_done_by_the_next_one(fitted, build):
    note = fitted.own_tables / "fits_of_a_build.json"
    noted, fatal_step = read_json(note, ""), 1
    while dies_before(fatal_step, begin_fits, fitted, another(build)):
        begin_fits(fitted, another(build))
        assert fitted_dates(fitted) == {BEFORE}
        add_version(fitted, FAILED, FOUND)
        write_json(note, noted)
        fatal_step += 1
    assert fatal_step > 3


def test_fits_of_another_version_of_rekindle_are_dropped_and_said_to_be(fitted, build):
    cards = fitted.own_tables / "churn_model_cards.parquet"
    pq.write_table(pa.table({"version": ["logistic-2025-11-30"], "champion_auc": [0.8]}), cards)
    assert begin_fits(fitted, another(build)) == (
        "Dropped, for another version of Rekindle made them with other columns: all fits. They are made anew."
    )
    assert fitted_dates(fitted) == set()
    assert read_own_table(fitted, "churn_model_cards") == []
    assert begin_fits(fitted, another(build)) is None


def test_a_table_of_fits_that_is_damaged_is_not_taken_for_one_of_another_version(fitted, build):
    (fitted.own_tables / "churn_parameters.parquet").write_bytes(b"no table")
    with pytest.raises(RekindleError, match="damaged"):
        begin_fits(fitted, another(build))
