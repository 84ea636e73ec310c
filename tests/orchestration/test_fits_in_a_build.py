"""Fits are made on a build; asked for without one, the step fits nothing and tells why."""

from datetime import date

from dagster import DagsterInstance

from orchestration.assets.churn_model import FITS
from orchestration.definitions import build_defs
from orchestration.own_tables import read_own_table
from orchestration.project import Home

DAY = date(2025, 12, 28)


def test_without_a_build_of_its_run_nothing_is_fitted_and_each_table_tells_why(tmp_path):
    home = Home(tmp_path / "home")
    job = build_defs({"home": home}).resolve_job_def("build")
    with DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, partition_key=DAY.isoformat(), asset_selection=FITS
        )
    told = {
        event.asset_key: event.materialization.metadata for event in result.get_asset_materialization_events()
    }
    assert set(told) == set(FITS)
    for key, metadata in told.items():
        assert "Fits are made within a build" in metadata["said"].value
        assert read_own_table(home, key.path[-1]) == []
