"""What is said of published tags: previews, one member's story, and Dagster's checks with their numbers."""

import csv
import re
import shutil
from datetime import date, timedelta

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration.checks.tags import evaluations
from orchestration.cli import app
from orchestration.cli.why import OPERATORS
from orchestration.project import SEEDS_DIR, Home
from orchestration.readers.tags import read_tag_health
from tests.built import SUNDAYS, UNTIL, chain

__all__ = ["chain"]
CHECKS = {
    "tags_are_as_common_as_expected": "update marts.fct_tag_coverage set is_as_expected = false",
    "tags_are_steady": "update marts.fct_tag_coverage set is_steady = false",
    "tags_are_as_fresh_as_promised": "update marts.dim_tag set most_days_old = 0",
    "overridden_tags_are_still_held": "update marts.fct_tag_coverage set holders = 0",
    "tags_are_used": "delete from marts.dim_tag_lineage where link = 'used_by'",
    "tags_have_lift": "update marts.fct_tag_lift set has_lift = false",
}


@pytest.fixture(scope="module")
def file(chain, tmp_path_factory):
    """The chain's build with its public marts and labels as tables, as publishing makes them."""
    copy = tmp_path_factory.mktemp("published") / "rekindle.duckdb"
    with duckdb.connect(str(copy)) as connection:
        connection.execute(f"attach '{chain.build.file}' as built (read_only)")
        connection.execute("create schema marts; create schema seeds")
        for node in chain.nodes.values():
            if node["schema"] in {"marts", "seeds"} and node["config"]["meta"].get("public"):
                name = f"{node['schema']}.{node['name']}"
                connection.execute(f"create table {name} as from built.{name}")
    return copy


@pytest.fixture
def home(file, tmp_path):
    """A home whose readers get that file."""
    home = Home(tmp_path / "home")
    own = home.serving / "builds" / "2025-12-28-0000000a" / "rekindle.duckdb"
    own.parent.mkdir(parents=True)
    shutil.copyfile(file, own)
    home.published_file.symlink_to(own.relative_to(home.serving))
    return home


def rekindle(home, *arguments):
    return CliRunner().invoke(app, ["--home", str(home.root), *arguments])


def rows_of(home, query):
    with duckdb.connect(str(home.published_file.resolve()), read_only=True) as connection:
        return connection.execute(query).fetchall()


