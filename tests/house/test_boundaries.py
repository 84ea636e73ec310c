"""Totals are read on the days that are known, and on no other: nobody gets half of what happened."""

import re
from contextlib import nullcontext

import pytest

from orchestration.project import Home
from orchestration.warehouse.builds import BuildFailed
from orchestration.warehouse.dbt import invoke_dbt
from tests.house.reading import SqlFile

# What has rows valid until the next one: a relation of totals and what is built into it.
UNTIL_NEXT = re.compile(r"\bnext_known_on\b")
MACROS = "macros/boundaries.sql"


def reads_around_the_macro(file):
    """Whether a file looks up totals by day itself; making the column is no look-up."""
    made = re.sub(r"as next_known_on\b|'next_known_on'", "", file.sql)
    return file.path != MACROS and UNTIL_NEXT.search(made) is not None


def test_totals_are_read_by_the_macro_that_knows_their_days(sql_files):
    assert [file.path for file in sql_files if reads_around_the_macro(file)] == []


@pytest.mark.parametrize(
    ("sql", "is_fault"),
    [
        ("inner join totals on days.as_of_date < totals.next_known_on", True),
        ("lead(known_on) over (order by known_on) as next_known_on", False),
        ("{{ totals_at('member_totals', 'as_of_dates', 30) }}", False),
    ],
)
def test_a_look_up_by_hand_is_found(sql, is_fault):
    assert reads_around_the_macro(SqlFile("models/a.sql", sql)) == is_fault


@pytest.mark.parametrize(
    ("asked", "is_known"),
    [
        ("'member_totals', 'as_of_dates', 90", True),
        ("'member_totals', 'scored_days', 'rfm_window_days'", True),
        ("'member_totals', 'as_of_dates', 31", False),
        ("'choice_totals', 'as_of_dates', 30", False),
        ("'choice_totals', 'scored_days', 0", False),
    ],
)
def test_a_day_that_is_not_known_gets_no_sql(tmp_path, asked, is_known):
    home = Home(tmp_path)
    folder = home.development_warehouse.parent
    folder.mkdir(parents=True)
    with nullcontext() if is_known else pytest.raises(BuildFailed, match="Error parsing inline query"):
        invoke_dbt(
            ["compile", "--inline", f"{{{{ totals_at({asked}) }}}}"],
            home=home,
            warehouse=home.development_warehouse,
            target_path=folder / "target",
        )
