"""A fault in a row of definitions fails its check, is shown row by row, and nothing is built of it."""

import shutil
from datetime import date

import pytest
from dagster import AssetKey, DagsterInstance

from orchestration.core.errors import InputFault
from orchestration.definitions_files.tags import check_definitions
from orchestration.project import SEEDS_DIR, Home
from orchestration.warehouse.dbt import prepare

DAY = date(2025, 12, 28)
CHECKS = {
    "member_tags_have_no_fault", "product_tags_have_no_fault", "campaigns_have_no_fault",
    *(f"{folder.name}_files_are_as_declared" for folder in SEEDS_DIR.iterdir() if folder.is_dir()),
}  # fmt: skip
PLANTED = [
    (
        "tags/tag_rules.csv",
        ("new_member,1,tenure_days,<=,30", "new_member,1,mood,=,good"),
        "member_tags_have_no_fault",
        (
            "tag_rules.csv",
            2,
            "tag 'new_member'",
            "unknown attribute 'mood'",
            "allowed: those of attributes.csv, of the tag's subject",
        ),
    ),
    (
        "tags/tags.csv",
        (",Scarce,", ",,"),
        "product_tags_have_no_fault",
        None,
    ),
    (
        "campaigns/contact_caps.csv",
        ("marketing,all,7,2", "marketing,all,7,0"),
        "campaigns_have_no_fault",
        ("contact_caps.csv", 2, "'marketing'", "most_touches '0'", "allowed: whole numbers from 1"),
    ),
    (
        "benefits/benefits.csv",
        (",content,", ",bribe,"),
        "campaigns_have_no_fault",
        None,
    ),
    (
        "churn/churn_levels.csv",
        ("low,1,Low,", "low,first,Low,"),
        "churn_files_are_as_declared",
        (
            "churn_levels.csv",
            2,
            "'low'",
            "level_order 'first'",
            "allowed: a whole number up to 2,147,483,647",
        ),
    ),
]


@pytest.fixture
def seeds(tmp_path, monkeypatch):
    """A copy of every definition, which the checks look at in place of the real ones."""
    prepare()
    monkeypatch.setattr("orchestration.assets.definition_files.SEEDS_DIR", tmp_path / "seeds")
    return shutil.copytree(SEEDS_DIR, tmp_path / "seeds")


def planted(file, found, instead):
    text = file.read_text(encoding="utf-8")
    assert found in text
    file.write_text(text.replace(found, instead, 1), encoding="utf-8")


def built(home, **options):
    """The build job on a home of its own; how it ended, and the outcome of each check."""
    from orchestration.definitions import build_defs

    job = build_defs({"home": Home(home)}).resolve_job_def("build")
    with DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, partition_key=DAY.isoformat(), raise_on_error=False, **options
        )
        return result, {each.check_name: each for each in result.get_asset_check_evaluations()}


def test_sound_definitions_pass_and_show_their_rows(seeds, tmp_path):
    keys = [AssetKey(["definitions", folder.name]) for folder in seeds.iterdir() if folder.is_dir()]
    result, checks = built(tmp_path / "home", asset_selection=keys)
    assert result.success
    assert {name for name, check in checks.items() if check.passed} == CHECKS
    rows = {
        event.asset_key.path[-1]: event.materialization.metadata["dagster/row_count"].value
        for event in result.get_asset_materialization_events()
    }
    assert set(rows) == {key.path[-1] for key in keys}
    assert rows["benefits"] == sum(
        len(file.read_text(encoding="utf-8").splitlines()) - 1 for file in (seeds / "benefits").glob("*.csv")
    )


@pytest.mark.parametrize(("file", "change", "name", "row"), PLANTED, ids=[file for file, *_ in PLANTED])
def test_a_fault_fails_its_own_check_is_a_row_and_nothing_is_built(seeds, tmp_path, file, change, name, row):
    planted(seeds / file, *change)
    result, checks = built(tmp_path / "home")
    assert {each for each, check in checks.items() if not check.passed} == {name}
    failed = checks[name]
    assert failed.blocking
    records = [tuple(record.data.values()) for record in failed.metadata["rows at fault"].records]
    assert failed.metadata["faults"].value == len(records) > 0
    assert row is None or records == [row]
    assert [event.step_key for event in result.all_node_events if event.is_step_start] == [
        "check_definitions"
    ]
    assert not result.success
    assert not (tmp_path / "home" / "build").exists()


def test_the_command_tells_the_faults_that_the_check_shows(seeds, tmp_path):
    for file, change, *_ in PLANTED[:2]:
        planted(seeds / file, *change)
    _, checks = built(tmp_path / "home")
    with pytest.raises(InputFault) as told:
        check_definitions(DAY, seeds / "tags")
    shown = [
        line
        for name in ("member_tags_have_no_fault", "product_tags_have_no_fault")
        for line in checks[name].metadata["at fault"].value.splitlines()
    ]
    assert sorted(str(told.value).replace("\n  ", "\n").splitlines()[1:]) == sorted(shown)


def test_a_file_that_is_no_csv_is_refused_by_its_path(seeds, tmp_path):
    (seeds / "value" / "value_tiers.csv").write_bytes(b"\xff\xfe\x00")
    result, _ = built(tmp_path / "home")
    assert not result.success
    said = result.failure_data_for_node("check_definitions").user_failure_data.description
    assert "value_tiers.csv cannot be read as a CSV file" in said
