"""Sealing as people and Dagster do it: checked, sealed once, shown; and what is refused."""

import json
from datetime import UTC, date, datetime

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.core.audience_checks import ARMS, COMPOSITION, NOT_COMPARABLE, SIZE, evaluations
from orchestration.definitions_files.hashes import definition_hashes
from orchestration.ledger import sealing
from orchestration.ledger.seals import seals
from orchestration.project import Home
from orchestration.readers.audiences import Audiences
from orchestration.warehouse.versions import Manifest

WEEK = date(2025, 12, 29)
CAMPAIGN = "second_order"
BUILD = "2025-12-28-0000000a"


@pytest.fixture
def home(tmp_path):
    """A home whose readers get one campaign week, not sealed yet: three members, two of them included."""
    home = Home(tmp_path / "home")
    folder = home.serving / "builds" / BUILD
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "rekindle.duckdb")) as connection:
        connection.execute(
            f"""
            create schema audiences; create schema core; create schema seeds;
            create table core.dim_as_of_date as select date '2025-12-29' as campaign_week;
            create table audiences.aud_campaign_weeks as
                select '{CAMPAIGN}' as campaign, date '2025-12-29' as campaign_week,
                    date '2025-12-28' as as_of_date,
                    '{definition_hashes()[CAMPAIGN]}' as definition_hash, false as is_sealed;
            create table audiences.aud_decisions as
                select campaign, campaign_week, as_of_date, member_key, member_key < 3 as is_included,
                    if(member_key < 3, null, 'no_consent') as drop_reason,
                    if(member_key < 3, 'treated', null) as arm,
                    if(member_key < 3, 'treatment', null) as arm_role,
                    if(member_key < 3, 0.5, null) as propensity,
                    70 as priority, member_key as value_rank, 2.5 as expected_cost_amount, definition_hash,
                    'new' as stage, 'none' as silence_tier, null as silence_cause, 'A' as value_tier,
                    'East' as region, 'S001' as home_store_id, false as is_sealed
                from audiences.aud_campaign_weeks, range(1, 4) as keys(member_key);
            create table audiences.aud_planned_touches as
                select md5(member_key::varchar) as planned_touch_id, campaign, campaign_week,
                    campaign_week as entry_week, member_key, arm, 1 as step_no,
                    date '2026-01-01' as planned_on, 'sms' as channel, 'second_order' as template,
                    'content' as benefit, 'planned' as status, false as is_sealed
                from audiences.aud_decisions where is_included;
            create table audiences.aud_journeys as
                select '{CAMPAIGN}' as campaign, date '2025-12-22' as entry_week, as_of_date, state
                from (values
                    (date '2025-12-28', 'step_due'), (date '2025-12-28', 'waiting_for_cap'),
                    (date '2025-12-28', 'waiting_for_cap'), (date '2025-12-21', 'entered')
                ) as journeys(as_of_date, state);
            create table seeds.campaign_arms as
                select '{CAMPAIGN}' as campaign, arm, 0.5 as share
                from (values ('control'), ('treated')) as arms(arm);
            create table audiences.aud_changes as
                select '{CAMPAIGN}' as campaign, date '2025-12-29' as campaign_week, 3 as members,
                    3 as members_before, cast(0 as double) as size_change_ratio, true as is_size_ordinary,
                    cast(0 as double) as composition_change_share, true as is_composition_ordinary;
            create table audiences.aud_waterfall as
                select '{CAMPAIGN}' as campaign, date '2025-12-29' as campaign_week, false as is_sealed, *
                from (values (0, 'matched', 3), (2, 'no_consent', 1), (11, 'included', 2))
                    as lines(line_no, outcome, members);
            """
        )
    manifest = Manifest(
        BUILD, "run", date(2025, 12, 28), (date(2025, 12, 28),), "c0de", datetime(2025, 12, 29, tzinfo=UTC),
        None, "v1.0.0", duckdb.__version__, 0, "", {},
    )  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest.as_json()))
    home.published_file.symlink_to((folder / "rekindle.duckdb").relative_to(home.serving))
    return home


