"""States as summaries show them: labelled, and counted on the newest date."""

import duckdb

from orchestration.readers.states import STATES, members_by_state


def test_every_state_has_labels_in_both_languages():
    for state in STATES:
        assert state.labels
        assert all(label.english and label.chinese for label in state.labels)


def test_journeys_are_counted_by_state_on_the_newest_date_alone(tmp_path):
    file = tmp_path / "rekindle.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(
            """
            create schema audiences;
            create table audiences.aud_journeys as
                from (values
                    (date '2025-12-21', 'exited'), (date '2025-12-28', 'exited'),
                    (date '2025-12-28', 'exited'), (date '2025-12-28', 'waiting_for_cap')
                ) as journeys(as_of_date, state)
            """
        )
    counts = members_by_state(file)
    assert counts == {"journeys by state": {"exited": 2, "waiting_for_cap": 1}}
    [journeys] = [state for state in STATES if state.title in counts]
    lines = journeys.as_markdown(counts[journeys.title]).splitlines()
    assert lines[0] == "| code | English | 中文 | journeys | share |"
    assert "| exited | Left | 已退出 | 2 | 66.7% |" in lines
    assert "| step_due | Step due | 步骤到期 | 0 | 0.0% |" in lines
