"""What a manager reads at the end of a run: short, in words, findings first."""

from datetime import date

import duckdb

from orchestration.project import Home
from orchestration.readers import overview
from orchestration.readers.audiences import Audiences

HOME = Home.from_environment()
WEEK = date(2025, 12, 29)
COLUMNS = ["experiment", "arm", "look", "verdict", "sentence_en"]


def test_those_at_risk_are_counted_by_level_the_highest_first(monkeypatch):
    warehouse = duckdb.connect()
    warehouse.execute(
        """
        create schema serving; create schema seeds;
        create table serving.srv_churn_warnings as from (values
            ('low', date '2025-12-28', 1), ('low', date '2025-12-28', 1), ('high', date '2025-12-28', 3),
            ('high', date '2025-12-21', 3)) as warnings(churn_level, as_of_date, level_order);
        create table seeds.churn_levels as from (values
            ('low', 1, 'Low', '低'), ('high', 3, 'High', '高')
            ) as levels(churn_level, level_order, label_en, label_zh)
        """
    )
    monkeypatch.setattr(overview, "connect_published", lambda home: warehouse.cursor())
    [line] = overview._at_risk(HOME, date(2025, 12, 28))
    assert line == "At risk, warned 预警: 1 High 高 · 2 Low 低"


def test_a_version_without_warnings_says_nothing_of_risk(monkeypatch):
    monkeypatch.setattr(overview, "connect_published", lambda home: duckdb.connect())
    assert list(overview._at_risk(HOME, date(2025, 12, 28))) == []


def test_the_week_says_who_enters_and_the_three_commonest_reasons_why_not(monkeypatch):
    outcomes = {
        "matched": 60,
        "global_holdout": 3,
        "no_consent": 30,
        "cooldown": 9,
        "sleep_pool": 2,
        "over_budget": 1,
        "included": 15,
    }
    rows = [
        {"campaign": campaign, "outcome": outcome, "members": members}
        for campaign in ("a", "b")
        for outcome, members in outcomes.items()
    ]
    monkeypatch.setattr(overview, "published_weeks", lambda home: [WEEK])
    monkeypatch.setattr(overview, "read_audiences", lambda home: Audiences(WEEK, {"waterfall": rows}))
    [told] = overview._this_week(HOME)
    first, *reasons = told.splitlines()
    assert first == "Campaign week 2025-12-29: 30 of 120 matched enter 入选, in 2 campaigns; the others:"
    assert " ".join(reasons).split(" · ")[-1] == "6 for other reasons"
    assert "60 No consent" in reasons[0]
    assert "Over the weekly budget" not in told


def test_a_finding_comes_before_what_still_waits(monkeypatch):
    rows = [
        ("a_test", "treated", 0, "continue", "Go on."),
        ("b_test", "treated", 0, "continue", "Go on."),
        ("b_test", "treated", 1, "win", "Roll it out."),
    ]
    monkeypatch.setattr(overview, "read_experiments", lambda home, question: (COLUMNS, rows))
    [told] = overview._found(HOME)
    assert told.splitlines() == [
        "Experiments 实验, arms by verdict: 1 continue · 1 win",
        "    b_test, treated: Roll it out.",
    ]
