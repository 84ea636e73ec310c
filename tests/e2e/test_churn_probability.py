"""Probabilities in SQL equal those in Python, for every member of the built sample; their reasons add up."""

from decimal import Decimal

import numpy as np
import pytest

from orchestration.core.churn_model import Logistic, Recalibration, log_odds, probabilities
from orchestration.core.purchase_models import Histories, Model, Parameters, p_alive, p_no_purchase
from tests.built import CHURN_FITS, MODEL_COEFFICIENTS, MODEL_FITS, MODEL_RECALIBRATIONS, SUNDAYS

HORIZONS = (28, 90)
COLUMNS = ("p_alive", *(f"base_p_no_purchase_{horizon}d" for horizon in HORIZONS))


@pytest.fixture
def warehouse(chain):
    with chain.open() as connection:
        yield connection


@pytest.mark.parametrize("fitted_on", CHURN_FITS)
def test_sql_equals_core_for_every_member(warehouse, fitted_on):
    for group, (r, alpha, a, b) in {
        group: (at.r, at.alpha, at.a, at.b) for group, at in CHURN_FITS[fitted_on].items()
    }.items():
        rows = warehouse.execute(
            f"select repeats, last_days, age_days, {', '.join(COLUMNS)} from marts.member_churn_baseline "
            "where fitted_on = ? and fitted_group = ?",
            [fitted_on, group],
        ).fetchall()
        assert len(rows) > 100
        columns = np.array(rows, dtype=float).T
        histories, at = Histories.of(*columns[:3]), Parameters(r, alpha, a, b)
        expected = [
            p_alive(Model.MBG_NBD, at, histories),
            *(p_no_purchase(Model.MBG_NBD, at, histories, horizon) for horizon in HORIZONS),
        ]
        # SQL rounds to six decimals.
        assert np.abs(columns[3:] - np.array(expected)).max() <= 1e-6


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


def in_use(horizon, day):
    """The newest version by a date and the champion, as (fitted_on, intercept); None where there is none."""
    known = [fit for fit in MODEL_FITS if fit[1] == horizon and fit[0] <= day]
    promoted = [fit for fit in known if fit[2]]
    return tuple((fits[-1][0], fits[-1][3]) if fits else None for fits in (known, promoted))


def computed(warehouse, horizon, day, version):
    """What core makes of the features in the warehouse, by member."""
    fitted_on, intercept = version
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
    recalibrations = [
        Recalibration(offset, slope)
        for of_version, calibrated_on, days, offset, slope in MODEL_RECALIBRATIONS
        if (of_version, days) == (fitted_on, horizon) and calibrated_on <= day
    ]
    recalibrated = recalibrations[-1] if recalibrations else Recalibration()
    return probabilities(recalibrated(Logistic(intercept, *weights).logits(features)))


@pytest.mark.parametrize("horizon", HORIZONS)
@pytest.mark.parametrize("day", SUNDAYS[1:])
def test_a_trained_version_scores_in_sql_as_in_core(warehouse, horizon, day):
    found = warehouse.execute(
        f"select model_p_no_purchase_{horizon}d, p_no_purchase_{horizon}d, scored_by_{horizon}d, "
        f"base_p_no_purchase_{horizon}d from marts.member_churn_probability where as_of_date = ? "
        "order by member_key",
        [day],
    ).fetchall()
    assert len(found) > 100
    newest, champion = in_use(horizon, day)
    by_newest, by_champion, scored_by, by_base = zip(*found, strict=True)
    assert set(scored_by) == {"model" if champion else "base"}
    if newest is None:
        assert set(by_newest) == {None}
    else:
        expected = computed(warehouse, horizon, day, newest)
        assert np.abs(np.array(by_newest, dtype=float) - expected).max() <= 1e-6
    if champion is None:
        assert by_champion == by_base
    else:
        expected = computed(warehouse, horizon, day, champion)
        assert np.abs(np.array(by_champion, dtype=float) - expected).max() <= 1e-6


def test_the_versions_of_the_sample_show_every_case():
    """Base alone, a champion that is the newest, a champion with a newer version beside it."""
    cases = {
        tuple(version and version[0] for version in in_use(horizon, day))
        for horizon in HORIZONS
        for day in SUNDAYS[1:]
    }
    assert cases == {
        (None, None),
        (SUNDAYS[2], SUNDAYS[2]),
        (SUNDAYS[4], SUNDAYS[2]),
        (SUNDAYS[5], SUNDAYS[5]),
    }


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
