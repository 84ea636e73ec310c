"""What was measured of large chains is kept by size, and its page says what is wanted and what came."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.large import DAY, LOAD_AGAIN, ONE_DATE, YEAR, Step, keep_measured, page, picture, steps_of
from orchestration.project import Home

STEP = Step(1000, DAY, "2025-12-28", 40.0, 30.0, 600, 10.0, 30.0, 12.0, "c0de")


def test_a_size_measured_again_replaces_what_was_kept_of_it_alone(tmp_path):
    file = tmp_path / "large.csv"
    other = replace(STEP, members=500)
    assert keep_measured([STEP, replace(STEP, step=ONE_DATE)], file) == [STEP, replace(STEP, step=ONE_DATE)]
    keep_measured([other], file)
    newer = replace(STEP, cpu_seconds=41.5)
    assert keep_measured([newer], file) == [other, newer]
    assert keep_measured([], file) == [other, newer]


def test_the_page_has_a_table_per_size_and_tells_of_each_goal_what_was_measured():
    one, year = replace(STEP, step=ONE_DATE, cpu_seconds=10.0), replace(STEP, step=YEAR, cpu_seconds=25.0)
    told = page([one, year, STEP, replace(STEP, members=20000, cpu_seconds=300.0)])
    assert "## 1,000 members" in told
    assert "## 20,000 members" in told
    assert "2.5 times with 1,000 members" in told
    assert "300 CPU s, 0.6 GB with 20,000 members" in told
    assert "1.20 with 20,000 members" in told


def test_what_was_not_measured_is_said_to_be():
    assert page([replace(STEP, step=LOAD_AGAIN)]).count("not measured") == 4


def test_a_member_takes_what_is_published_beside_the_facts():
    assert STEP.kb_per_member_beside_facts == 18.0


def test_each_line_of_the_picture_says_its_name():
    drawn = picture([STEP, replace(STEP, members=20000), replace(STEP, step=ONE_DATE)])
    assert drawn.startswith("<svg")
    assert DAY in drawn
    assert ONE_DATE in drawn


@pytest.mark.slow
def test_a_tiny_chain_goes_through_every_step(tmp_path):
    steps = list(steps_of(Home(tmp_path / "home"), 120, 1, with_year=False))
    assert [step.step for step in steps] == ["sample", "load", LOAD_AGAIN, ONE_DATE, DAY]
    assert all(step.cpu_seconds > 0 and step.peak_mb > 0 for step in steps)
    assert steps[-1].published_mb > steps[-1].facts_mb > 0
    assert steps[-1].as_of == "2025-12-28"
