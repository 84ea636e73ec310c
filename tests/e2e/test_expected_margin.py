"""Expected margin: the SQL against scipy, its interval against simulated members, and who has a row."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from orchestration.core.purchase_forecast import expected_purchases
from orchestration.core.purchase_models import Histories, Model, Parameters, expected_value, p_alive
from tests.built import AMOUNT_FITS, SUNDAYS

HORIZONS = (90, 180, 365)
NEW_YEAR = date(2025, 1, 1)
# Each after those it reads, with its schema.
MODELS = {
    "member_churn_baseline": "marts",
    "int_margin__forecasts": "intermediate",
    "member_expected_margin": "marts",
}


@pytest.fixture(scope="module")
def compiled(chain):
    return {model["name"]: model["compiled_code"] for model in chain.models if model["name"] in MODELS}


@pytest.fixture(scope="module")
def blank(tmp_path_factory):
    """A warehouse with no tables; compiled SQL names the catalogue after the file."""
    with duckdb.connect(str(tmp_path_factory.mktemp("margin") / "rekindle.duckdb")) as connection:
        connection.execute("create schema core")
        connection.execute("create schema marts")
        connection.execute("create schema intermediate")
        connection.execute("create schema seeds")
        connection.execute("create schema staging")
        yield connection


def put(connection, name, **columns):
    """Make a table of arrays."""
    connection.register("given_columns", {key: np.asarray(values) for key, values in columns.items()})
    connection.execute(f"create or replace table {name} as from given_columns")
    connection.unregister("given_columns")


positive = some.floats(-1.0, 1.0).map(lambda exponent: 10.0**exponent)
a_fit = some.builds(
    Parameters,
    r=positive,
    alpha=some.floats(1, 200),
    a=positive,
    b=some.floats(0.1, 30),
)
a_history = some.tuples(some.integers(0, 150), some.integers(0, 800))


def forecast(blank, compiled, at, repeats, ages):
    """What the SQL expects of members with these histories, by repeats and age."""
    put(
        blank,
        "marts.member_churn_baseline",
        version=["fit"] * len(ages),
        fitted_group=["all"] * len(ages),
        repeats=repeats,
        age_days=ages,
    )
    put(
        blank,
        "staging.stg_rekindle__churn_parameters",
        version=["fit"],
        category_group=["all"],
        rate_shape=[at.r],
        rate_days=[at.alpha],
        leaving=[at.a],
        staying=[at.b],
    )
    return blank.execute(
        f"from ({compiled['int_margin__forecasts']}) order by repeats, age_days"
    ).fetchnumpy()


@settings(max_examples=25)
@given(at=a_fit, drawn=some.lists(a_history, min_size=1, max_size=20, unique=True))
# Who bought once 800 days ago is gone, as far as a floating-point 1 - p can tell.
@example(at=Parameters(10**0.75, 1.0, 10.0, 0.1), drawn=[(0, 800), (150, 0)])
def test_purchases_in_sql_equal_core_to_one_in_five_thousand(blank, compiled, at, drawn):
    repeats, ages = (np.array(values) for values in zip(*drawn, strict=True))
    found = forecast(blank, compiled, at, repeats, ages)
    order = np.lexsort((ages, repeats))
    # As if the last purchase were today, and divided by the chance to be alive: only what follows counts.
    histories = Histories.of(repeats[order], np.where(repeats > 0, ages, 0)[order], ages[order])
    alive = p_alive(Model.MBG_NBD, at, histories)
    # More than one a day on average is more than there are days to buy on: SQL stops there.
    daily = (at.r + histories.repeats) / (at.alpha + histories.age) <= 1
    for horizon in HORIZONS:
        expected = expected_purchases(Model.MBG_NBD, at, histories, horizon) / alive
        purchases = found[f"purchases_{horizon}d"].astype(float)
        assert purchases[daily] == pytest.approx(expected[daily], rel=2e-4, abs=2e-6)
        assert (purchases <= horizon).all()


wide = some.floats(-8.0, 12.0).map(np.exp)


@settings(max_examples=25)
@given(
    at=some.builds(Parameters, r=wide, alpha=wide, a=wide, b=wide),
    drawn=some.lists(a_history, min_size=1, max_size=20, unique=True),
)
# The fit of a shop of 300 buyers, whose build it stopped: powers of the leaving alone are 0 times infinity.
@example(at=Parameters(0.4, 200.0, 16639.0, 162754.79), drawn=[(0, 5), (3, 300)])
@example(at=Parameters(0.4, 200.0, 2700.0, 162754.79), drawn=[(0, 5), (3, 300)])
# Thousands of purchases a day: their pairs are too many for a decimal.
@example(at=Parameters(22026.465794806718, 1.0, 1.0, 162754.79), drawn=[(0, 0)])
def test_a_fit_anywhere_gives_numbers_that_grow_with_the_horizon(blank, compiled, at, drawn):
    repeats, ages = (np.array(values) for values in zip(*drawn, strict=True))
    found = forecast(blank, compiled, at, repeats, ages)
    assert len(found["repeats"]) == len(drawn)
    near, *_, far = (found[f"purchases_{horizon}d"].astype(float) for horizon in HORIZONS)
    assert (near >= 0).all()
    assert (far >= near).all()
    assert (far <= HORIZONS[-1]).all()


def test_leaving_with_a_chance_that_is_known_for_certain_is_a_geometric_row(blank, compiled):
    """Parameters without end: one chance to leave for all, 1 / 11, so its average is that of a known one."""
    at = Parameters(2.0, 90.0, 1e5, 1e6)
    found = forecast(blank, compiled, at, np.array([0]), np.array([90]))
    leave = at.a / (at.a + at.b + 1)
    for horizon in HORIZONS:
        expected = (1 - (1 + leave * horizon / 180) ** -2.0) / leave
        assert float(found[f"purchases_{horizon}d"][0]) == pytest.approx(expected, rel=1e-4)


def simulated(members, seed):
    """Members drawn from the models themselves: what is known after up to 600 days, and what came then."""
    rng = np.random.default_rng(seed)
    at, p, q, gamma = Parameters(1.0, 25.0, 0.5, 3.0), 6.0, 4.0, 60.0
    rows = []
    for key in range(members):
        rate, leave = rng.gamma(at.r, 1 / at.alpha), rng.beta(at.a, at.b)
        scale = rng.gamma(q, 1 / gamma)
        age = int(rng.integers(1, 600))
        day, days = 0.0, [0.0]
        while rng.random() >= leave and day < age + HORIZONS[-1]:
            day += rng.exponential(1 / rate)
            days.append(day)
        amounts = np.maximum(rng.gamma(p, 1 / scale, len(days)).round(2), 0.01)
        past = np.array(days) <= age
        future = [amounts[~past & (np.array(days) <= age + horizon)].sum() for horizon in HORIZONS]
        rows.append((key, age, int(past.sum()), np.array(days)[past].max(), amounts[past].sum(), *future))
    return at, (p, q, gamma), [np.array(column) for column in zip(*rows, strict=True)]


def test_the_interval_holds_what_it_promises_on_simulated_members(blank, compiled):
    at, (p, q, gamma), (keys, ages, bought, last, amounts, *futures) = simulated(6000, seed=11)
    put(
        blank,
        "marts.member_activity",
        member_key=keys,
        category_group=["all"] * len(keys),
        purchase_days=bought,
        net_amount=amounts,
        ages=ages,
        last_days=np.floor(last).astype(int),
    )
    blank.execute(
        f"""
        create or replace table marts.member_activity as
        select member_key, date '{NEW_YEAR}' as as_of_date, category_group, purchase_days,
            date '{NEW_YEAR}' - ages::integer as first_purchase_on,
            date '{NEW_YEAR}' - ages::integer + last_days::integer as last_purchase_on,
            net_amount::decimal(18, 2) as net_amount, null::decimal(18, 2) as margin_amount
        from marts.member_activity
        """
    )
    put(
        blank,
        "core.dim_as_of_date",
        as_of_date=np.array([NEW_YEAR], dtype="datetime64[s]"),
        is_computed=np.array([True]),
    )
    put(
        blank,
        "staging.stg_rekindle__churn_parameters",
        version=["fit"],
        fitted_on=np.array([NEW_YEAR], dtype="datetime64[s]"),
        category_group=["all"],
        rate_shape=[at.r],
        rate_days=[at.alpha],
        leaving=[at.a],
        staying=[at.b],
    )
    blank.execute(
        "create or replace table staging.stg_rekindle__churn_seasons "
        "(fitted_on date, period_of_year integer, days_before decimal(24, 12), pace decimal(24, 12))"
    )
    put(
        blank,
        "staging.stg_rekindle__amount_parameters",
        version=["fit"],
        fitted_on=np.array([NEW_YEAR], dtype="datetime64[s]"),
        category_group=["all"],
        basis=["net_amount"],
        amount_shape=[p],
        scale_shape=[q],
        scale_amount=[gamma],
        came_share=[1.0],
    )
    put(blank, "seeds.value_settings", setting=["tail_share"], value=["0.1"])
    for model, schema in MODELS.items():
        blank.execute(f"create or replace table {schema}.{model} as {compiled[model]}")
    found = blank.execute("from marts.member_expected_margin order by member_key").fetchnumpy()
    assert len(found["member_key"]) == len(keys)
    for horizon, future in zip(HORIZONS, futures, strict=True):
        mean, low, high = (
            found[f"expected_margin_{part}{horizon}d"].astype(float) for part in ("", "low_", "high_")
        )
        above, below = (future > high).mean(), (future < low).mean()
        assert mean.sum() == pytest.approx(future.sum(), rel=0.05)
        assert 0.06 <= above <= 0.11
        # Whoever may well buy nothing has no lower bound, so nothing falls below: more than 80 % are inside.
        assert 0.85 <= 1 - above - below <= 0.95
        has_low = low > 0
        assert 0.05 <= (future < low)[has_low].mean() <= 0.16


def test_everybody_who_bought_has_a_row_from_the_first_fit_on(chain):
    first, second = AMOUNT_FITS
    with chain.open() as warehouse:
        wrong = warehouse.execute(
            "select count(*) from marts.member_activity as activity "
            "left join marts.member_expected_margin as expected using (member_key, as_of_date) "
            "where activity.purchase_days > 0 "
            "and (activity.as_of_date >= ?) <> (expected.member_key is not null)",
            [first],
        ).fetchone()
        bases = warehouse.execute(
            "select expected.as_of_date, basis, count(*), "
            "bool_and((margin_amount is not null) = (basis = 'margin')) "
            "from marts.member_expected_margin as expected "
            "inner join marts.member_activity using (member_key, as_of_date) group by all"
        ).fetchall()
    assert wrong == (0,)
    assert {(day, basis) for day, basis, *_ in bases if day < second} == {
        (day, "net_amount") for day in SUNDAYS if first <= day < second
    }
    by_margin = [members for day, basis, members, _ in bases if day == SUNDAYS[-1] and basis == "margin"]
    assert by_margin
    assert by_margin[0] > 100
    assert all(agrees for day, _, _, agrees in bases if day >= second)


def test_what_a_purchase_is_worth_in_sql_equals_core(chain):
    _, second = AMOUNT_FITS
    with chain.open() as warehouse:
        rows = warehouse.execute(
            "select fitted_group, basis, purchase_days, amount, expected_amount "
            "from marts.member_expected_margin "
            "inner join marts.member_churn_baseline using (member_key, as_of_date) "
            "where as_of_date = ?",
            [SUNDAYS[-1]],
        ).fetchall()
    fits = AMOUNT_FITS[second]
    assert {(group, basis) for group, basis, *_ in rows} >= {("all", "margin"), ("fast_moving", "margin")}
    for group, basis, days, amount, found in rows:
        at, _ = fits.get((group, basis), fits["all", basis])
        in_core = expected_value(at, np.array([days]), np.array([float(amount) / days]))
        assert float(found) == pytest.approx(in_core[0], abs=2e-6)
