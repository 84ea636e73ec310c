"""How numbers are laid out for people."""

import unicodedata
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from orchestration.core.summary import (
    LINE,
    Label,
    block,
    in_a_row,
    labelled_counts,
    markdown_table,
    share,
    text_table,
)

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


CELLS = st.one_of(
    st.none(), st.integers(), st.dates(), st.text(st.characters(categories=["L", "N", "Zs"]), max_size=160)
)


@given(st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=4))
def test_no_line_of_a_table_is_wider_than_a_terminal(rows):
    printed = text_table(["campaign", "期望", "c", "effect on margin", "lower", "sentence"], rows)
    assert [line for line in printed.split("\n") if width(line) > LINE] == []


def test_a_wide_row_becomes_a_block_that_names_what_is_not_empty():
    printed = text_table(
        ["experiment", "members", "effect", "sentence"], [["a_test", 1200, None, "word " * 30]]
    )
    assert printed.splitlines() == [
        "  a_test",
        "      members 1,200",
        "      sentence" + " word" * 17,
        "     " + " word" * 13,
    ]


def test_what_is_in_a_row_goes_on_in_the_next_line():
    assert in_a_row(["静" * 30, "默" * 30], "  ").splitlines() == ["  " + "静" * 30, "      " + "默" * 30]
    assert in_a_row(["one", "", "two"]) == "one · two"


def test_a_word_longer_than_a_line_is_broken():
    assert block("title", ["x" * 150]).splitlines() == ["  title", "      " + "x" * 94, "      " + "x" * 56]


def width(line):
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)
