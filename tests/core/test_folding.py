"""Ids and codes in one form: Python is the reference, DuckDB agrees."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.core.folding import ID_CASES, folded, folded_sql, identifier, identifier_sql


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        yield opened


@pytest.mark.parametrize(
    ("spellings", "one"),
    [
        (
            ["A1", "Ａ１", "A1 ", "\u00a0A1", "\u3000A1\u3000", "A\u200b1", "\ufeffA1", "A\u20601", "A1\t"],
            "A1",
        ),
        (["caf\u00e9", "cafe\u0301", "caf\u200de\u0301"], "caf\u00e9"),
        (["A 1", "A\u00a01", "A\u30001", "A\u20031"], "A 1"),
        (["会员１", "会员1"], "会员1"),
        (["#2001", "＃２００１"], "#2001"),
    ],
)
def test_spellings_that_look_alike_are_one_id(spellings, one, connection):
    assert {folded(spelling) for spelling in spellings} == {one}
    found = [
        connection.execute(f"select {folded_sql('$1::varchar')}", [each]).fetchone() for each in spellings
    ]
    assert set(found) == {(one,)}


def test_ids_that_differ_stay_apart():
    different = ["A1", "a1", "A 1", "A-1", "A01", "Å1", "А1", "①"]
    assert len({folded(each) for each in different}) == len(different)


@pytest.mark.parametrize("nothing", ["", " ", "\u3000", "\u200b", "\ufeff \u00a0"])
def test_an_id_of_what_nobody_sees_is_none(nothing, connection):
    assert identifier(nothing) is None
    assert connection.execute(f"select {identifier_sql('$1::varchar')}", [nothing]).fetchall() == [(None,)]


@pytest.mark.parametrize(("case", "one"), [("keep", "aB"), ("lower", "ab"), ("upper", "AB")])
def test_a_source_may_fold_the_letters_of_its_ids(case, one):
    assert identifier("ａB ", case) == one


TEXTS = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cn"), exclude_characters="\0")),
    st.text(alphabet=" \t\r\n\u00a0\u3000\u200b\u200d\u2060\ufeffＡａ１aA1'\"\\[-]e\u0301ßİ"),
)


@settings(max_examples=60)
@given(values=st.lists(TEXTS, min_size=1, max_size=40))
@example(values=["\u0130\u0301", "i\u0307"])
def test_sql_and_python_agree_on_any_text(connection, values):
    connection.register("delivered", pa.table({"value": pa.array(values, pa.string())}))
    for case in ID_CASES:
        rows = connection.execute(f"select value, {identifier_sql('value', case)} from delivered").fetchall()
        assert [(value, identifier(value, case)) for value, _ in rows] == rows
        # What was folded once stays as it is.
        assert all(identifier(found or "", case) == found for _, found in rows)


def test_sql_and_python_agree_on_every_character_also_between_a_letter_and_its_marks(connection):
    """A mark that only one of them knows would stand in another place, or keep a letter from its accent."""
    every = [chr(code) for code in [*range(1, 0xD800), *range(0xE000, 0x33000), *range(0xE0000, 0xE0200)]]
    for texts in (every, [f"a{each}\u0323\u0301" for each in every]):
        connection.register("delivered", pa.table({"value": pa.array(texts, pa.string())}))
        rows = connection.execute(f"select value, {folded_sql('value')} from delivered").fetchall()
        assert [row for row in rows if folded(row[0]) != row[1]] == []
