"""The rule of a started experiment cannot be changed; that of one not started can."""

import shutil
from datetime import date

import pytest

from orchestration.project import SEEDS_DIR, Home
from orchestration.warehouse.experiment_rules import (
    RuleChanged,
    check_rules,
    keep,
    kept,
    provide_judged,
    rule_hashes,
)

STARTED, NOT_STARTED = "second_order_test", "potential_trial_test"


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    rule = {"experiment": STARTED, "rule_hash": rule_hashes()[STARTED], "registered_on": date(2025, 12, 28)}
    keep(home, "experiment_rules", [rule | {"planned_members": 100}])
    return home


@pytest.fixture
def seeds(tmp_path):
    shutil.copytree(SEEDS_DIR / "campaigns", tmp_path / "seeds" / "campaigns")
    return tmp_path / "seeds"


def changed(seeds, name, text, instead):
    file = seeds / "campaigns" / f"{name}.csv"
    content = file.read_text(encoding="utf-8")
    assert text in content
    file.write_text(content.replace(text, instead), encoding="utf-8")


def test_an_unchanged_rule_passes_whatever_the_order_of_its_rows(home, seeds):
    file = seeds / "campaigns" / "experiments.csv"
    first, *rows = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([first, *reversed(rows)]) + "\n", encoding="utf-8")
    check_rules(home, seeds)


@pytest.mark.parametrize(
    ("name", "text", "instead"),
    [
        ("experiments", "second_order,repurchased,28,0.05", "second_order,repurchased,28,0.01"),
        ("experiments", f"{STARTED},", "renamed,"),
        ("experiment_looks", f"{STARTED},1,2", f"{STARTED},1,1"),
        ("experiment_guardrails", f"{STARTED},complained\n", ""),
        ("experiment_segments", f"{STARTED},region\n", ""),
        ("experiment_metrics", "unsubscribed,mean,false,false,0.01", "unsubscribed,mean,false,false,0.02"),
        ("experiment_settings", "56,50", "56,20"),
        ("campaign_arms", "second_order,control,control,0.5", "second_order,control,control,0.4"),
    ],
)  # fmt: skip
def test_a_changed_rule_of_a_started_experiment_is_refused(home, seeds, name, text, instead):
    changed(seeds, name, text, instead)
    with pytest.raises(RuleChanged, match=f"the rule of {STARTED} was changed after the start"):
        check_rules(home, seeds)


def test_the_rule_of_an_experiment_that_has_not_started_may_change(home, seeds):
    changed(
        seeds,
        "experiments",
        f"{NOT_STARTED},potential_trial,repurchased,28,0.03",
        f"{NOT_STARTED},potential_trial,repurchased,28,0.04",
    )
    check_rules(home, seeds)


def test_what_was_kept_is_not_emptied_by_the_next_build(home):
    provide_judged(home)
    assert [row["experiment"] for row in kept(home, "experiment_rules")] == [STARTED]
    assert kept(home, "experiment_decisions") == []
