"""How numbers are laid out for people."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orchestration.core.summary import Label, labelled_counts, markdown_table, share, text_table

LABELS = [Label("new", "New", "新客"), Label("silent", "Silent", "沉默")]


def test_counts_keep_the_order_of_the_labels_and_show_absent_codes_as_zero():
    assert labelled_counts(LABELS, {"silent": 3}) == [
        ("new", "New", "新客", 0, "0.0%"),
        ("silent", "Silent", "沉默", 3, "100.0%"),
    ]


def test_a_code_without_label_is_shown_not_dropped():
    assert labelled_counts(LABELS, {"new": 1, "odd": 1})[-1] == ("odd", "odd", "odd", 1, "50.0%")


def test_a_share_of_nothing_is_a_dash():
    assert share(0, 0) == "-"


def test_a_pipe_in_a_text_does_not_break_a_markdown_table():
    assert markdown_table(["a"], [["x|y"]]).splitlines()[-1] == "| x\\|y |"


def test_markdown_aligns_numbers_to_the_right():
    assert markdown_table(["table", "rows"], [["orders", 1200]]).splitlines() == [
        "| table | rows |",
        "| --- | ---: |",
        "| orders | 1,200 |",
    ]


def test_chinese_labels_keep_the_columns_aligned():
    lines = text_table(["label", "members"], [["沉默", 5], ["new", 12345]]).splitlines()
    assert lines[2:] == ["  沉默         5", "  new     12,345"]


@given(st.dictionaries(st.sampled_from(["new", "silent", "odd", "other"]), st.integers(0, 10**9)))
def test_no_member_is_lost_between_counts_and_table(counts):
    assert sum(row[3] for row in labelled_counts(LABELS, counts)) == sum(counts.values())


def test_estimates_have_four_digits_and_large_ones_no_fraction():
    told = [Decimal("-13596.6"), Decimal("999.96"), Decimal("1000"), Decimal("0.0028801"), None]
    assert text_table(["effect"], [[value] for value in told]).splitlines()[2:] == [
        "  -13,597",
        "     1000",
        "    1,000",
        "  0.00288",
        "        -",
    ]


def test_yes_and_no_are_words_and_no_numbers():
    assert text_table(["is_final", "on"], [[True, date(2025, 12, 31)], [False, None]]).splitlines()[2:] == [
        "  yes       2025-12-31",
        "  no        -",
    ]
