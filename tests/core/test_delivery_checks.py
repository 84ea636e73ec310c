"""A delivery as a whole has findings where it is not as usual, and nowhere else: both sides of thresholds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from orchestration.core.delivery_checks import Counts, findings_of
from orchestration.loader.whole_deliveries import read_checks

CHECKS = read_checks()
FIRST = date(2025, 12, 1)


def counts(day, rows, quarantined=0, covers="changes", **filled):
    """A delivery so many days after the first one."""
    return Counts(FIRST + timedelta(days=day), rows, rows - quarantined, quarantined, filled, covers)


def found(delivery, *earlier, today=None):
    return [(finding.check, finding.level) for finding in findings_of(delivery, earlier, CHECKS, today)]


def days(*rows, covers="changes", **filled):
    return [counts(day, each, covers=covers, **filled) for day, each in enumerate(rows)]


@pytest.mark.parametrize("rows", [1, 5, 100_000])
def test_a_first_delivery_of_any_size_is_usual(rows):
    assert found(counts(0, rows)) == []


@pytest.mark.parametrize(
    ("earlier", "is_found"),
    [([], True), ([0], True), ([100, 0], True), ([0, 0], False), ([9, 0, 0, 0], False)],
)
def test_an_empty_delivery_is_told_unless_empty_is_usual(earlier, is_found):
    assert found(counts(9, 0), *days(*earlier)) == ([("empty", "warn")] if is_found else [])


@pytest.mark.parametrize(
    ("rows", "quarantined", "expected"),
    [
        (2, 2, ["all_quarantined"]),
        (10, 1, []),
        (10, 2, ["many_quarantined"]),
        (100, 11, ["many_quarantined"]),
    ],
)
def test_rows_in_quarantine_are_told_by_their_share(rows, quarantined, expected):
    assert [name for name, _ in found(counts(0, rows, quarantined))] == expected


@pytest.mark.parametrize(
    ("rows", "earlier", "is_found"),
    [
        (24, [100, 100], True),
        (25, [100, 100], False),
        # After a first delivery of everything, a day's is not small; nor is anything with one before it.
        (10, [10_000, 40], False),
        (10, [10_000], False),
        (2, [9, 9, 9], False),
        (2, [10, 10, 10], True),
        # Only the last ones count, of an uneven number the one in the middle.
        (20, [9000, 9000, 9000, 50, 60, 50, 60, 50], False),
        (20, [50, 1000, 60, 1000, 1000], True),
    ],
)
def test_far_fewer_rows_than_the_median_of_the_last_deliveries_are_told(rows, earlier, is_found):
    assert found(counts(20, rows), *days(*earlier)) == ([("smaller_than_usual", "warn")] if is_found else [])


def test_whole_tables_are_compared_with_whole_tables_and_one_before_is_enough():
    whole = days(1000, covers="whole")
    assert found(counts(5, 499, covers="whole"), *whole) == [("whole_table_smaller", "warn")]
    assert found(counts(5, 500, covers="whole"), *whole) == []
    assert found(counts(5, 20), *whole, counts(3, 20)) == []


@pytest.mark.parametrize(
    ("rows", "filled", "is_found"),
    [(1, 0, True), (1, 1, False)],
)
def test_a_column_that_was_always_filled_is_told_when_it_is_empty(rows, filled, is_found):
    (expected,) = [[("column_emptied", "warn")] if is_found else []]
    assert found(counts(5, rows, phone=filled), counts(0, 3, phone=3)) == expected


@pytest.mark.parametrize(("rows", "is_found"), [(6, False), (7, True)])
def test_a_column_filled_by_halves_must_be_empty_in_many_rows_before_it_is_told(rows, is_found):
    """Half of 100 rows: by chance 6 rows are all empty once in 64 times, 7 rows once in 128."""
    assert bool(found(counts(5, rows, coupon=0), counts(0, 100, coupon=50))) is is_found


def test_a_column_that_was_never_filled_may_stay_empty_and_so_may_rows_that_are_all_refused():
    assert found(counts(5, 50, note=0), counts(0, 50, note=0)) == []
    assert found(counts(5, 4, 4, phone=0), counts(0, 4, phone=4)) == [("all_quarantined", "warn")]


@pytest.mark.parametrize(("ahead", "is_found"), [(0, False), (1, False), (2, True), (7000, True)])
def test_a_delivery_of_the_future_is_told_where_today_is_known(ahead, is_found):
    delivery = counts(ahead, 5)
    assert found(delivery, today=FIRST) == ([("dated_in_the_future", "warn")] if is_found else [])
    assert found(delivery) == []


def test_later_deliveries_and_the_order_of_earlier_ones_change_nothing():
    earlier = days(9000, 50, 1000, 60, 1000)
    assert found(counts(3, 10), *earlier) == found(counts(3, 10), *reversed(earlier[:3]))


def test_a_sentence_says_what_was_found_and_what_is_usual():
    texts = [
        finding.text
        for finding in [
            *findings_of(counts(9, 12, phone=0), days(100, 200, 300, phone=90), CHECKS, None),
            *findings_of(counts(0, 2, 2), [], CHECKS, None, "rekindle quarantine --table orders"),
        ]
    ]
    assert texts == [
        "Column emptied: phone is empty in all 12 rows; the last 3 deliveries filled it in 45.0% of theirs",
        "Smaller than usual: 12 rows; the last 3 deliveries had 200 in the median",
        "All rows in quarantine: none of 2 rows could be loaded; see why: rekindle quarantine --table orders",
    ]
