"""The rule of a started experiment cannot be changed; that of one not started can."""

import shutil
from dataclasses import replace
from datetime import date, timedelta

import pytest

from orchestration.core.errors import InputFault
from orchestration.ledger.rules import check_rules, declared_rules, first_seals
from orchestration.ledger.seals import Seal, proposals, seal
from orchestration.own_tables import provide_own_tables, read_own_table, schema_of, write_own_table
from orchestration.project import SEEDS_DIR
from tests.ledger.test_seals import STAMPS, warehouse

CAMPAIGN, STARTED = "second_order", "second_order_test"
NOT_STARTED = "potential_trial_test"
WEEK = date(2025, 12, 29)
ONE_WEEK = timedelta(days=7)


def sealed(week=WEEK, included=3, version=1):
    return Seal(
        campaign=CAMPAIGN,
        campaign_week=week,
        version=version,
        as_of_date=week - timedelta(days=1),
        definition_hash="d1",
        build_id="2025-12-28-00000001",
        code_version="c0de",
        reason="",
        weeks=1,
        counts={"decisions": 5, "touches": included, "included": included},
        sha256={},
        rules=declared_rules(CAMPAIGN, week),
    )


@pytest.fixture
def seeds(tmp_path):
    shutil.copytree(SEEDS_DIR / "campaigns", tmp_path / "seeds" / "campaigns")
    return tmp_path / "seeds"


def changed(seeds, name, text, instead):
    file = seeds / "campaigns" / f"{name}.csv"
    content = file.read_text(encoding="utf-8")
    assert text in content
    file.write_text(content.replace(text, instead), encoding="utf-8")


def test_an_unchanged_rule_passes_whatever_the_order_of_its_rows(seeds):
    file = seeds / "campaigns" / "experiments.csv"
    first, *rows = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([first, *reversed(rows)]) + "\n", encoding="utf-8")
    check_rules([sealed()], seeds)


@pytest.mark.parametrize(
    ("name", "text", "instead"),
    [
        ("experiments", "second_order,repurchased,28,0.05", "second_order,repurchased,28,0.01"),
        ("experiments", f"{STARTED},", "renamed,"),
        ("experiment_looks", f"{STARTED},1,2", f"{STARTED},1,1"),
        ("experiment_guardrails", f"{STARTED},complained\n", ""),
        ("experiment_segments", f"{STARTED},region\n", ""),
        ("experiment_metrics", "unsubscribed,mean,false,false,0.01", "unsubscribed,mean,false,false,0.02"),
        ("campaign_settings", "\nleast_members,50,", "\nleast_members,20,"),
        ("campaign_arms", "second_order,control,control,0.5", "second_order,control,control,0.4"),
    ],
)  # fmt: skip
def test_a_changed_rule_of_a_started_experiment_is_refused(seeds, name, text, instead):
    changed(seeds, name, text, instead)
    with pytest.raises(InputFault, match=f"the rule of {STARTED} was changed after the start"):
        check_rules([sealed()], seeds)


def test_the_rule_of_an_experiment_that_has_not_started_may_change(seeds):
    changed(
        seeds,
        "experiments",
        f"{NOT_STARTED},potential_trial,repurchased,28,0.03",
        f"{NOT_STARTED},potential_trial,repurchased,28,0.04",
    )
    check_rules([sealed()], seeds)


def test_where_nobody_was_drawn_nothing_started(seeds):
    changed(seeds, "experiments", "second_order,repurchased,28,0.05", "second_order,repurchased,28,0.01")
    check_rules([sealed(included=0)], seeds)
    with pytest.raises(InputFault):
        check_rules([sealed(included=0), sealed(WEEK + ONE_WEEK, included=1)], seeds)


@pytest.mark.parametrize(("valid_from", "is_late"), [("2025-12-29", True), ("2025-12-30", False)])
def test_an_experiment_over_a_week_that_was_sealed_without_it_is_refused(seeds, valid_from, is_late):
    file = seeds / "campaigns" / "experiments.csv"
    late = f"afterthought,{CAMPAIGN},margin,28,1,1,0.05,0.8,{valid_from},"
    file.write_text(file.read_text(encoding="utf-8").rstrip("\n") + f"\n{late}\n", encoding="utf-8")
    if not is_late:
        return check_rules([sealed()], seeds)
    with pytest.raises(InputFault, match=r"afterthought \(sealed without it: 2025-12-29\)"):
        check_rules([sealed()], seeds)


@pytest.mark.parametrize(("valid_to", "is_read"), [("2025-12-28", False), ("2025-12-29", True)])
def test_an_experiment_reads_weeks_up_to_the_one_whose_monday_it_ends_on(seeds, valid_to, is_read):
    assert declared_rules(CAMPAIGN, WEEK, seeds).keys() == {STARTED}
    row = "second_order,repurchased,28,0.05,4,0.05,0.8,2024-01-01,"
    changed(seeds, "experiments", row, f"{row}{valid_to}")
    assert (declared_rules(CAMPAIGN, WEEK, seeds) != {}) is is_read
    assert declared_rules(CAMPAIGN, WEEK + ONE_WEEK, seeds) == {}
    assert declared_rules(CAMPAIGN, WEEK - ONE_WEEK, seeds).keys() == {STARTED}


def test_an_experiment_starts_with_the_first_week_somebody_was_drawn_in():
    later, first, nobody = sealed(WEEK + 2 * ONE_WEEK), sealed(WEEK + ONE_WEEK), sealed(included=0)
    corrected = sealed(WEEK + ONE_WEEK, version=2)
    assert first_seals([later, corrected, first, nobody]) == {STARTED: first}


def test_the_ledger_keeps_the_rules_and_a_correction_asks_no_other_question(home, tmp_path, monkeypatch):
    [proposal] = proposals(warehouse(tmp_path))
    first = seal(home, replace(proposal, campaign=CAMPAIGN), **STAMPS)
    assert first.rules == declared_rules(CAMPAIGN, WEEK) != {}
    monkeypatch.setattr("orchestration.ledger.seals.declared_rules", lambda *_: {STARTED: "another"})
    second = seal(home, replace(proposal, campaign=CAMPAIGN), reason="late orders", **STAMPS)
    assert second.rules == first.rules


def test_a_correction_of_a_week_without_anybody_starts_with_the_rules_of_its_day(home, tmp_path, monkeypatch):
    [nobody] = proposals(warehouse(tmp_path, members=0))
    seal(home, replace(nobody, campaign=CAMPAIGN), **STAMPS)
    monkeypatch.setattr("orchestration.ledger.seals.declared_rules", lambda *_: {STARTED: "another"})
    [somebody] = proposals(warehouse(tmp_path))
    second = seal(home, replace(somebody, campaign=CAMPAIGN), reason="late orders", **STAMPS)
    assert second.rules == {STARTED: "another"}


def test_what_was_kept_is_not_emptied_by_the_next_build(home):
    empty = dict.fromkeys(schema_of("experiment_decisions").names)
    write_own_table(home, "experiment_decisions", [empty | {"experiment": STARTED}])
    provide_own_tables(home)
    assert [row["experiment"] for row in read_own_table(home, "experiment_decisions")] == [STARTED]
    assert read_own_table(home, "churn_parameters") == []
