"""What the next build makes anew and takes over, told before it runs; and what one did, told after."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from orchestration.project import Home
from orchestration.readers import plan
from orchestration.readers.plan import plan_text
from orchestration.readers.status import told_history
from orchestration.warehouse.history import AsOfDate, History, definition_hash
from orchestration.warehouse.versions import list_versions
from tests.warehouse.made_by_hand import publish_one

SUNDAY = date(2025, 12, 28)
WEEK = timedelta(days=7)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def told(home, monkeypatch, definition):
    """A published version of a hundred members that tells of two Sundays."""
    publish_one(home, 1, as_of=SUNDAY - WEEK)
    [version] = list_versions(home)
    dates = [
        AsOfDate(SUNDAY - 2 * WEEK, False, None, True, "first", definition),
        AsOfDate(SUNDAY - WEEK, True, "decides a campaign week", True, version.build_id, definition_hash()),
        AsOfDate(SUNDAY, True, "asked for", False, "next", definition_hash()),
    ]
    monkeypatch.setattr(plan, "history_of", lambda *_: History(tuple(dates), version))
    return version


def test_a_first_build_makes_everything_anew_and_the_plan_tells_why(home):
    text = plan_text(home, SUNDAY, 2, with_history=False)
    assert "Next build: as of 2025-12-28, with 2 earlier as-of dates" in text
    assert "Made anew: 3 as-of dates\nNothing is taken over: no version tells of it" in text
    assert "Taken over" not in text


def test_dates_are_told_by_why_they_are_made_anew_with_about_how_many_rows(home, monkeypatch):
    version = told(home, monkeypatch, definition_hash())
    text = plan_text(home, SUNDAY, 2, with_history=False)
    assert "Made anew: 2 as-of dates, about 200 rows of members and dates" in text
    assert "decides a campaign week      1  2025-12-21  2025-12-21" in text
    assert f"Taken over as told: 2 as-of dates, 2025-12-14 to 2025-12-21, from {version.build_id}" in text
    assert "other definitions" not in text


def test_dates_decided_by_other_definitions_are_named_with_how_to_decide_them_anew(home, monkeypatch):
    told(home, monkeypatch, "of another day")
    text = plan_text(home, SUNDAY, 2, with_history=False)
    assert (
        "1 of them, 2025-12-14 to 2025-12-14, were decided by other definitions or SQL than today's." in text
    )
    assert "rekindle run --history" in text


def test_with_history_nothing_is_taken_over(home, monkeypatch):
    told(home, monkeypatch, definition_hash())
    text = plan_text(home, SUNDAY, 2, with_history=True)
    assert "Made anew: 3 as-of dates" in text
    assert "history is decided anew" in text


def test_after_a_build_the_status_tells_where_its_dates_come_from():
    dates = {
        "made anew": {"2025-12-21": "decides a campaign week", "2025-12-28": "asked for"},
        "taken over": {"2025-12-14": "first", "2025-12-21": "second"},
        "definitions": {"2025-12-14": "then", "2025-12-21": "now", "2025-12-28": "now"},
    }
    [text] = told_history(dates)
    assert "as told before                           2  2025-12-14  2025-12-21" in text
    assert text.endswith("Decided by 2 states of definitions and SQL; one for all: rekindle run --history")
    [alike] = told_history(dates | {"definitions": dict.fromkeys(dates["definitions"], "now")})
    assert "states of definitions" not in alike
    assert told_history({}) == []
