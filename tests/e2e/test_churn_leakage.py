"""No score knows what came after its date: other facts after D, the same scores at D, by every method."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from tests.built import UNTIL, quick_build, same_facts, set_sources
from tests.e2e.test_replay import FACTS, D, rows_at_d

# Midnight after D, by the wall clock.
END_OF_D = datetime.combine(D + timedelta(days=1), time())

# What the backtest compares, what it is computed from, and what the trained model learns from.
SCORES = (
    "member_churn_features",
    "member_churn_baseline",
    "member_churn_probability",
    "member_cycle",
    "member_rfm",
    "fct_churn_signal",
    "member_churn_warning",
    "member_lifecycle",
)
# And what they were to foresee.
READ = (*SCORES, "int_next_purchases")
LEAKS = {
    # the purchases of all the member's as-of dates in the build instead of those until the date
    "member_churn_baseline": (
        "activity.purchase_days - 1",
        "max(activity.purchase_days) over (partition by activity.member_key) - 1",
    ),
    # gaps between all purchases, those after the date too
    "member_churn_features": ("and activity.as_of_date >= purchases.purchased_on", ""),
}


@pytest.fixture(scope="module")
def other_future(chain, tmp_path_factory):
    """The chain's facts up to D; after it half of them gone, the rest two days later and dearer."""
    home = same_facts(chain.home, tmp_path_factory.mktemp("other_future") / "home")
    original = chain.home.loaded / "chain"
    (home.loaded / "chain").unlink()
    with chain.open() as connection:
        set_sources(connection, chain.home, chain.build.folder)
        for table in original.iterdir():
            query = f"select * from read_parquet('{table}/*/*/*/*.parquet', hive_partitioning = false)"
            if table.name in FACTS:
                query = altered(connection, query, *FACTS[table.name])
            folder = home.loaded / "chain" / table.name / "chain" / "delivered=2025-12-28" / "month=all"
            folder.mkdir(parents=True)
            connection.execute(f"copy ({query}) to '{folder}/part-0.parquet' (format parquet)")
    return home


def altered(connection, query, dated, later):
    """The rows with other ones after D, and what happened later to a row of before D a day later."""
    columns = {name: kind for name, kind, *_ in connection.execute(f"describe {query}").fetchall()}
    moved = [f"cast({dated} + interval 2 day as {columns[dated]}) as {dated}"]
    moved += [
        f"{amount} + 1 as {amount}" for amount in ("net_amount", "refunded_amount") if amount in columns
    ]
    waited = [
        f"if({column} >= timestamp '{END_OF_D}', {column} + interval 1 day, {column}) as {column}"
        for column in later
    ]
    before = f"* replace ({', '.join(waited)})" if waited else "*"
    return (
        f"select {before} from ({query}) where {dated} < timestamp '{END_OF_D}' "
        f"union all by name select * replace ({', '.join(moved)}) from ({query}) "
        f"where {dated} >= timestamp '{END_OF_D}' and hash({dated}) % 2 = 0"
    )


def scores_at_d(connection):
    return {name: rows_at_d(connection, name) for name in SCORES}


def outcome_at_d(connection):
    return connection.execute(
        "select member_key, days_until_purchase from intermediate.int_next_purchases "
        f"where as_of_date = date '{D}' order by 1"
    ).fetchall()


def changed_scores(one, other):
    return [name for name in SCORES if one[name] != other[name]]


def test_other_facts_after_a_date_change_no_score_on_it(chain, other_future, tmp_path):
    with (
        quick_build(chain, tmp_path, other_future, [D, UNTIL], wanted=READ) as knowing_other,
        chain.open() as known,
    ):
        before, after = scores_at_d(known), scores_at_d(knowing_other)
        assert [name for name in SCORES if before[name].count("\n") < 3] == []
        assert changed_scores(before, after) == []
        # the future is another one indeed, and with it the outcome
        assert outcome_at_d(known) != outcome_at_d(knowing_other)


@pytest.mark.slow
def test_scores_and_features_that_know_later_purchases_are_found(chain, other_future, tmp_path):
    facts = same_facts(chain.home, tmp_path / "facts")
    changed = {"changed": LEAKS, "wanted": SCORES}
    with (
        quick_build(chain, tmp_path / "one", facts, [D, UNTIL], **changed) as known,
        quick_build(chain, tmp_path / "other", other_future, [D, UNTIL], **changed) as knowing_other,
    ):
        found = changed_scores(scores_at_d(known), scores_at_d(knowing_other))
        # and with them only the probability, which is made of both, and the levels that are cut from it
        assert set(found) == {*LEAKS, "member_churn_probability", "member_churn_warning"}
