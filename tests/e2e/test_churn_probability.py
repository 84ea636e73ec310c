"""Probabilities in SQL equal those in Python, for every member of the built sample; their reasons add up."""

from decimal import Decimal

import numpy as np
import pytest

from orchestration.core.churn_model import Blend, Logistic, log_odds, probabilities
from orchestration.core.purchase_models import Histories, Model, p_alive, p_no_purchase
from orchestration.core.seasons import EVEN
from orchestration.fits.amount_parameters import sampled_amounts
from orchestration.fits.churn_parameters import sampled_histories
from tests.built import CHURN_FITS, CHURN_SEASONS, MODEL_BLENDS, MODEL_COEFFICIENTS, MODEL_FITS, SUNDAYS

HORIZONS = (28, 90)
COLUMNS = (
    "p_alive",
    *(f"{name}_p_no_purchase_{horizon}d" for name in ("base", "even") for horizon in HORIZONS),
)


@pytest.fixture
def warehouse(chain):
    with chain.open() as connection:
        yield connection


def fit_of(day):
    """The day of the newest fit by a date: the sample has one in days of the calendar and one in a season."""
    return max(fitted_on for fitted_on in CHURN_FITS if fitted_on <= day)


@pytest.mark.parametrize("day", SUNDAYS[1:])
def test_sql_equals_core_for_every_member(warehouse, day):
    season = CHURN_SEASONS.get(fit_of(day), EVEN)
    for group, at in CHURN_FITS[fit_of(day)].items():
        rows = warehouse.execute(
            f"select repeats, last_days, age_days, {', '.join(COLUMNS)} from marts.member_churn_baseline "
            "where as_of_date = ? and fitted_group = ?",
            [day, group],
        ).fetchall()
        assert len(rows) > 50
        columns = np.array(rows, dtype=float).T
        histories = season.histories(day, Histories.of(*columns[:3]))
        expected = [
            p_alive(Model.MBG_NBD, at, histories),
            *(
                p_no_purchase(Model.MBG_NBD, at, histories, ahead)
                for ahead in (*(season.horizon(day, horizon) for horizon in HORIZONS), *HORIZONS)
            ),
        ]
        # SQL rounds to six decimals.
        assert np.abs(columns[3:] - np.array(expected)).max() <= 1e-6


def test_a_season_is_a_reason_where_the_fit_has_one_and_only_there(warehouse):
    """The sample's days before the winter's end are slow: they raise the probability of no purchase."""
    found = dict(
        warehouse.execute(
            "select as_of_date, avg(contribution)::double from marts.fct_churn_reason "
            "where family = 'season' and horizon_days = 28 group by 1"
        ).fetchall()
    )
    assert set(found) == {day for day in SUNDAYS if day >= min(CHURN_SEASONS)}
    for day, mean in found.items():
        assert (mean > 0) == (CHURN_SEASONS[fit_of(day)].horizon(day, 28) < 28)


def test_histories_are_those_of_the_orders(warehouse):
    counted = warehouse.execute(
        """
        with days as (
            select distinct orders.member_key, chances.as_of_date, orders.ordered_on
            from core.fct_order as orders
            inner join (select distinct as_of_date from marts.member_churn_probability) as chances
                on orders.ordered_on <= chances.as_of_date
            where orders.is_purchase and orders.member_key is not null
        )
        select member_key, as_of_date, count(*) - 1,
            date_diff('day', min(ordered_on), max(ordered_on)), date_diff('day', min(ordered_on), as_of_date)
        from days group by member_key, as_of_date
        """
    ).fetchall()
    scored = warehouse.execute(
        "select member_key, as_of_date, repeats, last_days, age_days from marts.member_churn_probability"
    ).fetchall()
    assert len(scored) > 1000
    assert set(scored) == set(counted)


def test_no_date_is_scored_by_a_fit_that_saw_what_came_later(warehouse):
    used = dict(
        warehouse.execute(
            "select distinct as_of_date, fitted_on from marts.member_churn_probability"
        ).fetchall()
    )
    first, second = CHURN_FITS
    assert used == {day: second if day >= second else first for day in SUNDAYS if day >= first}


def test_who_is_away_longer_is_less_likely_to_come_back(warehouse):
    quick, slow = warehouse.execute(
        f"select avg({COLUMNS[1]}) filter (last_days = age_days), "
        f"avg({COLUMNS[1]}) filter (age_days - last_days > 90) from marts.member_churn_probability"
    ).fetchone()
    assert Decimal(0) < quick < slow <= 1


def newest_by(horizon, day):
    """The newest version by a date as (fitted_on, horizon, is_promoted, intercept); None before the first."""
    return next((fit for fit in reversed(MODEL_FITS) if fit[1] == horizon and fit[0] <= day), None)


def computed(warehouse, horizon, day, version):
    """What core makes of the features in the warehouse, by member."""
    fitted_on, *_, intercept = version
    names = [name for name in MODEL_COEFFICIENTS if name != "base_logit"]
    rows = warehouse.execute(
        f"select member_key, base_p_no_purchase_{horizon}d, {', '.join(names)} "
        "from marts.member_churn_features "
        "inner join marts.member_churn_baseline using (member_key, as_of_date) "
        "where as_of_date = ? order by member_key",
        [day],
    ).fetchall()
    features = np.array([[float(value) for value in row[1:]] for row in rows])
    features[:, 0] = log_odds(features[:, 0])
    weights = np.array([MODEL_COEFFICIENTS[name] for name in ("base_logit", *names)]).T
    *_, blend = [
        Blend(*weighed)
        for of_version, calibrated_on, days, *weighed in MODEL_BLENDS
        if (of_version, days) == (fitted_on, horizon) and calibrated_on <= day
    ]
    return probabilities(blend(features[:, 0], Logistic(intercept, *weights).logits(features)))


