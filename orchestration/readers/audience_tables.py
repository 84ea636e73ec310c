"""A week laid out for people: outcomes and states of journeys by campaigns, labels in two languages.

Belongs here: order, labels and layout, for the terminal and for Dagster.
Does not: counting (dbt's aud_waterfall, aud_journeys), asking for it (readers.audiences).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from orchestration.core.summary import Label, block, counted
from orchestration.definitions_files.seeds import sound_rows


def outcomes() -> list[Label]:
    """Lines of a waterfall, from everyone who matched down to everyone who entered."""
    reasons = sorted(sound_rows("campaigns/drop_reasons.csv"), key=lambda row: int(row["reason_order"]))
    return [
        Label("matched", "Matched", "符合条件"),
        *(Label(row["reason"], row["label_en"], row["label_zh"]) for row in reasons),
        Label("included", "Included", "入选"),
    ]


def labels_of(file: str, column: str) -> dict[str, Label]:
    """Labels of the codes in a file of `seeds/campaigns`, in its order."""
    return {
        row[column]: Label(row[column], row["label_en"], row["label_zh"])
        for row in sound_rows(f"campaigns/{file}")
    }


def members_by_campaign(waterfall: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Members per outcome, by campaign."""
    members: dict[str, dict[str, int]] = {}
    for row in waterfall:
        members.setdefault(row["campaign"], {})[row["outcome"]] = row["members"]
    return members


def waterfall_rows(waterfall: Iterable[Mapping[str, Any]]) -> list[list[str | int | None]]:
    """Rows of a table: a campaign per row, an outcome per column, and their sum."""
    members, lines = members_by_campaign(waterfall), outcomes()
    rows: list[list[str | int | None]] = [
        [campaign, *(counts.get(label.code, 0) for label in lines)] for campaign, counts in members.items()
    ]
    total = [sum(counts.get(label.code, 0) for counts in members.values()) for label in lines]
    return [*rows, ["all 合计", *total]]


def waterfall_blocks(waterfall: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A campaign per block: how many matched and entered, and below it why the others did not, in words."""
    possible = outcomes()[1:-1]
    for campaign, counts in members_by_campaign(waterfall).items():
        reasons = [label for label in possible if counts.get(label.code)]
        parts = (f"{counts[label.code]:,} {said(label)}" for label in reasons)
        yield block(f"{campaign}: {entered_text(counts)}", parts)


def entered_text(counts: Mapping[str, int]) -> str:
    """How many of those who matched entered."""
    matched, included = counts.get("matched", 0), counts.get("included", 0)
    return f"{included:,} of {matched:,} matched enter 入选"


def journey_blocks(journeys: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A campaign per block: its journeys, and below how many are in which state, in words."""
    states = labels_of("journey_states.csv", "state")
    counts: dict[str, dict[str, int]] = {}
    for row in journeys:
        counts.setdefault(row["campaign"], {})[row["state"]] = row["journeys"]
    for campaign, of_state in counts.items():
        yield block(
            f"{campaign}: {counted(sum(of_state.values()), 'journey')} 旅程",
            (f"{of_state[state]:,} {said(label)}" for state, label in states.items() if state in of_state),
        )


def said(label: Label) -> str:
    """A label in both languages."""
    return f"{label.english} {label.chinese}"
