"""Normal forms and keyed hashes: Python is the reference, DuckDB agrees."""

from __future__ import annotations

import hashlib
import hmac
import sys
import unicodedata

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.core.pseudonyms import (
    CONTACT_KINDS,
    INNER_PAD_VARIABLE,
    OUTER_PAD_VARIABLE,
    key_pads,
    normalise,
    normalised_sql,
    pseudonym,
    pseudonym_sql,
)
from orchestration.loader.phone_function import know_phones

SECRET = "a secret of at least thirty-two characters"


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        _set_pads(opened, SECRET)
        know_phones(opened)
        yield opened


def _set_pads(connection, secret):
    pads = key_pads(secret)
    connection.execute(f"set variable {INNER_PAD_VARIABLE} = $1", [pads.inner])
    connection.execute(f"set variable {OUTER_PAD_VARIABLE} = $1", [pads.outer])


@pytest.mark.parametrize(
    ("kind", "spellings", "normal"),
    [
        (
            "phone",
            [
                "13912345678",
                "+86 139-1234-5678",
                "008613912345678",
                "86 139 1234 5678",
                "１３９12345678",
                "0139 1234 5678",
                "+86 (0)139 1234 5678",
                "00 86 0139 1234 5678",
                "086 13912345678",
                "＋８６　１３９－１２３４－５６７８",
            ],
            "13912345678",
        ),
        ("phone", ["021 5555 6666", "+86 21-5555-6666", "(021) 55556666"], "+862155556666"),
        ("phone", ["+49 (30) 123456", "0049 30 123 456"], "+4930123456"),
        ("phone", ["13912345678.0", "tel. 139 1234 5678", "\u202a139 1234 5678\u202c"], "13912345678"),
        ("email", ["a@b.com", " A@B.COM\u3000", "\tA@b.com\n"], "a@b.com"),
        ("union_id", ["oX-1", " oX-1 "], "oX-1"),
        ("card", ["AB12", "ab-1 2", "Ab\u20131\u00a02"], "AB12"),
        ("name", ["li  wei", " Li\u3000Wei ", "LI \t WEI"], "li wei"),
        ("address", ["1 high street", "1  High\nStreet"], "1 high street"),
    ],
)
def test_spellings_of_one_value_have_one_pseudonym(kind, spellings, normal):
    assert {normalise(kind, spelling) for spelling in spellings} == {normal}
    assert len({pseudonym(SECRET, kind, spelling) for spelling in spellings}) == 1


@pytest.mark.parametrize("kind", CONTACT_KINDS)
@pytest.mark.parametrize("value", [None, "", "  ", "\u3000"])
def test_nothing_has_no_pseudonym(kind, value, connection):
    assert pseudonym(SECRET, kind, value) is None
    assert connection.execute(f"select {pseudonym_sql(kind, '$1::varchar')}", [value]).fetchall() == [(None,)]


def test_a_phone_without_digits_is_empty():
    assert normalise("phone", "unknown") is None


def test_a_card_of_dashes_is_empty():
    assert normalise("card", "- -") is None


def test_one_text_has_another_pseudonym_as_each_kind():
    alike = [kind for kind in CONTACT_KINDS if normalise(kind, "a1b2c3d4") == "a1b2c3d4"]
    assert len(alike) > 1
    assert len({pseudonym(SECRET, kind, "a1b2c3d4") for kind in alike}) == len(alike)


def test_a_pseudonym_is_128_bits_of_the_standard_hmac():
    expected = hmac.new(SECRET.encode(), b"email:a@b.com", hashlib.sha256).hexdigest()
    assert pseudonym(SECRET, "email", "A@b.com") == expected[:32]


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="fax"):
        normalise("fax", "1")
    with pytest.raises(ValueError, match="fax"):
        normalised_sql("fax", "x")


def test_the_sql_does_not_hold_the_secret_nor_its_pads():
    pads = key_pads(SECRET)
    for kind in CONTACT_KINDS:
        text = pseudonym_sql(kind, "x")
        assert not any(part in text for part in (SECRET, pads.inner.hex(), pads.outer.hex()))
    assert SECRET not in repr(pads)
    assert repr(pads.inner) not in repr(pads)


@pytest.mark.parametrize("kind", CONTACT_KINDS)
def test_sql_and_python_agree_on_every_letter_there_is(kind, connection):
    assigned = [
        chr(code)
        for code in range(1, sys.maxunicode + 1)
        if unicodedata.category(chr(code)) not in ("Cs", "Cn")
    ]
    letters = pa.table({"letter": assigned})
    connection.register("letters", letters)
    rows = connection.execute(f"select letter, {normalised_sql(kind, 'letter')} from letters").fetchall()
    assert [letter for letter, normal in rows if normal != normalise(kind, letter)] == []


TEXTS = st.one_of(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cn"), exclude_characters="\0")),
    st.text(alphabet="0123456789+-() 86０８６"),
    st.text(alphabet=" \t\n\x0b\x0c\r\u00a0\u3000-\u2013aAbB.@ßΣσςİiI"),
)


@settings(max_examples=60)
@given(
    values=st.lists(TEXTS, min_size=1, max_size=30),
    secret=st.text(alphabet="abcß0", min_size=32, max_size=90),
)
def test_sql_and_python_agree_on_any_text_and_secret(values, secret):
    with duckdb.connect() as connection:
        _set_pads(connection, secret)
        know_phones(connection)
        delivered = pa.table({"value": pa.array(values, pa.string())})
        connection.register("delivered", delivered)
        for kind in CONTACT_KINDS:
            rows = connection.execute(
                f"select value, {normalised_sql(kind, 'value')}, {pseudonym_sql(kind, 'value')} "
                "from delivered"
            ).fetchall()
            for value, normal, hashed in rows:
                assert normal == normalise(kind, value)
                assert hashed == pseudonym(secret, kind, value)
