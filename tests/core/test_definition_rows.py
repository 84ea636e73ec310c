"""What a message about definitions may show of a cell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.core.definition_rows import HIDDEN, has_contact, shown


@pytest.mark.parametrize(
    "text",
    ["li@example.org", "write to li@example.org now", "x@li@example.org", "(li@example.org)", "13812345678"],
)
def test_a_contact_detail_is_hidden_wherever_it_stands(text):
    assert shown(text) == HIDDEN


@pytest.mark.parametrize("text", ["", "@", "li@", "li@example", "li@@example.org", "1234", "2025-12-28"])
def test_what_is_none_is_shown(text):
    assert shown(text) == repr(text)


@given(st.text("a@. ", max_size=12))
def test_an_address_is_letters_one_at_and_a_dot_between_letters(text):
    words = [
        (before.split("@")[-1], after.split("@")[0])
        for word in text.split()
        for place, letter in enumerate(word)
        if letter == "@"
        for before, after in [(word[:place], word[place + 1 :])]
    ]
    assert has_contact(text) == any(name and "." in host[1:-1] for name, host in words)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("cell", ["x" * 1_000_000, "@" * 1_000_000, "x@" * 500_000, "1" * 1_000_000])
def test_a_cell_without_end_is_read_once(cell):
    assert not has_contact(cell)
