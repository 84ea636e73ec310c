"""Arms by salted hash: the shares asked for, the same on SQL, unrelated between salts."""

from collections import Counter
from decimal import Decimal

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, chi2_contingency, chisquare, kstest

from orchestration.core.arms import arm_of, draw
from orchestration.core.errors import InputFault

THIRDS = {"control": Decimal("0.2"), "coupon": Decimal("0.35"), "gift": Decimal("0.45")}
MEMBERS = [str(number) for number in range(4000)]


def test_a_draw_is_the_documented_one():
    # md5("second_order:12345") begins with these 15 digits, as md5sum prints it.
    assert draw("second_order", "12345") == int("984994c2f66fe20", 16) / 2**60


def test_a_draw_is_the_same_in_sql():
    salts = ["second_order", "", "双十一", "a:b"]
    keys = [*MEMBERS[:500], "会员", "x" * 200]
    with duckdb.connect() as connection:
        found = connection.execute(
            "select salt, member_key, "
            "cast(cast('0x' || substr(md5(salt || ':' || member_key), 1, 15) as bigint) as double)"
            " / power(cast(16 as double), 15) "
            "from (select unnest($1) as salt) as salts, (select unnest($2) as member_key) as members",
            [salts, keys],
        ).fetchall()
    assert len(found) == len(salts) * len(keys)
    assert [fraction for *_, fraction in found] == [draw(salt, key) for salt, key, _ in found]


@given(st.text(max_size=20), st.text(max_size=20))
def test_every_member_has_one_arm_and_keeps_it(salt, member_key):
    assert 0 <= draw(salt, member_key) <= 1
    arm = arm_of(salt, member_key, THIRDS)
    assert arm in THIRDS
    assert arm == arm_of(salt, member_key, dict(reversed(THIRDS.items())))


def test_arms_have_their_shares():
    counts = Counter(arm_of("second_order", key, THIRDS) for key in MEMBERS)
    expected = [len(MEMBERS) * float(share) for share in THIRDS.values()]
    assert chisquare([counts[arm] for arm in THIRDS], expected).pvalue > 0.001


def test_draws_are_spread_evenly():
    assert kstest([draw("second_order", key) for key in MEMBERS], "uniform").pvalue > 0.001


def test_a_larger_share_of_the_first_arm_moves_nobody_out_of_it():
    larger = {"control": Decimal("0.3"), "coupon": Decimal("0.25"), "gift": Decimal("0.45")}
    before = {key for key in MEMBERS if arm_of("s", key, THIRDS) == "control"}
    assert before < {key for key in MEMBERS if arm_of("s", key, larger) == "control"}
    assert all(arm_of("s", key, larger) == "gift" for key in MEMBERS if arm_of("s", key, THIRDS) == "gift")


def test_arms_are_cut_in_the_order_of_their_codes():
    for key in MEMBERS:
        fraction = draw("s", key)
        expected = "control" if fraction < 0.2 else "coupon" if fraction < 0.55 else "gift"
        assert arm_of("s", key, THIRDS) == expected


def test_arms_of_different_experiments_have_nothing_to_do_with_each_other():
    salts = [f"experiment {number}" for number in range(24)]
    arms = np.array([[draw(salt, key) < 0.5 for key in MEMBERS] for salt in salts])
    p_values = []
    for one in range(len(salts)):
        for other in range(one):
            together = np.histogram2d(arms[one], arms[other], bins=2)[0]
            p_values.append(chi2_contingency(together, correction=False).pvalue)
    # Of 276 pairs each at one in a hundred; the pairs hang together hardly at all.
    assert sum(p_value < 0.01 for p_value in p_values) <= binom.ppf(0.999, len(p_values), 0.01)
    assert kstest(p_values, "uniform").pvalue > 0.001


def test_members_with_neighbouring_keys_have_nothing_to_do_with_each_other():
    draws = np.array([draw("second_order", key) for key in MEMBERS])
    assert abs(np.corrcoef(draws[:-1], draws[1:])[0, 1]) < 4 / np.sqrt(len(MEMBERS))


@pytest.mark.parametrize(
    "shares",
    [
        {},
        {"a": Decimal("0.5")},
        {"a": Decimal("0.5"), "b": Decimal("0.6")},
        {"a": Decimal("1.1"), "b": Decimal("-0.1")},
        {"a": Decimal("1"), "b": Decimal("0")},
    ],
)
def test_shares_that_do_not_place_everyone_once_are_refused(shares):
    with pytest.raises(InputFault, match="together they are 1"):
        arm_of("second_order", "12345", shares)


def test_one_arm_takes_everyone():
    assert {arm_of("s", key, {"treated": Decimal(1)}) for key in MEMBERS[:50]} == {"treated"}