def changed_seeds(folder, **changes):
    """A copy of the tag definitions with texts replaced, by file."""
    shutil.copytree(SEEDS_DIR / "tags", folder)
    for name, (found, instead) in changes.items():
        path = folder / f"{name}.csv"
        text = path.read_text(encoding="utf-8")
        assert found in text
        path.write_text(text.replace(found, instead, 1), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_definitions_that_are_published_move_nobody(home):
    shown = rekindle(home, "tags", "preview")
    assert shown.exit_code == 0, shown.output
    assert re.search(r"All \d+ tags stay as they are\.", shown.output)
    assert "changed" not in shown.output.replace("Nothing was changed", "")


def test_a_preview_counts_who_gains_and_who_loses_and_writes_nothing(home, tmp_path):
    folder = changed_seeds(
        tmp_path / "tags",
        tag_rules=("recent_buyer,1,days_since_purchase,<=,14", "recent_buyer,1,days_since_purchase,<=,30"),
        tags=(
            "Reminder of the next occasion,Second purchase within 60 days,0,0.14,",
            "Remind,Repurchase,0,0.14,",
        ),
    )
    before = home.published_file.resolve().read_bytes()
    shown = rekindle(home, "tags", "preview", "--seeds", str(folder))
    assert shown.exit_code == 0, shown.output
    [(narrow, wide)] = rows_of(
        home,
        "select count(*) filter (days_since_purchase <= 14), count(*) filter (days_since_purchase <= 30) "
        f"from marts.member_attributes where as_of_date = date '{UNTIL}'",
    )
    [(held,)] = rows_of(
        home,
        f"select count(*) from marts.fct_member_tag where tag = 'recent_buyer' and as_of_date = '{UNTIL}'",
    )
    [line] = [line for line in shown.output.splitlines() if line.startswith("recent_buyer")]
    words = line.split()
    assert words[1:3] == ["changed", str(held)]
    gained, lost = int(words[4]), int(words[5])
    assert int(words[3]) == held + gained - lost
    assert 0 < gained <= wide - narrow
    assert lost == 0
    assert "rare_buyer" not in shown.output
    assert home.published_file.resolve().read_bytes() == before


def test_a_new_and_a_removed_tag_are_previewed(home, tmp_path):
    folder = changed_seeds(tmp_path / "tags")
    for name in ("tags", "tag_rules"):
        path = folder / f"{name}.csv"
        text = path.read_text(encoding="utf-8").replace("live_viewer,", "live_friend,")
        path.write_text(text, encoding="utf-8")
    shown = rekindle(home, "tags", "preview", "--seeds", str(folder)).output
    lines = {line.split()[0]: line.split()[1:6] for line in shown.splitlines() if line.startswith("live_")}
    [(held,)] = rows_of(
        home,
        f"select count(*) from marts.fct_member_tag where tag = 'live_viewer' and as_of_date = '{UNTIL}'",
    )
    assert lines["live_friend"] == ["new", "0", str(held), str(held), "0"]
    assert lines["live_viewer"] == ["removed", str(held), "0", "0", str(held)]


def test_a_preview_of_faulty_definitions_lists_the_faults(home, tmp_path):
    folder = changed_seeds(tmp_path / "tags", tag_rules=("tenure_days,<=,30", "mood,<=,30"))
    refused = rekindle(home, "tags", "preview", "--seeds", str(folder))
    assert refused.exit_code == 2
    assert "unknown attribute 'mood'" in refused.output
    assert rekindle(home, "tags", "preview", "--seeds", str(tmp_path)).exit_code == 2


def test_a_preview_before_the_first_publication_says_so(tmp_path):
    refused = rekindle(Home(tmp_path / "empty"), "tags", "preview")
    assert refused.exit_code == 1
    assert "publish first" in refused.output


def test_why_explains_every_state_of_a_member_with_the_clauses_met(home):
    [(member,)] = rows_of(
        home,
        "select member_key from marts.fct_tag_conflict inner join marts.member_churn_warning "
        f"using (member_key, as_of_date) where as_of_date = date '{UNTIL}' order by 1 limit 1",
    )
    shown = rekindle(home, "why", str(member))
    assert shown.exit_code == 0, shown.output
    for said in (
        "Stage 阶段: ",
        "Value tier 价值层级: ",
        "Warning 预警: ",
        "Overridden 让位: ",
        "Probability of no",
    ):
        assert said in shown.output
    tags = rows_of(
        home,
        "select tag, attribute_1 from marts.fct_member_tag "
        "inner join marts.dim_tag_path using (tag, path_no) "
        f"where as_of_date = date '{UNTIL}' and member_key = {member}",
    )
    assert tags
    for tag, attribute in tags:
        assert f"({tag}); " in shown.output
        assert f"({attribute}) " in shown.output


def test_why_tells_stage_tier_cause_cell_warning_reasons_and_tags_as_the_tables_have_them(home):
    """Of a member who is silent for a known cause, warned, held out, in a named cell and tagged."""
    [told] = rows_of(
        home,
        f"""
        select member_key, stages.label_en, value.value_tier, cause.label_en, silent.evidence_en,
            cell.label_en, cell.play_label_en, warning.sentence_en, warning.owner_role, warning.due_on,
            probability.p_no_purchase_28d, probability.scored_by_28d
        from marts.member_lifecycle as own join seeds.stages using (stage)
        join marts.member_value_tier as value using (member_key, as_of_date)
        join marts.member_silence_cause as silent using (member_key, as_of_date)
        join marts.dim_silence_cause as cause using (silence_cause)
        join marts.member_rfm using (member_key, as_of_date)
        join seeds.rfm_cells as cell using (named_cell)
        join marts.member_churn_warning as warning using (member_key, as_of_date)
        join marts.member_churn_probability as probability using (member_key, as_of_date)
        where as_of_date = date '{UNTIL}' and silence_cause <> 'unknown' and warning.is_held_out
            and member_key in (select member_key from marts.fct_member_tag where as_of_date = date '{UNTIL}')
        order by member_key limit 1
        """,
    )
    member, stage, tier, cause, evidence, cell, play, sentence, owner, due_on, probability, scored_by = told
    shown = rekindle(home, "why", str(member), "--language", "en")
    assert shown.exit_code == 0, shown.output
    for said in (
        f"Stage: {stage}; ",
        f"Value tier: {tier} ",
        f"Cause of silence: {cause}; ",
        f"; {evidence}\n",
        f"Cell: {cell}; {play}\n",
        f"; {sentence}\n",
        f"; {owner}, due {due_on}\n    Held out",
        f"28 d {probability:.1%} ({scored_by}), ",
    ):
        assert said in shown.output
    listed = {
        "Signal: {}; ": "select label_en from marts.fct_churn_signal "
        "join marts.dim_churn_signal using (signal)",
        "{}: log-odds ": "select horizon_days || ' d, ' || label_en from marts.fct_churn_reason "
        "join seeds.churn_reason_families using (family)",
        "Tag: {} (": "select label_en from marts.fct_member_tag join marts.dim_tag using (tag)",
    }
    for said, query in listed.items():
        labels = rows_of(home, f"{query} where member_key = {member} and as_of_date = date '{UNTIL}'")
        assert labels
        for (label,) in labels:
            assert said.format(label) in shown.output


def test_why_speaks_one_language_if_asked(home):
    [(member,)] = rows_of(
        home, f"select min(member_key) from marts.member_lifecycle where as_of_date = date '{UNTIL}'"
    )
    english = rekindle(home, "why", str(member), "--language", "en", "--as-of", str(UNTIL)).output
    chinese = rekindle(home, "why", str(member), "--language", "zh").output
    assert "Stage: " in english
    assert "阶段" not in english
    assert "阶段: " in chinese
    assert "Stage" not in chinese


def test_why_tells_of_a_past_date_what_is_kept_and_how_to_get_all_of_it(home):
    [(member, stage, level, chance)] = rows_of(
        home,
        "select member_key, stages.label_en, level.label_en, p_no_purchase_90d "
        "from marts.member_history join seeds.stages using (stage) "
        "join seeds.churn_levels as level using (churn_level) "
        f"where as_of_date = date '{SUNDAYS[-2]}' and p_no_purchase_90d is not null order by 1 limit 1",
    )
    shown = rekindle(home, "why", str(member), "--language", "en", "--as-of", str(SUNDAYS[-2]))
    assert shown.exit_code == 0, shown.output
    for said in (f"Stage: {stage}\n", f"Warning: {level}\n", f"90 d {chance:.1%}\n"):
        assert said in shown.output
    assert f"with everything: rekindle run --as-of {SUNDAYS[-2]}" in shown.output
    assert "Tag: " not in shown.output
    assert "rekindle run" not in rekindle(home, "why", str(member)).output


def test_why_tells_nothing_of_what_a_member_did_not_have(home):
    [(member,)] = rows_of(
        home,
        f"select member_key from marts.member_history where as_of_date = date '{SUNDAYS[-2]}' "
        "and stage = 'prospect' order by 1 limit 1",
    )
    shown = rekindle(home, "why", str(member), "--language", "en", "--as-of", str(SUNDAYS[-2])).output
    assert "Stage: Prospect\n" in shown
    assert "Net amount in 365 days: 0\n" in shown
    assert "Warning" not in shown
    assert "RFM" not in shown


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-1"], "no member -1"),
        (["1", "--as-of", "1999-01-03"], "no as-of date 1999-01-03"),
        (["pos:1"], "valid integer"),
    ],
)
def test_why_says_which_member_or_date_is_not_there(home, arguments, said):
    arguments = ["--", *arguments] if arguments[0].startswith("-") else arguments
    refused = rekindle(home, "why", *arguments)
    assert refused.exit_code == 2
    assert said in refused.output


