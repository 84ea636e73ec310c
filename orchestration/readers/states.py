"""The states people ask about first: where each is counted and what its codes are called.

Belongs here: the table, the column and the seed with the labels, for summaries.
Does not: thresholds and rules (seeds), counting (resources), layout (core.summary).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass

from orchestration.core.summary import Label, labelled_counts, markdown_table, text_table
from orchestration.project import SEEDS_DIR


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
        with (SEEDS_DIR / self.seed).open(encoding="utf-8", newline="") as file:
            return [Label(row[self.column], row["label_en"], row["label_zh"]) for row in csv.DictReader(file)]

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
