"""A run and `rekindle status` name, in words, a probability that was wrong on the whole."""

import duckdb

from orchestration.readers.states import CHURN_ALARMS, churn_alarms
from orchestration.readers.status import told_details


def test_alarms_of_the_probability_in_use_and_of_features_are_told_for_the_newest_date(tmp_path):
    with duckdb.connect(str(tmp_path / "built.duckdb")) as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.fct_churn_bias as select * from (values
                (90, date '2025-09-28', .31, .41, 12.26, 'champion', true, true),
                (28, date '2025-11-30', .31, .32, 1.00, 'champion', true, false),
                (90, date '2025-09-21', .31, .41, 12.00, 'champion', false, true),
                (90, date '2025-09-28', .31, .41, 12.00, 'base', true, true)
            ) as told (
                horizon_days, as_of_date, expected_share, observed_share, bias_z, method, is_newest, is_alarm
            );
            create table marts.fct_churn_drift as select * from (values
                ('orders_log', .254, true, true),
                ('tenure_log', .3, true, false),
                ('cycle_log', .3, false, true)
            ) as told (feature, psi, is_newest, is_alarm);
            """
        )
    wrong, moved = churn_alarms(tmp_path / "built.duckdb")
    assert wrong == (
        "As of 2025-09-28, 90 days ahead: 31.0% were expected not to buy, 41.0% did not "
        "(+12.3 standard errors), and so it was before."
    )
    assert moved == "orders_log has moved since the fit (stability index 0.25)."


def test_a_file_without_the_tables_has_none(tmp_path):
    duckdb.connect(str(tmp_path / "built.duckdb")).close()
    assert churn_alarms(tmp_path / "built.duckdb") == []


def test_status_tells_them_and_says_nothing_without():
    [said] = told_details({CHURN_ALARMS: ["It was wrong."]})
    assert said == "Alarms of the churn probability\n  It was wrong."
    assert told_details({CHURN_ALARMS: []}) == told_details({}) == []