def rekindle(home, *arguments):
    return CliRunner().invoke(app, ["--home", str(home.root), "audiences", *arguments])


def changed(home, statement):
    with duckdb.connect(str(home.published_file.resolve())) as connection:
        connection.execute(statement)


def test_a_week_is_sealed_once_shown_and_then_stays(home):
    before = rekindle(home, "show").output
    assert "Week 2025-12-29 is not sealed. Type: rekindle audiences seal --week 2025-12-29" in before
    done = rekindle(home, "seal")
    assert done.exit_code == 0, done.output
    [made] = seals(home)
    assert (made.campaign, made.version, made.build_id, made.counts["included"]) == (CAMPAIGN, 1, BUILD, 2)
    again = rekindle(home, "seal", "--week", "2025-12-29")
    assert again.exit_code == 0
    assert seals(home) == [made]
    shown = rekindle(home, "show", "--week", "2025-12-29").output
    for said in ("2 of 3 matched enter 入选", "1 No consent", "无触达授权", made.definition_hash[:12]):
        assert said in shown


def test_a_week_in_which_nobody_matches_any_campaign_is_sealed_too(home):
    for table in ("aud_waterfall", "aud_decisions", "aud_planned_touches"):
        changed(home, f"delete from audiences.{table}")
    done = rekindle(home, "seal")
    assert done.exit_code == 0, done.output
    assert [each.counts["decisions"] for each in seals(home)] == [0]
    assert rekindle(home, "show").exit_code == 0


def test_a_seal_reads_the_ledger_once_and_what_is_due_is_seen_by_names_alone(home, monkeypatch):
    read = []
    monkeypatch.setattr(sealing, "seals", lambda home: read.append(home) or seals(home))
    assert sealing.due_weeks(home) == [WEEK]
    assert read == []
    made, before = sealing.seal_published(home, WEEK)
    assert read == [home]
    assert (made, before) == (seals(home), [])
    assert sealing.due_weeks(home) == []
    assert sealing.seal_published(home, WEEK) == ([], made)


def test_a_week_sealed_in_part_is_still_due(home):
    assert rekindle(home, "seal").exit_code == 0
    changed(
        home,
        "insert into audiences.aud_campaign_weeks "
        "select * replace ('wake_up' as campaign) from audiences.aud_campaign_weeks",
    )
    assert sealing.due_weeks(home) == [WEEK]


def test_a_week_is_shown_with_its_journeys_and_touches(home):
    shown = rekindle(home, "show").output
    assert f"{CAMPAIGN}: 3 journeys" in shown, "states of the deciding Sunday alone"
    assert "1 Step due 步骤到期 · 2 Waiting for room under the caps 等待频控额度" in shown
    assert [CAMPAIGN, "1", "sms", "2", "0"] in [line.split() for line in shown.splitlines()]
    changed(home, "drop table audiences.aud_journeys")
    before_journeys = rekindle(home, "show")
    assert before_journeys.exit_code == 0
    assert "Waiting for room" not in before_journeys.output


def test_a_failed_check_blocks_the_seal_and_says_its_numbers(home):
    changed(
        home,
        "update audiences.aud_changes set is_size_ordinary = false, members_before = 100, "
        "size_change_ratio = -0.97",
    )
    refused = rekindle(home, "seal")
    assert refused.exit_code == 1
    assert "Week 2025-12-29 was not sealed" in refused.output
    assert "second_order: 3 members after 100 the week before (-97.0%)" in refused.output
    assert "Traceback" not in refused.output
    assert seals(home) == []


