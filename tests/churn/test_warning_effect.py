"""What answering warnings changed: the interval in SQL is that of tea-tasting and of statsmodels."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW
from tea_tasting.aggr import Aggregates
from tea_tasting.metrics import Mean

from tests.e2e.oracle import seed, setting_values

RULES = setting_values("churn/churn_settings.csv")
WIDTH = float(RULES["warning_interval_z"])
CONFIDENCE = float(2 * norm.cdf(WIDTH) - 1)
COLUMNS = (
    "horizon_days",
    "churn_level",
    "is_held_out",
    "is_first_episode",
    "is_returned",
    "net_amount",
    "margin_amount",
)
METRICS = {"returned": "is_returned", "net_amount": "net_amount", "margin_amount": "margin_amount"}
NUMBERS = (
    "answerable_members",
    "held_out_members",
    "answerable_mean",
    "held_out_mean",
    "effect",
    "effect_lower",
    "effect_upper",
)


def set_least_members(connection, members):
    connection.execute(
        "update seeds.churn_settings set value = $members where setting = 'warning_least_members'",
        {"members": str(members)},
    )


@pytest.fixture(scope="module")
def effects(chain):
    """The model as dbt compiled it over an empty table of outcomes: a view, so each example is one query."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as rekindle")
        connection.execute("use rekindle")
        connection.execute("create schema seeds; create schema marts")
        connection.execute(f"attach '{chain.build.file}' as built (read_only)")
        for name in ("seeds.churn_settings", "seeds.warning_comparisons", "seeds.warning_metrics"):
            connection.execute(f"create table {name} as from built.{name}")
        # few are enough to compare formulas by
        set_least_members(connection, 2)
        connection.execute(
            "create table marts.fct_warning_outcome as from built.marts.fct_warning_outcome limit 0"
        )
        [model] = [model for model in chain.models if model["name"] == "fct_warning_effect"]
        connection.execute(f"create view marts.fct_warning_effect as {model['compiled_code']}")
        connection.execute("detach built")
        yield connection


cents = st.integers(-50_000, 5_000_000).map(lambda amount: Decimal(amount) / 100)
outcome = st.tuples(
    st.sampled_from([28, 90]),
    st.sampled_from(["low", "medium", "high"]),
    st.booleans(),
    st.sampled_from([True, True, True, False]),
    st.booleans(),
    cents,
    st.one_of(cents, cents, cents, st.none()),
)


def put(connection, outcomes):
    connection.execute("delete from marts.fct_warning_outcome")
    places = ", ".join("?" * len(COLUMNS))
    connection.executemany(
        f"insert into marts.fct_warning_outcome ({', '.join(COLUMNS)}) values ({places})", outcomes
    )


def found(connection):
    rows = connection.execute(
        f"select horizon_days, comparison, metric, {', '.join(NUMBERS)} from marts.fct_warning_effect"
    ).fetchall()
    return {row[:3]: dict(zip(NUMBERS, row[3:], strict=True)) for row in rows}


def compared(outcomes, horizon, comparison):
    """First episodes of those whom a comparison compares."""
    told = [dict(zip(COLUMNS, row, strict=True)) for row in outcomes]
    return [
        row
        for row in told
        if row["horizon_days"] == horizon
        and row["is_first_episode"]
        and comparison in ("all", row["churn_level"])
    ]


def expected_keys(outcomes):
    """A row per metric wherever somebody is compared; of margin only where everybody's is known."""
    for horizon in (28, 90):
        for comparison in ("all", "low", "medium", "high"):
            rows = compared(outcomes, horizon, comparison)
            for metric, column in METRICS.items():
                if rows and all(row[column] is not None for row in rows):
                    yield horizon, comparison, metric


def groups(outcomes, horizon, comparison, metric):
    """Values of the answerable and of the held out."""
    rows = compared(outcomes, horizon, comparison)
    return tuple(
        np.array([float(row[METRICS[metric]]) for row in rows if row["is_held_out"] is held_out])
        for held_out in (False, True)
    )


def by_tea_tasting(answerable, held_out):
    """Difference and interval of a library that sees nothing but counts, means and variances."""
    sums = [
        Aggregates(len(values), {"value": values.mean()}, {"value": values.var(ddof=1)}, {})
        for values in (held_out, answerable)
    ]
    result = Mean("value", equal_var=False, use_t=False, confidence_level=CONFIDENCE).analyze_aggregates(
        *sums
    )
    return result.effect_size, result.effect_size_ci_lower, result.effect_size_ci_upper


