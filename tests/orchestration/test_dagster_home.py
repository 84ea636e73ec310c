"""Dagster's folder in a home: settings, and runs whose process is gone."""

import os
import subprocess
import sys

import yaml
from dagster import DagsterInstance, DagsterRunStatus, job

from orchestration.dagster_home.event_log import MOST_OPEN, EventLog
from orchestration.dagster_home.instance import (
    PROCESS_TAG,
    close_abandoned_runs,
    opened_instance,
    prepare_dagster_home,
    settings_of,
)
from orchestration.project import Home


@job
def nothing():
    pass


def gone_process():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def _told(instance, run):
    return [entry.dagster_event.message for entry in instance.all_logs(run.run_id)]


def test_the_settings_are_written_again_when_somebody_changed_them(tmp_path):
    home = Home(tmp_path)
    prepare_dagster_home(home)
    (home.dagster / "dagster.yaml").write_text("telemetry: {enabled: true}")
    prepare_dagster_home(home)
    assert (home.dagster / "dagster.yaml").read_text() == settings_of(home)


def test_one_run_at_a_time_one_retry_a_longest_time_and_no_telemetry(tmp_path):
    settings = yaml.safe_load(settings_of(Home(tmp_path)))
    assert settings["concurrency"]["runs"]["max_concurrent_runs"] == 1
    assert settings["concurrency"]["pools"] == {"default_limit": 1, "granularity": "op"}
    assert settings["run_retries"]["max_retries"] == 1
    assert settings["run_monitoring"]["max_runtime_seconds"] > 0
    assert settings["telemetry"]["enabled"] is False


def test_dagster_accepts_the_settings_and_sends_no_telemetry(tmp_path):
    with opened_instance(Home(tmp_path)) as instance:
        assert instance.telemetry_enabled is False
        assert instance.run_monitoring_enabled
        assert instance.run_retries_max_retries == 1


def test_no_file_is_tidied_up_between_two_events_of_a_run(tmp_path):
    home = Home(tmp_path)
    with opened_instance(home) as instance:
        run = instance.create_run_for_job(nothing)
        for _ in range(2):
            instance.report_engine_event("something happened", run)
        files = [home.dagster / "history" / "runs" / f"{name}.db" for name in (run.run_id, "index")]
        assert [file.with_name(f"{file.name}-wal").exists() for file in files] == [True, True]
    assert [file.with_name(f"{file.name}-wal").exists() for file in files] == [False, False]


def test_only_so_many_files_stay_open_and_each_still_tells_its_events(tmp_path):
    with opened_instance(Home(tmp_path)) as instance:
        runs = [instance.create_run_for_job(nothing) for _ in range(MOST_OPEN + 1)]
        for text in ("began", "went on"):
            for run in runs:
                instance.report_engine_event(text, run)
        log = instance.event_log_storage
        assert isinstance(log, EventLog)
        assert len(log._engines) == MOST_OPEN
        for run in runs:
            assert _told(instance, run) == ["began", "went on"]


def test_a_file_that_was_removed_is_made_anew(tmp_path):
    with opened_instance(Home(tmp_path)) as instance:
        run = instance.create_run_for_job(nothing)
        instance.report_engine_event("before", run)
        instance.event_log_storage.wipe()
        instance.report_engine_event("after", run)
        assert _told(instance, run) == ["after"]


def test_a_run_whose_process_is_gone_is_ended_and_gives_its_place_back():
    with DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(
            nothing, status=DagsterRunStatus.STARTED, tags={PROCESS_TAG: str(gone_process())}
        )
        instance.event_log_storage.set_concurrency_slots("warehouse", 1)
        instance.event_log_storage.claim_concurrency_slot("warehouse", run.run_id, "a step")
        assert close_abandoned_runs(instance) == [run.run_id]
        assert instance.get_run_by_id(run.run_id).status == DagsterRunStatus.FAILURE
        assert instance.event_log_storage.get_concurrency_info("warehouse").claimed_slots == []


def test_a_run_that_is_alive_or_not_ours_is_left_alone():
    with DagsterInstance.ephemeral() as instance:
        for tags in ({PROCESS_TAG: str(os.getpid())}, {}):
            instance.create_run_for_job(nothing, status=DagsterRunStatus.STARTED, tags=tags)
        assert close_abandoned_runs(instance) == []
