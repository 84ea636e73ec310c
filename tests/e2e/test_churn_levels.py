"""Levels of warnings order risk: on past weeks, on several chains that no rule was looked at with."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from functools import cache
from itertools import pairwise
from math import sqrt
from types import SimpleNamespace

import pytest

from orchestration.core.purchase_models import Fit, Model
from orchestration.fits.churn_parameters import add_version
from orchestration.project import Home
from orchestration.sources.sample import Lives, simulate
from tests.built import CHURN_FITS, SUNDAYS, UNTIL, load_chain, quick_build
from tests.e2e.oracle import seed

SEEDS = (101, 102, 103)
HORIZON = 28
# Five past Sundays, far enough apart that no purchase is looked for twice, and one before the first fit.
PAST = [UNTIL - timedelta(days=HORIZON * number) for number in range(5, 0, -1)]
BEFORE_THE_FIT = PAST[0] - timedelta(days=HORIZON)
WANTED = ("member_churn_warning", "fct_churn_comparison", "int_next_purchases", "member_lifecycle")
LEVELS = ("none", "low", "medium", "high")
# Of the standard normal: a step up of the level may not be read into chance.
Z = 1.96
SHARES = {
    row["churn_level"]: float(row["riskiest_share"])
    for row in seed("churn/churn_thresholds.csv")
    if row["riskiest_share"]
}

LAPSED = """
    select lifecycle.as_of_date, coalesce(warnings.churn_level, 'none') as level, count(*) as members,
        count(*) filter (coalesce(next.days_until_purchase > $horizon, true)) as lapsed
    from marts.member_lifecycle as lifecycle
    join seeds.stages using (stage)
    left join marts.member_churn_warning as warnings using (member_key, as_of_date)
    left join intermediate.int_next_purchases as next using (member_key, as_of_date)
    where stages.is_active and stage <> 'prospect'
    group by all
"""


@pytest.fixture(scope="module")
def shop_of(chain, tmp_path_factory):
    """A chain of its own for a seed, scored on past Sundays by a fit of the day after the first."""
    parameters = CHURN_FITS[SUNDAYS[4]]
    fits = {group: Fit(Model.MBG_NBD, at, -1.0, 1) for group, at in parameters.items()}
    dates = [BEFORE_THE_FIT, *PAST, UNTIL]
    with ExitStack() as stack:

        @cache
        def built(number):
            root = tmp_path_factory.mktemp(f"levels{number}")
            home = Home(root / "home")
            simulate(home.landing, root / "truth", Lives(1200, seed=number, until=UNTIL))
            load_chain(home)
            add_version(home, PAST[0], fits)
            connection = stack.enter_context(quick_build(chain, root / "build", home, dates, wanted=WANTED))
            rows = connection.execute(LAPSED, {"horizon": HORIZON}).fetchall()
            return SimpleNamespace(rows=rows, connection=connection)

        yield built


@pytest.fixture(params=[SEEDS[0], *(pytest.param(number, marks=pytest.mark.slow) for number in SEEDS[1:])])
def shop(request, shop_of):
    return shop_of(request.param)


def counted(rows, dates):
    """Members and lapsed ones by level, over these dates."""
    of = {level: [0, 0] for level in LEVELS}
    for day, level, members, lapsed in rows:
        if day in dates:
            of[level][0] += members
            of[level][1] += lapsed
    return of


def test_whoever_stands_higher_lapses_more(shop):
    rates = [lapsed / members for members, lapsed in counted(shop.rows, PAST).values()]
    assert rates == sorted(set(rates))


@pytest.mark.slow
def test_over_all_chains_each_step_up_is_beyond_chance(shop_of):
    of = counted([row for number in SEEDS for row in shop_of(number).rows], PAST)
    rates = {level: lapsed / members for level, (members, lapsed) in of.items()}
    for lower, higher in pairwise(LEVELS):
        error = sqrt(sum(rates[level] * (1 - rates[level]) / of[level][0] for level in (lower, higher)))
        assert rates[higher] - rates[lower] > Z * error, (lower, higher, rates, of)


def test_as_many_are_warned_as_the_rows_say(shop):
    for day in PAST:
        of = counted(shop.rows, [day])
        everybody = sum(members for members, _ in of.values())
        for place, level in enumerate(LEVELS[1:], 1):
            there = sum(of[higher][0] for higher in LEVELS[place:])
            # A begun member counts whole; who is due after the horizon is none of those the share is of.
            assert 0.8 * SHARES[level] * everybody <= there <= SHARES[level] * everybody + 1, (day, level, of)


def test_at_equal_volume_levels_name_more_of_the_lapsed_than_signals_do(shop):
    found = dict(
        shop.connection.execute(
            "select method, top_precision_share from marts.fct_churn_comparison "
            "where horizon_days = ? and population = 'active' and method in ('rules', 'level')",
            [HORIZON],
        ).fetchall()
    )
    assert found["level"] > found["rules"]


def test_before_the_first_fit_signals_have_the_level_and_a_refund_for_no_fault_has_none_of_its_own(shop):
    read = shop.connection.execute
    before = {"day": BEFORE_THE_FIT}
    warned = "select count(*), count(p_no_purchase) from marts.member_churn_warning where as_of_date = $day"
    [(members, by_probability)] = read(warned, before).fetchall()
    assert members > 0
    assert by_probability == 0
    levels = read(
        "select distinct churn_level from marts.fct_churn_signal "
        "where signal = 'refund' and as_of_date = $day",
        before,
    ).fetchall()
    assert levels == [("low",)]
    # Alone it warns nobody: whoever is 1.2 cycles overdue has the signal of that beside it, or exactly 1.2.
    alone = read(
        "select count(*) from marts.member_churn_warning "
        "join marts.member_cycle using (member_key, as_of_date) "
        "where as_of_date = $day and signals = 1 and main_signal = 'refund' and overdue_ratio > 1.2",
        before,
    ).fetchone()
    assert alone == (0,)


def test_whom_no_sign_speaks_of_is_warned_by_the_probability_itself(shop):
    sentences = shop.connection.execute(
        "select distinct sentence_en, round(100 * p_no_purchase - 0.5) from marts.member_churn_warning "
        "where main_signal = 'probability' order by all limit 5"
    ).fetchall()
    assert sentences
    for sentence, percent in sentences:
        assert f"; {percent:.0f}% likely to buy nothing in the next 90 days" in sentence