@pytest.mark.parametrize("day", SUNDAYS[1:])
def test_a_blend_of_base_and_version_scores_in_sql_as_in_core(warehouse, day):
    found = warehouse.execute(
        "select base_p_no_purchase_28d, model_p_no_purchase_28d, p_no_purchase_28d, scored_by_28d, "
        "base_p_no_purchase_90d, model_p_no_purchase_90d, p_no_purchase_90d, scored_by_90d "
        "from marts.member_churn_probability where as_of_date = ? order by member_key",
        [day],
    ).fetchall()
    assert len(found) > 100
    columns = list(zip(*found, strict=True))
    shortest = shortest_in_use = 1.0
    for horizon, (by_base, by_newest, in_use, scored_by) in zip(
        HORIZONS, (columns[:4], columns[4:]), strict=True
    ):
        newest = newest_by(horizon, day)
        expected = np.array(by_base, dtype=float)
        if newest is None:
            assert set(by_newest) == {None}
        else:
            blended = computed(warehouse, horizon, day, newest)
            shortest = np.minimum(shortest, blended)
            assert np.abs(np.array(by_newest, dtype=float) - shortest).max() <= 1e-6
            expected = blended if newest[2] else expected
        # A longer horizon is never above a shorter one, whoever scores either.
        shortest_in_use = np.minimum(shortest_in_use, expected)
        assert np.abs(np.array(in_use, dtype=float) - shortest_in_use).max() <= 1e-6
        if horizon == HORIZONS[0]:
            assert set(scored_by) == {"model" if newest and newest[2] else "base"}


def test_the_versions_of_the_sample_show_every_case():
    """Base alone, a version in use, and one from which the base has won back."""
    cases = {
        version and version[2]
        for horizon in HORIZONS
        for day in SUNDAYS[1:]
        for version in [newest_by(horizon, day)]
    }
    assert cases == {None, True, False}


def test_a_longer_horizon_is_never_above_a_shorter_one(warehouse):
    above, equal, below = warehouse.execute(
        "select count(*) filter (p_no_purchase_90d > p_no_purchase_28d), "
        "count(*) filter (p_no_purchase_90d = p_no_purchase_28d), "
        "count(*) filter (p_no_purchase_90d < p_no_purchase_28d) from marts.member_churn_probability"
    ).fetchone()
    assert above == 0
    assert equal > 0  # the made-up versions disagree somewhere
    assert below > 1000


def test_reasons_add_up_to_the_log_odds_of_the_probability_in_use(warehouse):
    worst, rows = warehouse.execute(
        """
        with told as (
            select member_key, as_of_date, horizon_days, sum(contribution)::double as log_odds
            from marts.fct_churn_reason group by all
        ),
        given as (
            unpivot marts.member_churn_probability on p_no_purchase_28d, p_no_purchase_90d
            into name horizon value chance
        )
        select max(abs(1 / (1 + exp(-log_odds)) - chance)), count(*)
        from given inner join told using (member_key, as_of_date)
        where horizon_days = regexp_extract(horizon, '[0-9]+')::integer
        """
    ).fetchone()
    assert worst <= 1e-6
    assert rows > 1000


def test_reasons_are_ranked_by_what_raises_the_probability(warehouse):
    rows = warehouse.execute(
        "select member_key, as_of_date, horizon_days, contribution, reason_rank, contribution_share "
        "from marts.fct_churn_reason where family <> 'baseline' order by 1, 2, 3, 4 desc"
    ).fetchall()
    shares, ranks = {}, {}
    for *key, contribution, rank, share in rows:
        shares.setdefault(tuple(key), []).append(float(share))
        ranks.setdefault(tuple(key), []).append(rank)
        assert (rank is not None) == (contribution > 0)
    assert all(abs(sum(of_one) - 1) < 1e-5 for of_one in shares.values())
    for of_one in ranks.values():
        raising = [rank for rank in of_one if rank is not None]
        assert sorted(raising) == list(range(1, len(raising) + 1))
    assert max(map(len, shares.values())) > 3


@pytest.mark.parametrize("day", [SUNDAYS[0], SUNDAYS[-1]])
def test_a_fit_sees_on_an_as_of_date_what_member_activity_says(chain, warehouse, day):
    """Fits read the folded days, so that they may be made on days that nobody asked for."""
    told = warehouse.execute(
        "select category_group, purchase_days - 1, date_diff('day', first_purchase_on, last_purchase_on), "
        "date_diff('day', first_purchase_on, as_of_date), count(*) from marts.member_activity "
        "where as_of_date = ? and purchase_days > 0 group by all order by all",
        [day],
    ).fetchall()
    seen = sampled_histories(chain.build.file, day, 10**6)
    assert sum(of.members.sum() for group, of in seen.items() if group != "all") == seen["all"].members.sum()
    assert told == [
        (group, *map(int, row))
        for group, of in sorted(seen.items())
        if group != "all"
        for row in zip(of.repeats, of.last, of.age, of.members, strict=True)
    ]
    amounts = sampled_amounts(chain.build.file, day, 10**6)
    net, margin = warehouse.execute(
        "select sum(net_amount) filter (net_amount > 0), sum(margin_amount) filter (margin_amount > 0) "
        "from marts.member_activity where as_of_date = ? and purchase_days > 0",
        [day],
    ).fetchone()
    for basis, expected in (("net_amount", net), ("margin", margin)):
        purchases, averages = amounts["all", basis]
        assert (purchases * averages).sum() == pytest.approx(float(expected))
