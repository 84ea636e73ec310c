"""Numbers and dates: what a text means, whatever form it has, and never anything else in silence."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.importing.forms import (
    COMMA,
    DATES,
    DAY_FIRST,
    DECIMALS,
    MONTH_FIRST,
    POINT,
    DateCounts,
    NumberCounts,
    Undecided,
    date_counts,
    form_of,
    number_counts,
    with_moments,
    with_numbers,
)

SIGNS = ["€", "$", "R$", "kr"]
few = settings(max_examples=20)


@pytest.fixture(scope="module")
def database():
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        yield connection


def read(database, wrapped, values):
    database.execute(
        "create or replace temp table given as select unnest($1::varchar[]) as cell", [list(values)]
    )
    return [cell for (cell,) in database.execute(f"select cell from ({wrapped})").fetchall()]


def numbers(database, form, *values):
    return read(database, with_numbers("from given", ["cell"], form, SIGNS), values)


def moments(database, form, *values, **more):
    return read(database, with_moments("from given", ["cell"], form, **more), values)


def spelled(value: Decimal, thousands: str, mark: str, sign: str, before: bool) -> str:
    text = f"{abs(value):,}".replace(",", "T").replace(".", mark).replace("T", thousands)
    text = f"{sign}{text}" if before else f"{text} {sign}".strip()
    return f"-{text}" if value < 0 else text


@few
@given(
    st.lists(st.decimals(-10_000_000, 10_000_000, places=2), min_size=1, max_size=20),
    st.sampled_from(["", "€", "$", "R$", "kr"]),
    st.booleans(),
    st.sampled_from([(POINT, ",", "."), (POINT, "", "."), (POINT, " ", "."), (POINT, "'", "."),
                     (COMMA, ".", ","), (COMMA, "", ","), (COMMA, "\u202f", ",")]),
)  # fmt: skip
def test_an_amount_is_read_as_what_was_written(database, values, sign, before, form):
    name, thousands, mark = form
    found = numbers(database, name, *(spelled(value, thousands, mark, sign, before) for value in values))
    assert [Decimal(text) for text in found] == values


@settings(max_examples=100)
@given(st.text("0123456789.,-+()€ '", min_size=1, max_size=9))
def test_two_readings_of_an_amount_differ_only_where_the_counts_tell_that_they_may(database, text):
    by_point, by_comma = (numbers(database, form, text)[0] for form in (POINT, COMMA))
    (counts,) = database.execute(number_counts(["cell"], "given", SIGNS)).fetchall()
    point, comma, _, neither = counts
    if point or neither:
        assert by_comma == text
    if comma or neither:
        assert by_point == text
    if not any(counts):
        assert Decimal(by_point) == Decimal(by_comma)


@pytest.mark.parametrize(
    "text", ["12.50.1", "1,23", "1 2", "vierzig", "1e5", "1.38E+10", "5-3", "--5", "", "1,2345", "€"]
)
def test_what_is_no_amount_keeps_its_text(database, text):
    assert numbers(database, POINT, text) == [text]


def test_minus_stands_in_many_ways(database):
    assert numbers(database, POINT, "(12.50)", "12.50-", "−12.50", "$-12.50", "-$12.50") == ["-12.50"] * 5


@pytest.mark.parametrize(
    ("counts", "form"),
    [
        (NumberCounts(point=5), POINT),
        (NumberCounts(comma=1, either=7), COMMA),
        (NumberCounts(point=1, either=7), POINT),
        (NumberCounts(), POINT),
    ],
)
def test_the_decimal_sign_follows_from_the_amounts(counts, form):
    assert form_of(DECIMALS, counts, "a.csv") == form


@pytest.mark.parametrize("counts", [NumberCounts(point=3, comma=1), NumberCounts(either=2)])
def test_a_decimal_sign_that_does_not_follow_is_asked(counts):
    with pytest.raises(Undecided, match="--decimal point or --decimal comma"):
        form_of(DECIMALS, counts, "a.csv")


DAYS = st.dates(date(1990, 1, 1), date(2040, 12, 31))
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2040, 12, 31)).map(
    lambda each: each.replace(microsecond=0)
)


DAY_FORMS = [
    (DAY_FIRST, "%d.%m.%Y"),
    (DAY_FIRST, "%d/%m/%Y"),
    (DAY_FIRST, "%-d-%-m-%Y"),
    (MONTH_FIRST, "%m/%d/%Y"),
    (MONTH_FIRST, "%-m/%-d/%Y"),
    (DAY_FIRST, "%Y-%m-%d"),
    (MONTH_FIRST, "%Y/%-m/%-d"),
    (DAY_FIRST, "%Y年%-m月%-d日"),
    (DAY_FIRST, "%Y%m%d"),
    (DAY_FIRST, "%d %b %Y"),
    (MONTH_FIRST, "%B %-d, %Y"),
    (DAY_FIRST, "%a, %d %b %Y"),
]
TIME_FORMS = [
    (DAY_FIRST, "%d.%m.%Y %H:%M:%S"),
    (MONTH_FIRST, "%m/%d/%Y %I:%M:%S %p"),
    (DAY_FIRST, "%Y-%m-%dT%H:%M:%S"),
    (DAY_FIRST, "%Y/%-m/%-d %-H:%M:%S"),
    (MONTH_FIRST, "%b %d, %Y %I:%M:%S %p"),
]
ZONES = ["", "Z", " +0100", "-05:00"]


@few
@given(st.lists(DAYS, min_size=1, max_size=20), st.sampled_from(DAY_FORMS))
def test_a_day_is_read_as_what_was_written(database, days, form):
    name, pattern = form
    assert moments(database, name, *(day.strftime(pattern) for day in days)) == [str(day) for day in days]


@few
@given(st.lists(TIMES, min_size=1, max_size=20), st.sampled_from(TIME_FORMS), st.sampled_from(ZONES))
def test_a_time_is_read_as_what_was_written(database, times, form, zone):
    name, pattern = form
    found = moments(database, name, *(time.strftime(pattern) + zone for time in times))
    assert found == [time.strftime("%Y-%m-%dT%H:%M:%S") + zone.strip() for time in times]


@few
@given(st.lists(DAYS, min_size=1, max_size=30))
def test_a_date_of_two_meanings_is_counted_as_one(database, days):
    read(database, "from given", [day.strftime("%d/%m/%Y") for day in days])
    (counts,) = database.execute(date_counts(["cell"], "given")).fetchall()
    counts = DateCounts(*counts)
    assert counts.day_first == sum(day.day > 12 for day in days)
    assert counts.month_first == 0
    assert counts.either == sum(day.day <= 12 and day.day != day.month for day in days)


NO_DATES = (
    "30.02.2025;31/31/2025;2025-13-01;2025-01-01 25:00;13:30 PM;yesterday;45292;1/1/2025 13:30 PM;20251301;"
    "10:00;2025010112"
)


@pytest.mark.parametrize("text", NO_DATES.split(";"))
def test_what_is_no_date_keeps_its_text(database, text):
    assert moments(database, DAY_FIRST, text) == [text]
    assert moments(database, DAY_FIRST, text, is_epoch=True) == [text]


@few
@given(st.integers(1_000_000_000, 1_999_999_999))
def test_seconds_and_milliseconds_are_times_when_asked(database, seconds):
    at = (datetime(1970, 1, 1) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    found = moments(database, DAY_FIRST, str(seconds), f"{seconds}123", is_epoch=True)
    assert found == [f"{at}Z", f"{at}.123000Z"]
    assert moments(database, DAY_FIRST, str(seconds)) == [str(seconds)]


def test_the_order_of_day_and_month_follows_from_the_dates_or_is_asked():
    assert form_of(DATES, DateCounts(day_first=1, either=9), "a.csv") == DAY_FIRST
    assert form_of(DATES, DateCounts(month_first=1, either=9), "a.csv") == MONTH_FIRST
    for counts in (DateCounts(either=3), DateCounts(day_first=1, month_first=1)):
        with pytest.raises(Undecided, match="--dates day-first or --dates month-first"):
            form_of(DATES, counts, "a.csv")
