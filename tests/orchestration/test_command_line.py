"""The command line from outside: what is printed, which exit code, what stays as it was."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from datetime import date

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from orchestration.cli import app
from orchestration.project import Home
from orchestration.warehouse.asked_dates import note_asked
from orchestration.warehouse.lock import hold_build_lock
from orchestration.warehouse.versions import current_version, list_versions
from tests.orchestration.conftest import ORDERS

COMMANDS = sorted(get_command(app).commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command):
    shown = CliRunner().invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert f"Example: rekindle {command}" in shown.output or "Example: rekindle --home" in shown.output


def test_a_home_whose_history_could_not_be_opened_is_refused(tmp_path):
    shown = CliRunner().invoke(app, ["--home", str(tmp_path / "who?" / "home"), "status"])
    assert shown.exit_code == 2
    assert "may not have a question mark" in shown.output
    assert not (tmp_path / "who?").exists()


def test_help_answers_without_importing_dagster_dbt_or_duckdb():
    asked = "import sys, orchestration.cli; print({'dagster', 'dbt', 'duckdb', 'pyarrow'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def test_a_run_prints_stages_in_both_languages_seconds_the_file_and_what_is_next(first_run, tiny):
    printed = first_run.stdout
    assert "Published 2025-12-28-" in printed
    assert "Silent" in printed
    assert "沉默" in printed
    assert all(step in printed for step in ("load ", "build ", "audit ", "publish "))
    assert "rekindle.duckdb" in printed
    assert "Next: rekindle" in printed


def test_a_run_ends_with_no_more_than_a_manager_reads(first_run):
    told = first_run.stdout[first_run.stdout.index("Published ") :].rstrip().splitlines()
    assert len(told) <= 25


def test_the_rows_of_each_table_are_behind_status(tiny):
    assert "marts.member_lifecycle" in tiny.rekindle("status", "--tables").stdout


def test_the_as_of_date_of_a_run_is_the_last_business_date_with_an_order(tiny):
    assert current_version(Home(tiny.home)).startswith("2025-12-28-")


def test_tables_never_delivered_are_named_in_the_status(tiny):
    shown = tiny.rekindle("status").stdout
    assert "never delivered" in shown
    assert "chain.tickets" in shown
    assert "complaints, reviews and ratings" in shown


def test_status_says_what_is_published_loaded_and_due(tiny):
    shown = tiny.rekindle("status")
    assert shown.returncode == 0, shown.stderr
    assert current_version(Home(tiny.home)) in shown.stdout
    assert "room     tables and views" in shown.stdout
    assert "Seconds per step:\n" in shown.stdout
    assert "publishing__audit" in shown.stdout
    assert "chain.orders" in shown.stdout
    assert "Working now: nobody" in shown.stdout
    assert "Due: nothing" in shown.stdout


def test_status_names_the_process_at_work(tiny):
    with hold_build_lock(Home(tiny.home), "a test's work"):
        shown = tiny.rekindle("status")
    assert f"process {os.getpid()}, a test's work" in shown.stdout


def test_a_second_build_is_told_who_is_at_work_and_leaves_with_75(tiny):
    with hold_build_lock(Home(tiny.home), "a test's work"):
        refused = tiny.rekindle("build", "--as-of", "2025-12-28")
    assert refused.returncode == 75
    assert f"process {os.getpid()}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_rule_of_a_model_that_changed_is_asked_by_the_next_run(tiny):
    models = tiny.project / "dbt_project" / "models" / "models.yml"
    models.write_text(models.read_text().replace("values: [silent, new]", "values: [silent, new, churned]"))
    done = tiny.rekindle("run", "--weeks", "2")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_failed_dbt_test_fails_the_run_and_publishes_nothing(tiny):
    before = current_version(Home(tiny.home))
    model = tiny.project / "dbt_project" / "models" / "marts" / "lifecycle" / "member_lifecycle.sql"
    model.write_text(model.read_text().replace("'silent'", "'odd'"))
    tiny.rekindle("prepare")
    failed = tiny.rekindle("run", "--as-of", "2025-12-28", "--weeks", "0")
    assert failed.returncode == 1
    assert "accepted_values_member_lifecycle_stage" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert current_version(Home(tiny.home)) == before
    refused = tiny.rekindle("publish")
    assert refused.returncode == 1
    assert "did not pass its audit" in refused.stderr
    assert current_version(Home(tiny.home)) == before


def test_a_warning_test_does_not_hold_back_the_publication(tiny):
    model = tiny.project / "dbt_project" / "models" / "marts" / "lifecycle" / "member_lifecycle.sql"
    model.write_text(model.read_text().replace("then 'silent'", "then null"))
    tiny.rekindle("prepare")
    before = current_version(Home(tiny.home))
    done = tiny.rekindle("run", "--as-of", "2025-12-28", "--weeks", "0")
    assert done.returncode == 0, done.stderr
    assert current_version(Home(tiny.home)) != before
    shown = tiny.rekindle("status").stdout
    assert "Found by tests, and counted" in shown
    assert "not_null_member_lifecycle_stage" in shown


def test_build_then_publish_then_rollback_then_verify(tiny):
    first = current_version(Home(tiny.home))
    for day in ("2025-12-27", "2025-12-26"):
        assert tiny.rekindle("build", "--as-of", day, "--weeks", "0").returncode == 0
    assert current_version(Home(tiny.home)) == first
    unclear = tiny.rekindle("publish")
    assert unclear.returncode == 1
    assert "several audited builds: 2025-12-27-" in unclear.stderr
    assert tiny.rekindle("publish", "--as-of", "2025-12-27").returncode == 0
    assert current_version(Home(tiny.home)).startswith("2025-12-27-")
    assert tiny.rekindle("verify").returncode == 0
    assert tiny.rekindle("rollback").returncode == 0
    assert current_version(Home(tiny.home)) == first


def test_an_earlier_date_is_built_and_kept_and_the_terminal_says_how_to_switch(tiny):
    home, first = Home(tiny.home), current_version(Home(tiny.home))
    (tiny.home / "landing" / "chain" / "orders" / "delivered=2025-12-30.tmp").mkdir()  # of a crashed upload
    done = tiny.rekindle("build", "--as-of", "2025-12-20", "--weeks", "0")
    assert done.returncode == 0, done.stderr
    done = tiny.rekindle("publish")
    assert done.returncode == 0, done.stderr
    assert current_version(home) == first
    [older] = [version.build_id for version in list_versions(home) if not version.current]
    assert f"{older} (as of 2025-12-20) is kept beside; readers stay with {first}" in done.stdout
    assert f"rekindle rollback --to {older}" in done.stdout
    again = tiny.rekindle("publish", "--build", older)
    assert (again.returncode, again.stderr) == (0, "")
    assert (
        f"{older} (as of 2025-12-20) is published; nothing waits to be. Readers get {first}." in again.stdout
    )
    shown = tiny.rekindle("status")
    assert shown.returncode == 0, shown.stderr
    assert older in shown.stdout
    assert tiny.rekindle("rollback", "--to", older).returncode == 0
    assert current_version(home) == older


def test_a_due_date_is_given_up_by_hand_with_a_reason_that_the_status_tells(tiny):
    tiny.deliver("orders", "2025-12-30", ORDERS[:1])
    assert (
        "Due: 2025-12-29, 2025-12-30. Type: rekindle run --as-of 2025-12-29" in tiny.rekindle("status").stdout
    )
    refused = tiny.rekindle("give-up", "2025-12-27", "--why", "closed")
    assert refused.returncode == 2
    assert "2025-12-27 is not due. Due are: 2025-12-29, 2025-12-30" in refused.stderr
    assert tiny.rekindle("give-up", "2025-12-29", "--why", " ").returncode == 2
    done = tiny.rekindle("give-up", "2025-12-29", "--why", "the tills were closed")
    assert done.returncode == 0, done.stderr
    shown = tiny.rekindle("status").stdout
    assert "Due: 2025-12-30. Type: rekindle run --as-of 2025-12-30" in shown
    assert "Given up: 2025-12-29 (the tills were closed)" in shown


def test_a_date_that_was_asked_for_stays_due_after_a_later_one_is_published(tiny):
    note_asked(Home(tiny.home), [date(2025, 12, 27)])
    shown = tiny.rekindle("status").stdout
    assert "Due: 2025-12-27. Type: rekindle run --as-of 2025-12-27" in shown
    assert "2025-12-27 was asked for and is not published, though a later date is" in shown
    assert "rekindle give-up 2025-12-27 --why TEXT" in shown


@pytest.mark.parametrize(("ended_by", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_an_interrupted_build_publishes_nothing_and_the_next_one_works(tiny, ended_by, code):
    home = Home(tiny.home)
    before = current_version(home)
    process = tiny.started("build", "--as-of", "2025-12-28")
    give_up = time.monotonic() + 120
    # The run itself holds the lock then, no longer the command that starts it.
    while '"doing": "run ' not in home.lock_file.read_text():
        assert time.monotonic() < give_up
        time.sleep(0.01)
    process.send_signal(ended_by)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == code
    assert "Traceback" not in said
    assert current_version(home) == before
    assert tiny.rekindle("build", "--as-of", "2025-12-28").returncode == 0


def test_verify_fails_on_a_changed_file(tiny):
    file = Home(tiny.home).published_file.resolve()
    file.chmod(0o644)
    with file.open("ab") as opened:
        opened.write(b"x")
    assert tiny.rekindle("verify").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["build"], 1, "holds no order yet"),
        (["publish"], 1, "no unpublished build"),
        (["rollback"], 1, "no published version"),
        (["verify"], 1, "nothing is published"),
        (["load"], 1, "No source has delivered"),
    ],
)
def test_an_empty_home_is_told_what_to_do_without_a_traceback(tiny, tmp_path, arguments, code, said):
    empty = type(tiny)(tiny.project, tmp_path / "empty")
    shown = empty.rekindle(*arguments)
    assert shown.returncode == code
    assert said in shown.stderr
    assert "Traceback" not in shown.stderr


def test_files_for_an_unknown_table_are_refused_with_the_tables_there_are(tmp_path):
    file = tmp_path / "x.csv"
    file.write_text("a\n1\n")
    refused = CliRunner().invoke(
        app, ["deliver", str(file), "--source", "chain", "--table", "nonsense", "--date", "2025-01-01"]
    )
    assert refused.exit_code == 2
    assert "orders" in refused.output


def test_fresh_removes_only_homes_inside_var(tmp_path):
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    refused = CliRunner().invoke(app, ["--home", str(tmp_path), "demo", "--fresh"])
    assert refused.exit_code == 2
    assert precious.exists()


FAULTY_TAGS = {
    "tags.csv": [
        ("Repurchase rate within 90 days", ""),  # no metric
        ("Invitation to the next live broadcast", ""),  # no action
        # high_value expired
        ("2020-01-01,\nmember,high_order_value,", "2020-01-01,2025-12-01\nmember,high_order_value,"),
        ("Rare buyer,", "Frequent buyer,"),  # a label with two meanings
    ],
    "tag_rules.csv": [
        ("new_member,1,tenure_days,<=,30", "new_member,1,mood,=,good"),
        ("top_level,1,member_level,in,gold", "top_level,1,member_level,>,gold"),
        ("known_everywhere,1,systems,>=,2", "known_everywhere,1,systems,>=,two"),
        ("overdue,1,overdue_ratio,<=,3", "overdue,1,overdue_ratio,<,1"),
        ("fresh_intent,1,intent_actions_30d,>=,3", "fresh_intent,1,is_high_intent,<>,false"),
        ("diner,1,category_group,=,restaurant", "diner,1,region,=,ann@example.org"),
    ],
    "tag_conflicts.csv": [("over_contacted,light_silent", "light_silent,over_contacted")],
}
TOLD_OF_TAGS = [
    "no metric",
    "tag 'live_viewer': no action",
    "tag 'high_value': expired on 2025-12-01",
    "label_en 'Frequent buyer' is used in line",
    "tag_rules.csv:2 tag 'new_member': unknown attribute 'mood'; allowed: those of attributes.csv",
    "operator '>' for text member_level; allowed: ",
    "tag 'known_everywhere': systems 'two'; allowed: integer numbers",
    "no value of overdue_ratio can meet the group",
    "tag 'fresh_intent': the same rule as high_intent_prospect",
    "tag 'diner': a contact detail in a rule",
    "a tie: ",
]


FAULTY_CAMPAIGNS = {
    "campaigns.csv": ("weekly,repurchased,purchase,70", "weekly,repurchased,purchase,80"),
    "campaign_arms.csv": ("second_order,control,control,0.5", "second_order,control,control,0.4"),
    "campaign_steps.csv": ("second_order,every,2,7", "second_order,every,2,3"),
    "contact_caps.csv": ("marketing,all,7,2", "marketing,all,7,0"),
    "copy_templates.csv": ("Two ideas that go with {product}.", "Mail ann@example.org"),
}
TOLD_OF_CAMPAIGNS = [
    "a tie: priority 80 is that of",
    "shares of 'second_order' add up to 0.9; allowed: exactly 1",
    "day_offset 3 of step 2 after 3; days of a journey rise",
    "contact_caps.csv:2 'marketing': most_touches '0'; allowed: whole numbers from 1",
    "a contact detail in body",
]


def test_faulty_tags_and_campaigns_are_refused_all_at_once_and_the_publication_stays_as_it_is(tiny):
    seeds = tiny.project / "seeds"
    for name, changes in FAULTY_TAGS.items():
        for change in changes:
            planted(seeds / "tags" / name, *change)
    for name, change in FAULTY_CAMPAIGNS.items():
        planted(seeds / "campaigns" / name, *change)
    with (seeds / "tags" / "tag_conflicts.csv").open("a", encoding="utf-8") as file:
        file.write("over_contacted,light_silent,In turn\n")
    before = fingerprints(tiny.home / "serving")
    refused = tiny.rekindle("run", "--as-of", "2025-12-28", "--weeks", "0")
    assert refused.returncode == 2
    assert [told for told in (*TOLD_OF_TAGS, *TOLD_OF_CAMPAIGNS) if told not in refused.stderr] == []
    assert "Nothing was built" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "example.org" not in refused.stderr
    assert fingerprints(tiny.home / "serving") == before
    assert list((tiny.home / "build").glob("*/rekindle.duckdb")) == []


def planted(file, found, instead):
    text = file.read_text(encoding="utf-8")
    assert found in text
    file.write_text(text.replace(found, instead, 1), encoding="utf-8")


def fingerprints(folder):
    """Every file and link below a folder with what it holds."""
    return {
        path.relative_to(folder): str(path.readlink())
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }
