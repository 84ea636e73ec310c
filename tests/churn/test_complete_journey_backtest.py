"""On real purchases the probability ranks members as well as was measured elsewhere, walk-forward."""

from __future__ import annotations

import duckdb
import pytest

from orchestration.project import Home
from orchestration.sources import complete_journey

pytest.importorskip(complete_journey.PACKAGE)

LEAST_AUC = 0.87


class Silent:
    """Whoever watches the run looks away."""

    def begin(self, step):
        pass

    def count(self, done, total, what):
        pass

    def say(self, message):
        pass


@pytest.fixture(scope="module")
def compared(tmp_path_factory, monkeypatch_module):
    """The comparison over all members of a whole year, 28 days ahead, by method."""
    from orchestration.runs import run_job

    home = Home(tmp_path_factory.mktemp("journey"))
    monkeypatch_module.setenv("REKINDLE_HOME", str(home.root))
    complete_journey.deliver_complete_journey(home.landing)
    run_job(home, "daily", Silent(), as_of=complete_journey.LAST_DAY, weeks=52)
    with duckdb.connect(str(home.published_file), read_only=True) as connection:
        rows = connection.execute(
            "select method, auc, log_loss, as_of_dates from marts.fct_churn_comparison "
            "where population = 'all' and horizon_days = 28"
        ).fetchall()
        by_date = connection.execute(
            "select horizon_days, as_of_date, max(auc) filter (method = 'champion'), "
            "max(auc) filter (method = 'base'), max(ece) filter (method = 'champion'), "
            "max(log_loss) filter (method = 'champion'), max(log_loss) filter (method = 'base') "
            "from marts.fct_churn_backtest where population = 'all' group by all"
        ).fetchall()
        [above] = connection.execute(
            "select count(*) filter (p_no_purchase_90d > p_no_purchase_28d) "
            "from marts.member_churn_probability"
        ).fetchone()
    return {"by_date": by_date, "above": above, **{method: figures for method, *figures in rows}}


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_probability_in_use_ranks_all_members_as_well_as_promised(compared):
    auc, _, as_of_dates = compared["champion"]
    assert as_of_dates >= 20
    assert float(auc) >= LEAST_AUC


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_trained_model_is_not_worse_than_the_base(compared):
    assert compared["model"][0] >= compared["base"][0]
    assert compared["model"][1] <= compared["base"][1]


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("horizon", [28, 90])
def test_the_probability_in_use_keeps_to_the_bar_on_each_date(compared, horizon):
    """Never more than .002 AUC below the base, ECE to .05 on nine dates of ten, no more log loss than it."""
    found = [tuple(map(float, row[2:])) for row in compared["by_date"] if row[0] == horizon]
    assert len(found) >= 8
    assert min(auc - base for auc, base, *_ in found) >= -0.002
    assert sum(ece <= 0.05 for *_, ece, _, _ in found) >= 0.9 * len(found)
    assert sum(loss for *_, loss, _ in found) <= sum(base for *_, base in found)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_nobody_is_likelier_to_buy_nothing_for_longer(compared):
    assert compared["above"] == 0
