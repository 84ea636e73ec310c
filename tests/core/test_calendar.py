"""As-of dates: the date asked for and the Sundays before it."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.core.calendar import LookBacks, as_of_dates_for, dates_to_compute

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


LOOKS_BACK = LookBacks(decided_weeks=1, outcome_days=frozenset({28}), baseline_days=frozenset({21}))
WEEKS = as_of_dates_for(SUNDAY, 8)


def days_before(days):
    return SUNDAY - timedelta(days=days)


def test_without_an_earlier_version_every_date_is_computed():
    assert list(dates_to_compute(WEEKS, set(), None, LOOKS_BACK)) == WEEKS


def test_a_week_later_the_date_itself_and_those_whose_outcome_became_known_are_computed():
    told = set(WEEKS) - {SUNDAY}
    assert dates_to_compute(WEEKS, told, days_before(7), LOOKS_BACK) == {
        days_before(28): "what came of it within 28 days is known now",
        days_before(21): "baseline of experiments over 21 days",
        SUNDAY: "asked for",
    }


@pytest.mark.parametrize(("told_until", "is_computed"), [(1, True), (0, False)])
def test_an_outcome_is_looked_at_on_the_first_date_that_knows_it_alone(told_until, is_computed):
    told = set(WEEKS) - {SUNDAY}
    computed = dates_to_compute(WEEKS, told, days_before(told_until), LOOKS_BACK)
    assert (days_before(28) in computed) is is_computed


def test_a_missed_week_has_the_outcomes_of_two_weeks_looked_at():
    told = {day for day in WEEKS if day <= days_before(14)}
    computed = dates_to_compute(WEEKS, told, days_before(14), LOOKS_BACK)
    assert [day for day, why in computed.items() if "28" in why] == [days_before(35), days_before(28)]
    assert computed[days_before(7)] == "no version tells of it"


def test_on_a_weekday_the_sunday_that_decided_the_week_is_computed_and_no_outcome_is_new():
    dates = as_of_dates_for(SUNDAY + timedelta(days=2), 8)
    told = set(dates[:-1])
    none_planned = LookBacks(1, frozenset({28}), frozenset())
    assert dates_to_compute(dates, told, SUNDAY + timedelta(days=1), none_planned) == {
        SUNDAY: "decides a campaign week",
        SUNDAY + timedelta(days=2): "asked for",
    }


def test_no_date_is_no_request():
    with pytest.raises(ValueError, match="no as-of date"):
        dates_to_compute([], set(), None, LOOKS_BACK)


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(0, 60),
    st.sets(st.integers(0, 400)),
    st.integers(1, 400),
)
def test_each_date_is_told_or_computed_and_the_newest_always_computed(as_of, weeks, told_days, told_until):
    dates = as_of_dates_for(as_of, weeks)
    told = {as_of - timedelta(days=days) for days in told_days}
    computed = dates_to_compute(dates, told, as_of - timedelta(days=told_until), LOOKS_BACK)
    assert set(dates) <= told | computed.keys()
    assert list(computed)[-1] == as_of
    assert computed.keys() <= set(dates)
