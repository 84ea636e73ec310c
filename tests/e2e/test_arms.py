"""Arms drawn by SQL for the audiences of every week are those that Python draws."""

from collections import Counter, defaultdict

import pytest
from scipy.stats import binom

from orchestration.core.arms import arm_of, draw
from orchestration.core.experiments.sample_ratio import Ratio, check


@pytest.fixture(scope="module")
def shares(chain):
    with chain.open() as connection:
        rows = connection.execute("select campaign, arm, share from seeds.campaign_arms").fetchall()
    found = defaultdict(dict)
    for campaign, arm, share in rows:
        found[campaign][arm] = share
    return found


@pytest.fixture(scope="module")
def included(chain):
    with chain.open() as connection:
        return connection.execute(
            "select distinct campaign, member_key, arm from audiences.aud_decisions where is_included"
        ).fetchall()


def test_every_included_member_has_the_arm_that_python_draws(included, shares):
    assert len({campaign for campaign, *_ in included}) > 3
    drawn = [(campaign, key, arm_of(campaign, str(key), shares[campaign])) for campaign, key, _ in included]
    assert drawn == included


def test_the_held_out_are_those_whose_draw_is_below_the_share(chain):
    with chain.open() as connection:
        holdouts = connection.execute("select salt, share from seeds.global_holdouts").fetchall()
        dropped = {
            str(key)
            for (key,) in connection.execute(
                "select distinct member_key from audiences.aud_decisions where drop_reason = 'global_holdout'"
            ).fetchall()
        }
    assert dropped
    for key in dropped:
        assert any(draw(salt, key) < share for salt, share in holdouts)


def test_the_arms_of_no_campaign_are_out_of_shape(chain, shares):
    with chain.open() as connection:
        members = [key for (key,) in connection.execute("select member_key from core.dim_member").fetchall()]
    checked = [
        check(
            Counter(arm_of(campaign, str(key), of_campaign) for key in members),
            {arm: float(share) for arm, share in of_campaign.items()},
            stop_below=0.001,
            warn_below=0.01,
        )
        for campaign, of_campaign in shares.items()
    ]
    assert any(found.ratio is Ratio.FINE for found in checked)
    stopped = sum(found.ratio is Ratio.STOP for found in checked)
    assert stopped <= binom.ppf(0.999, len(checked), 0.001)
