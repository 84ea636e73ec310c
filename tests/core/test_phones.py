"""What a phone number is, by the country it is dialled in."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.core.phones import phone, phone_sql
from orchestration.loader.phone_function import know_phones

COUNTRIES = ("CN", "IN", "US")


@pytest.mark.parametrize(
    ("country", "spellings", "one"),
    [
        ("IN", ["+91 98765 43210", "098765 43210", "0091 98765-43210", "9876543210", "919876543210",
                "＋９１ 98765 43210", "9876543210.0", "mobile: 98765 43210"], "+919876543210"),
        ("CN", ["+91 98765 43210", "0091 98765 43210"], "+919876543210"),
        ("CN", ["13912345678", "+86 139 1234 5678", "0086 139-1234-5678", "0139 1234 5678"], "13912345678"),
        ("US", ["+86 139 1234 5678", "011 86 139 1234 5678", "0086 139 1234 5678"], "13912345678"),
        ("US", ["(415) 555-2671", "+1 415 555 2671", "1-415-555-2671", "415.555.2671"], "+14155552671"),
        # Eleven digits that begin with 1 are no mobile number of China behind another country's code.
        ("CN", ["+1 415 555 2671", "001 415 555 2671"], "+14155552671"),
        ("GB", ["07700 900123", "+44 (0)7700 900123", "0044 7700 900123"], "+447700900123"),
        ("BR", ["(11) 91234-5678", "+55 11 91234 5678"], "+5511912345678"),
        ("CN", ["021 5555 6666", "+86 21 5555 6666"], "+862155556666"),
    ],
)  # fmt: skip
def test_spellings_of_one_number_are_one(country, spellings, one):
    assert {spelling: phone(spelling, country) for spelling in spellings} == dict.fromkeys(spellings, one)


@pytest.mark.parametrize("country", COUNTRIES)
@pytest.mark.parametrize(
    "nothing",
    ["", " ", "-", "+", "0", "12345", "1.38E+10", "1.38e10", "6,1E9", "9" * 40, "12345678901234567890",
     "0000000000", "11111111111", "99999999999", "unknown", "UNKNOWN", "None", "null", "n/a", "无", "没有",
     "不详", "a@b.com"],
)  # fmt: skip
def test_what_nobody_can_be_called_under_is_no_number(nothing, country):
    assert phone(nothing, country) is None


@pytest.mark.parametrize("shortened", ["1391234567", "139123456789", "139 1234", "55556666"])
def test_a_number_of_china_has_all_its_digits_and_no_more(shortened):
    assert phone(shortened, "CN") is None


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect() as opened:
        know_phones(opened)
        yield opened


NUMBERS = st.one_of(
    st.text(alphabet="0123456789+-() .0869１+９Ee,/", max_size=20),
    st.from_regex(r"(\+|00)?(86|91|1)?0?1[3-9][0-9]{9}", fullmatch=True),
    st.text(max_size=8, alphabet=st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\0")),
)


@settings(max_examples=60)
@given(values=st.lists(NUMBERS, min_size=1, max_size=30))
def test_sql_and_python_agree(connection, values):
    connection.register("delivered", pa.table({"value": pa.array(values, pa.string())}))
    for country in COUNTRIES:
        rows = connection.execute(f"select value, {phone_sql('value', country)} from delivered").fetchall()
        assert rows == [(value, phone(value, country)) for value, _ in rows]


@settings(max_examples=60)
@given(value=NUMBERS)
def test_the_form_of_a_number_is_that_number_in_every_country(value):
    found = phone(value, "IN")
    if found and found.startswith("+"):
        assert {phone(found, country) for country in COUNTRIES} == {found}
