"""As-of dates: the date asked for and the Sundays before it."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.core.calendar import as_of_dates_for

SUNDAY = date(2025, 12, 28)


def test_no_weeks_means_the_date_alone():
    assert as_of_dates_for(SUNDAY, 0) == [SUNDAY]


@pytest.mark.parametrize(
    ("as_of", "last_sunday"),
    [
        (SUNDAY - timedelta(days=1), date(2025, 12, 21)),
        (SUNDAY, date(2025, 12, 21)),
        (SUNDAY + timedelta(days=1), SUNDAY),
    ],
)
def test_around_a_sunday_the_newest_week_end_is_the_one_strictly_before(as_of, last_sunday):
    assert as_of_dates_for(as_of, 2) == [last_sunday - timedelta(days=7), last_sunday, as_of]


def test_a_negative_number_of_weeks_is_refused():
    with pytest.raises(ValueError, match="-1"):
        as_of_dates_for(SUNDAY, -1)


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 110))
def test_every_date_but_the_last_is_a_sunday_and_they_ascend_by_weeks(as_of, weeks):
    dates = as_of_dates_for(as_of, weeks)
    assert len(dates) == weeks + 1
    assert dates[-1] == as_of
    assert all(day.isoweekday() == 7 for day in dates[:-1])
    assert all(later - earlier == timedelta(days=7) for earlier, later in pairwise(dates[:-1]))
    assert weeks == 0 or 1 <= (as_of - dates[-2]).days <= 7
