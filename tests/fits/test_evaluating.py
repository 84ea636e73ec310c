"""What of the seeds decides how a metric and a holdout are read."""

from datetime import timedelta

import pytest

from orchestration.fits.evaluating import _Definitions
from tests.built import chain

__all__ = ["chain"]


@pytest.fixture(scope="module")
def definitions(chain):
    with chain.open() as connection:
        return _Definitions(connection)


def test_what_a_member_did_or_did_not_is_a_rate_and_nothing_else_is(definitions):
    rates = {code for code, metric in definitions.metrics.items() if metric.is_rate}
    assert rates == {
        "returned", "repurchased", "repurchased_full_price", "redeemed", "unsubscribed", "complained",
        "refunded", "repurchased_60_days", "repurchased_90_days",
    }  # fmt: skip


@pytest.mark.parametrize(("left", "share"), [(30, 0.25), (1, 10 / 11), (0, 1.0), (-1, 1.0)])
def test_a_holdout_is_over_on_the_last_day_of_its_period(definitions, left, share):
    last = definitions._holdouts_end["holdout_2025"]
    assert definitions.share_over("holdout_2025", 10, last - timedelta(days=left)) == share
