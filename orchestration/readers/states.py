"""What summaries count of a warehouse file: members by state, and signals that cannot fire.

Belongs here: the tables asked, the seeds with the labels of their codes.
Does not: thresholds and rules (seeds), layout (core.summary).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.core.summary import Label, labelled_counts, markdown_table, text_table
from orchestration.definitions_files.seeds import sound_rows
from orchestration.warehouse.connections import connect_read_only


@dataclass(frozen=True)
class State:
    """One code per member and as-of date, or per journey and as-of date.

    Attributes:
        title: What a summary calls it.
        room: Room of the state table.
        table: Name of the state table.
        column: The column with the code.
        seed: CSV file under ``seeds/`` whose column of the same name holds every code, in the order to show.
        counts: What is counted.
    """

    title: str
    room: str
    table: str
    column: str
    seed: str
    counts: str = "members"

    @property
    def labels(self) -> list[Label]:
        """The codes with their English and Chinese labels."""
        return [Label(row[self.column], row["label_en"], row["label_zh"]) for row in sound_rows(self.seed)]

    def as_markdown(self, members: dict[str, int]) -> str:
        """Count per code, for Dagster."""
        return markdown_table(self._headings, labelled_counts(self.labels, members))

    def as_text(self, members: dict[str, int]) -> str:
        """Count per code, for a terminal."""
        return text_table(self._headings, labelled_counts(self.labels, members))

    @property
    def _headings(self) -> list[str]:
        return ["code", "English", "中文", self.counts, "share"]


SILENT_SIGNALS = "churn signals that cannot fire"
"""What a summary calls them, and the key under which a manifest keeps them."""
SIGNAL_HEADINGS = ["code", "English", "中文"]
CHURN_ALARMS = "alarms of the churn probability"
"""What summaries call a probability in use that was wrong on the whole, and features that moved."""

UNMATCHED = "rows without a partner"
"""What was delivered and counts for nobody or not at all."""
UNMATCHED_HEADINGS = ["table", "what is missing", "rows", "amount"]

STATES = [
    State("members by lifecycle stage", "marts", "member_lifecycle", "stage", "lifecycle/stages.csv"),
    State(
        "members by silence tier",
        "marts",
        "member_lifecycle",
        "silence_tier",
        "lifecycle/silence_tier_labels.csv",
    ),
    State(
        "journeys by state", "audiences", "aud_journeys", "state", "campaigns/journey_states.csv", "journeys"
    ),
]


def members_by_state(file: Path) -> dict[str, dict[str, int]]:
    """Members per code of every state shown in summaries, at the newest as-of date.

    Args:
        file: A build's file or a published version.

    Returns:
        Counts per code by the state's title; a state whose table is not in the file is left out.
    """
    with connect_read_only(file) as connection:
        tables = _tables(connection)
        return {
            state.title: dict(
                connection.execute(
                    f"select {state.column}, count(*) from {state.room}.{state.table} "
                    f"where as_of_date = (select max(as_of_date) from {state.room}.{state.table}) "
                    f"group by {state.column}"
                ).fetchall()
            )
            for state in STATES
            if (state.room, state.table) in tables
        }


def unmatched_rows(file: Path) -> list[list[str]]:
    """Table, reason, rows and amount of what found no partner.

    Args:
        file: A build's or a published file.
    """
    with connect_read_only(file) as connection:
        if ("core", "fct_unmatched_row") not in _tables(connection):
            return []
        rows = connection.execute(
            "select source || '.' || table_name, reason, unmatched_rows, amount from core.fct_unmatched_row "
            "order by all"
        ).fetchall()
    return [[table, reason, f"{count:,}", f"{amount:,}"] for table, reason, count, amount in rows]


def signals_that_cannot_fire(file: Path) -> list[tuple[str, str, str]]:
    """Churn signals none of whose tables was ever delivered.

    Args:
        file: A build's file or a published version.

    Returns:
        Code, English and Chinese label of each, in the seed's order; empty without the table of signals.
    """
    with connect_read_only(file) as connection:
        if ("marts", "dim_churn_signal") not in _tables(connection):
            return []
        return connection.execute(
            "select signal, label_en, label_zh from marts.dim_churn_signal "
            "where is_active and is_silent order by signal_order"
        ).fetchall()


def churn_alarms(file: Path) -> list[str]:
    """What was wrong with the probability in use on the newest date that is over, and which features moved.

    Args:
        file: A build's file or a published version.

    Returns:
        A sentence per alarm; empty without the tables.
    """
    with connect_read_only(file) as connection:
        if not {("marts", "fct_churn_bias"), ("marts", "fct_churn_drift")} <= _tables(connection):
            return []
        wrong = connection.execute(
            "select horizon_days, as_of_date, expected_share, observed_share, bias_z "
            "from marts.fct_churn_bias where method = 'champion' and is_alarm "
            "qualify as_of_date = max(as_of_date) over (partition by horizon_days) "
            "order by horizon_days"
        ).fetchall()
        moved = connection.execute(
            "select feature, psi from marts.fct_churn_drift where is_newest and is_alarm order by feature"
        ).fetchall()
    return [
        f"As of {day}, {days} days ahead: {said:.1%} were expected not to buy, {came:.1%} did not "
        f"({float(z):+.1f} standard errors), and so it was before."
        for days, day, said, came, z in wrong
    ] + [f"{feature} has moved since the fit (stability index {psi:.2f})." for feature, psi in moved]


def _tables(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Schema and name of every table and view of the file."""
    found = connection.execute("select table_schema, table_name from information_schema.tables")
    return set(found.fetchall())