def test_every_comparison_of_a_rule_has_a_sign():
    with (SEEDS_DIR / "tags" / "tag_operators.csv").open(encoding="utf-8", newline="") as opened:
        known = {
            row[kind] for row in csv.DictReader(opened) for kind in ("number_comparison", "text_comparison")
        }
    assert set(OPERATORS) == known - {""}


class Published:
    """The warehouse as the checks see it."""

    def __init__(self, home):
        self.home = home

    def tag_health(self):
        return read_tag_health(self.home)


def outcomes(home, today):
    return {result.check_name: result for result in evaluations(Published(home), today)}


@pytest.mark.parametrize(("name", "fault"), CHECKS.items())
def test_a_check_on_published_tags_finds_its_fault_and_shows_numbers(home, name, fault):
    file = home.published_file.resolve()
    before = outcomes(home, UNTIL + timedelta(days=1))[name]
    with duckdb.connect(str(file)) as connection:
        connection.execute(fault)
    found = outcomes(home, UNTIL + timedelta(days=1))[name]
    assert not found.passed
    assert found.metadata["tags at fault"].value > before.metadata["tags at fault"].value
    assert "| tag |" in found.metadata["at fault"].value


@pytest.mark.parametrize(
    ("days", "stale"),
    [(1, set()), (2, {"real_time"}), (3, {"real_time", "daily"}), (9, {"real_time", "daily", "weekly"})],
)
def test_a_tag_is_stale_once_it_is_older_than_its_refresh_promises(home, days, stale):
    with duckdb.connect(str(home.published_file.resolve())) as connection:
        connection.execute(
            "update marts.dim_tag set refresh = 'real_time', most_days_old = 1 where tag = 'fresh_intent'"
        )
        expected = {
            tag
            for tag, refresh in connection.execute(
                "select tag, refresh from marts.dim_tag where subject = 'member'"
            ).fetchall()
            if refresh in stale
        }
    found = outcomes(home, UNTIL + timedelta(days=days))["tags_are_as_fresh_as_promised"]
    assert found.metadata["tags at fault"].value == len(expected)
    assert found.passed == (not expected)


def test_without_published_tags_nothing_is_at_fault(tmp_path):
    results = outcomes(Home(tmp_path / "empty"), date(2025, 12, 29))
    assert set(results) == set(CHECKS)
    assert all(result.passed and result.metadata["rows looked at"].value == 0 for result in results.values())


def test_refreshes_are_those_that_the_seed_promises_days_for():
    from orchestration.core.tag_definitions import REFRESHES

    with (SEEDS_DIR / "tags" / "tag_refreshes.csv").open(encoding="utf-8", newline="") as opened:
        assert {row["refresh"] for row in csv.DictReader(opened)} == set(REFRESHES)