def test_a_changed_definition_of_a_sealed_week_is_refused_with_both_hashes(home, monkeypatch):
    assert rekindle(home, "seal").exit_code == 0
    monkeypatch.setattr("orchestration.ledger.sealing.definition_hashes", lambda: {CAMPAIGN: "f" * 64})
    refused = rekindle(home, "seal")
    assert refused.exit_code == 2
    [made] = seals(home)
    assert f"sealed under {made.definition_hash[:12]}, defined now as ffffffffffff" in refused.output
    assert "rekindle audiences correct --week 2025-12-29" in refused.output


def test_an_edited_file_of_the_ledger_is_refused_by_name(home):
    assert rekindle(home, "seal").exit_code == 0
    file = home.ledger / CAMPAIGN / "2025-12-29" / "v1" / "decisions.parquet"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b" ")
    for command in (["show"], ["seal"], ["compare", "--week", "2025-12-29"]):
        refused = rekindle(home, *command)
        assert refused.exit_code == 1
        assert f"{file} was changed after it was sealed" in refused.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["show", "--week", "2025-12-30"], 1, "no audience of week 2025-12-30"),
        (["seal", "--week", "2025-12-22"], 1, "There are: 2025-12-29"),
        (["compare", "--week", "2025-12-22"], 2, "Sealed are: none yet"),
        (["correct", "--week", "2025-12-29", "--reason", " "], 2, "a correction needs a reason"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(home, arguments, code, said):
    refused = rekindle(home, *arguments)
    assert refused.exit_code == code
    assert said in refused.output


def test_before_the_first_publication_there_are_no_audiences(tmp_path):
    refused = rekindle(Home(tmp_path / "empty"), "show")
    assert refused.exit_code == 1
    assert "rekindle run" in refused.output


def week_of(**changes):
    """The answers about one campaign in which nothing is wrong, but for the changes."""
    row = {
        "campaign": CAMPAIGN, "members": 100, "members_before": 90, "size_change_ratio": 0.11,
        "is_size_ordinary": True, "composition_change_share": 0.1, "is_composition_ordinary": True,
    }  # fmt: skip
    arms = {"control": 50, "treated": 50} | changes.pop("arms", {})
    return Audiences(
        WEEK,
        {
            "changes": [row | changes],
            "arms": [{"campaign": CAMPAIGN, "arm": arm, "members": count} for arm, count in arms.items()],
            "shares": [{"campaign": CAMPAIGN, "arm": arm, "propensity": 0.5} for arm in arms],
        },
    )


def test_an_audience_that_had_nobody_the_week_before_is_said_to_be_not_comparable():
    nobody = {"members_before": 0, "size_change_ratio": None, "composition_change_share": None}
    found = {evaluation.check: evaluation for evaluation in evaluations(week_of(**nobody).rows, 0.001)}
    assert found[SIZE].rows == [[CAMPAIGN, 100, 0, NOT_COMPARABLE]]
    assert found[COMPOSITION].rows == [[CAMPAIGN, NOT_COMPARABLE]]
    assert not any(evaluation.faults for evaluation in found.values())


@pytest.mark.parametrize(
    ("changes", "failing"),
    [
        ({}, None),
        ({"is_size_ordinary": False}, SIZE),
        ({"is_composition_ordinary": False}, COMPOSITION),
        ({"arms": {"control": 67, "treated": 33}}, ARMS),
        # p is 0.0012 and so above the bound; too few members are not evaluated at all
        ({"arms": {"control": 662, "treated": 549}}, None),
        ({"arms": {"control": 9, "treated": 0}}, None),
    ],
)
def test_each_check_fails_for_its_own_fault_alone(changes, failing):
    found = {evaluation.check: evaluation for evaluation in evaluations(week_of(**changes).rows, 0.001)}
    assert set(found) == {SIZE, COMPOSITION, ARMS}
    assert [name for name, evaluation in found.items() if evaluation.faults] == ([failing] if failing else [])
    assert all(CAMPAIGN in evaluation.rows[0] for evaluation in found.values())