def by_statsmodels(answerable, held_out):
    compared = CompareMeans(DescrStatsW(answerable), DescrStatsW(held_out))
    lower, upper = compared.zconfint_diff(alpha=1 - CONFIDENCE, usevar="unequal")
    return answerable.mean() - held_out.mean(), lower, upper


@settings(max_examples=40)
@given(outcomes=st.lists(outcome, min_size=1, max_size=40))
def test_differences_and_intervals_are_those_of_two_libraries(effects, outcomes):
    put(effects, outcomes)
    assert set(found(effects)) == set(expected_keys(outcomes))
    for key, numbers in found(effects).items():
        answerable, held_out = groups(outcomes, *key)
        assert (numbers["answerable_members"], numbers["held_out_members"]) == (
            len(answerable),
            len(held_out),
        )
        in_sql = [None if numbers[name] is None else float(numbers[name]) for name in NUMBERS[4:]]
        if min(len(answerable), len(held_out)) == 0:
            assert in_sql == [None] * 3
        elif min(len(answerable), len(held_out)) == 1 or answerable.var() + held_out.var() == 0:
            assert in_sql == [
                pytest.approx(answerable.mean() - held_out.mean(), rel=1e-9, abs=1e-9),
                None,
                None,
            ]
        else:
            # amounts reach tens of thousands: nine digits of them, not of what is left of a difference
            near = 1e-9 * max(1.0, abs(answerable).max(), abs(held_out).max())
            for library in (by_tea_tasting, by_statsmodels):
                assert in_sql == pytest.approx(library(answerable, held_out), rel=1e-9, abs=near)


def test_whoever_is_answered_is_compared_with_nobody_chosen_by_being_answered(effects):
    answered_or_not = [(28, "low", False, True, True, Decimal(10), None)] * 3
    held_out = [(28, "low", True, True, False, Decimal(0), None)] * 2
    again = [(28, "high", True, False, True, Decimal(99), None)]
    put(effects, answered_or_not + held_out + again)
    sizes = Counter(
        (numbers["answerable_members"], numbers["held_out_members"])
        for (_, comparison, metric), numbers in found(effects).items()
        if metric != "margin_amount"
    )
    assert sizes == {(3, 2): 4}


@pytest.mark.parametrize(("held_out_members", "is_told"), [(49, False), (50, True)])
def test_too_few_in_a_group_have_a_difference_and_no_interval(effects, held_out_members, is_told):
    assert int(RULES["warning_least_members"]) == 50
    set_least_members(effects, 50)
    many = [(28, "low", False, True, number % 2 == 0, Decimal(number), None) for number in range(50)]
    few = [
        (28, "low", True, True, number % 3 == 0, Decimal(number), None) for number in range(held_out_members)
    ]
    put(effects, many + few)
    numbers = found(effects)[28, "all", "net_amount"]
    set_least_members(effects, 2)
    assert numbers["effect"] is not None
    assert (numbers["effect_lower"] is not None) == is_told


def test_a_chain_that_sells_for_billions_is_compared_too(effects):
    large = Decimal("9999999999.99")
    sold = [(28, "low", False, True, True, large - number, None) for number in range(3)]
    nothing = [(28, "low", True, True, False, Decimal(number), None) for number in range(2)]
    put(effects, sold + nothing)
    numbers = found(effects)[28, "all", "net_amount"]
    assert float(numbers["effect"]) == pytest.approx(float(large) - 1.5, rel=1e-12)
    # of three and of two numbers in a row: variances 1 and 1/2
    width = float(RULES["warning_interval_z"]) * (1 / 3 + 1 / 4) ** 0.5
    assert float(numbers["effect_upper"] - numbers["effect"]) == pytest.approx(width, rel=1e-4)


def test_every_level_is_compared_and_every_comparison_is_one_of_a_level_or_of_all():
    levels = {row["churn_level"] for row in seed("churn/churn_levels.csv")}
    assert {row["churn_level"] for row in seed("churn/warning_comparisons.csv")} == levels | {""}
    assert {row["metric"] for row in seed("churn/warning_metrics.csv")} == set(METRICS)
