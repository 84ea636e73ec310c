"""What the schedule asks for, and when a date is due."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from orchestration.core.due import due_dates, due_fits, last_due_date, period_start

DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
TODAY = date(2025, 12, 29)


def test_yesterday_is_due_when_the_day_before_is_published():
    assert due_dates({date(2025, 12, 27)}, TODAY, TODAY) == [date(2025, 12, 28)]


def test_today_is_never_due_because_it_is_not_over():
    assert due_dates({date(2025, 12, 28)}, TODAY, TODAY) == []


def test_missed_days_are_caught_up_oldest_first():
    assert due_dates({date(2025, 12, 25)}, TODAY, TODAY) == [date(2025, 12, day) for day in (26, 27, 28)]


def test_a_day_that_was_asked_for_is_due_until_it_is_published_whatever_was_published_since():
    failed, newest = date(2025, 12, 26), date(2025, 12, 28)
    assert due_dates({newest}, TODAY, TODAY, asked={failed}) == [failed]
    assert due_dates({failed, newest}, TODAY, TODAY, asked={failed}) == []


def test_a_day_that_was_given_up_is_not_due_before_and_after_a_later_one():
    given_up = date(2025, 12, 27)
    assert due_dates({date(2025, 12, 26)}, TODAY, TODAY, given_up={given_up}) == [date(2025, 12, 28)]
    assert due_dates({date(2025, 12, 28)}, TODAY, TODAY, {given_up}, {given_up}) == []


def test_where_the_clock_was_set_back_a_day_that_is_not_over_waits():
    assert due_dates({date(2025, 12, 20)}, TODAY, date(2025, 12, 21), asked={date(2025, 12, 28)}) == []


def test_a_day_without_its_delivery_is_not_due():
    assert due_dates({date(2025, 12, 26)}, date(2025, 12, 27), TODAY) == [date(2025, 12, 27)]


def test_first_of_all_only_the_last_delivered_day_is_due():
    assert due_dates(set(), date(2025, 12, 20), TODAY) == [date(2025, 12, 20)]


def test_nothing_is_due_before_anything_was_delivered():
    assert due_dates(set(), None, TODAY) == []
    assert last_due_date(None, TODAY) is None


@given(st.sets(DAYS, max_size=3), st.none() | DAYS, DAYS)
def test_due_dates_follow_the_newest_published_without_gaps_and_end_before_today(published, delivered, today):
    due = due_dates(published, delivered, today)
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(due))
    assert not published.intersection(due)
    if due:
        assert max(due) < today
        assert max(due) <= delivered
        assert due[0] == (
            max(published) + timedelta(days=1) if published else min(delivered, today - timedelta(1))
        )


@given(st.sets(DAYS, max_size=3), DAYS, DAYS, st.sets(DAYS, max_size=5), st.sets(DAYS, max_size=5))
def test_what_was_asked_for_is_due_unless_it_is_published_given_up_or_not_over(
    published, delivered, today, asked, given_up
):
    due = due_dates(published, delivered, today, asked, given_up)
    assert due == sorted(set(due))
    assert not set(due) & (published | given_up)
    last = last_due_date(delivered, today)
    assert set(due) >= {day for day in asked - published - given_up if day <= last}
    assert all(day <= last for day in due)


def test_a_first_fit_is_due_at_the_first_date_and_then_each_period():
    sundays = [date(2025, 11, 2) + timedelta(weeks=week) for week in range(9)]
    due = due_fits(sundays, set(), 28)
    assert due == [date(2025, 11, 2), date(2025, 11, 23), date(2025, 12, 21)]
    assert [period_start(day, 28) for day in due] == [date(2025, 10, 26), *due[1:]]


def test_a_fit_is_due_on_the_first_date_of_a_period_not_before():
    assert due_fits([date(2025, 12, 20)], {date(2025, 11, 23)}, 28) == []
    assert due_fits([date(2025, 12, 21)], {date(2025, 12, 20)}, 28) == [date(2025, 12, 21)]


@given(st.sets(DAYS, min_size=1, max_size=30), st.sets(DAYS, max_size=30), st.integers(1, 60))
def test_more_dates_before_move_no_fit_after_the_period_in_which_they_meet(dates, earlier, days):
    more = dates | {day for day in earlier if day < min(dates)}
    from_the_next_period = period_start(min(dates), days) + timedelta(days=days)
    few, many = (
        [day for day in due_fits(asked, set(), days) if day >= from_the_next_period]
        for asked in (dates, more)
    )
    assert few == many


def test_a_later_fit_does_not_serve_an_earlier_date():
    assert due_fits([date(2025, 12, 7)], {date(2025, 12, 28)}, 28) == [date(2025, 12, 7)]


@given(st.sets(DAYS, max_size=30), st.sets(DAYS, max_size=10), st.integers(1, 400))
def test_after_fitting_what_is_due_every_date_has_a_recent_fit_and_nothing_is_due(dates, fitted, days):
    due = due_fits(dates, fitted, days)
    assert due == sorted(set(due))
    assert not set(due) & fitted
    assert set(due) <= dates
    kept = fitted | set(due)
    assert all(any(0 <= (day - each).days < days for each in kept) for day in dates)
    assert due_fits(dates, kept, days) == []
