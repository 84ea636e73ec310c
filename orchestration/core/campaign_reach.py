"""Whom campaigns can reach: targets that nobody can meet, and members whom no campaign answers.

Belongs here: comparing targets with each other and with every stage, silence tier and cause that can occur.
Does not: faults that a row shows by itself (core.campaign_definitions), who is reached (dbt's models).

Targets are sets of attribute values, as rules of tags are (core.tag_meaning), so what nobody can meet and
what is left over are found exactly, whatever the data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from orchestration.core.definition_rows import HEADER, Fault, Row, fault_of, shown
from orchestration.core.tag_definitions import Definitions, held_by
from orchestration.core.tag_meaning import ANY_OTHER_TEXT, Box, Meanings

EVERY, NONE = "every", "none"
CELL = ("stage", "silence_tier", "silence_cause")
SILENT, CHURNED = "silent", "churned"
"""The stages that have a tier and a cause (dbt's macro lifecycle_state)."""

Cell = tuple[str, str, str]
"""Stage, silence tier and cause of silence that can occur together."""


def cells(marks: Mapping[str, Sequence[str]]) -> list[Cell]:
    """Every stage, tier and cause that can occur together.

    Args:
        marks: The codes of each.
    """
    tiers, causes = marks["silence_tier"], marks["silence_cause"]
    return [
        *((stage, NONE, NONE) for stage in marks["stage"] if stage not in (SILENT, CHURNED)),
        *((SILENT, tier, cause) for tier, cause in product(tiers, causes) if tier != NONE),
        *((CHURNED, tier, cause) for tier, cause in product(tiers, causes)),
    ]


@dataclass(frozen=True)
class Reach:
    """Whom campaigns take, as sets of attribute values.

    Attributes:
        meanings: The values there can be.
        taken: Boxes of each campaign; none where nobody can meet its targets.
        cells: Box of each stage, tier and cause.
    """

    meanings: Meanings
    taken: Mapping[str, list[Box]]
    cells: Mapping[Cell, Box]

    def meets(self, campaign: str, cell: Cell) -> bool:
        """Whether a campaign can take anybody of a cell."""
        return bool(self.meanings.met_by_both(self.taken[campaign], [self.cells[cell]]))

    def answers(self, campaigns: Sequence[str], cell: Cell) -> bool:
        """Whether each member of a cell is taken by one of the campaigns."""
        left: list[Box] = [self.cells[cell]]
        for campaign in campaigns:
            left = self.meanings.less(left, self.taken[campaign])
        return not left


def reach_of(
    targets: Mapping[str, Sequence[Row]], marks: Mapping[str, Sequence[str]], tags: Definitions
) -> Reach:
    """Whom campaigns take.

    Args:
        targets: Sound rows of `campaign_targets` by campaign.
        marks: The codes of each kind of target; a kind that is not there has any.
        tags: The tags of members.
    """
    named = [row for rows in targets.values() for row in rows if row["kind"] != "tag"]
    kinds = {row["kind"] for row in named} | set(CELL)
    meanings, held = held_by(
        tags,
        {
            kind: frozenset({None, ANY_OTHER_TEXT, *(row["value"] for row in named if row["kind"] == kind)})
            if kind not in marks
            else frozenset({None, *marks[kind]})
            for kind in kinds
        },
    )
    boxes = {cell: _box(cell) for cell in cells(marks)}

    def met_by(row: Row) -> list[Box]:
        if row["kind"] == "tag":
            return held.get(row["value"], [])
        return [{row["kind"]: frozenset({row["value"]})}]

    def taken_by(rows: Sequence[Row]) -> list[Box]:
        groups: dict[str, list[Box]] = {}
        for row in rows:
            if row["is_excluded"] == "false":
                groups.setdefault(row["group_no"], []).extend(met_by(row))
        # Whoever can be met stands in a cell: only what can occur together is asked.
        taken: list[Box] = list(boxes.values())
        for alternatives in groups.values():
            taken = meanings.met_by_both(taken, alternatives)
        excluded = (row for row in rows if row["is_excluded"] == "true")
        return meanings.less(taken, [box for row in excluded for box in met_by(row)])

    return Reach(meanings, {campaign: taken_by(rows) for campaign, rows in targets.items()}, boxes)


def _box(cell: Cell) -> Box:
    stage, tier, cause = cell
    return {
        "stage": frozenset({stage}),
        "silence_tier": frozenset({tier}),
        "silence_cause": frozenset({None if cause == NONE else cause}),
    }


def reach_faults(
    tables: Mapping[str, Sequence[Row]],
    marks: Mapping[str, Sequence[str]],
    tags: Definitions,
    running: Sequence[Row],
) -> Iterator[Fault]:
    """Campaigns that nobody can match, and stages, tiers and causes without an answer.

    Args:
        tables: The rows of `campaign_targets`, sound ones, `campaign_answers` and `why_no_campaign`.
        marks: The codes of each kind of target.
        tags: The tags of members.
        running: Rows of `campaigns` that hold on the date asked for.
    """
    targets: dict[str, list[Row]] = {row["campaign"]: [] for row in running}
    for row in tables["campaign_targets"]:
        if row["campaign"] in targets:
            targets[row["campaign"]].append(row)
    reach = reach_of(targets, marks, tags)
    for row in running:
        if targets[row["campaign"]] and not reach.taken[row["campaign"]]:
            yield fault_of(row, "nobody can meet its targets", "let what they ask for occur together")
    yield from _faults_of_answers(
        tables["campaign_answers"],
        reach,
        [row["campaign"] for row in running if row["trigger"] == "weekly"],
        {row["why_not"] for row in tables["why_no_campaign"] if row["is_left_alone"] == "true"},
    )


def _faults_of_answers(
    answers: Sequence[Row], reach: Reach, weekly: Sequence[str], left_alone: Collection[str]
) -> Iterator[Fault]:
    rows_of: dict[Cell, list[Row]] = {cell: [] for cell in reach.cells}
    for row in answers:
        own = [cell for cell in rows_of if _is_about(row, cell)]
        if not own:
            yield fault_of(
                row, f"{_named(row)} cannot occur together", "name a stage with its tier and cause"
            )
        for cell in own:
            rows_of[cell].append(row)
    for cell, rows in rows_of.items():
        if not rows:
            found = f"{', '.join(cell)}: no answer and no reason why not"
            yield Fault("campaign_answers.csv", HEADER, "the answers", found, "add a row")
        elif len(rows) > 1:
            yield fault_of(
                rows[1], f"{', '.join(cell)} stand in line {rows[0].line} as well", "answer them once"
            )
        else:
            yield from _faults_of_answer(rows[0], cell, reach, weekly, left_alone)


def _is_about(row: Row, cell: Cell) -> bool:
    return all(row[column] in (EVERY, code) for column, code in zip(CELL, cell, strict=True))


def _named(row: Row) -> str:
    return ", ".join(row[column] for column in CELL)


def _faults_of_answer(
    row: Row, cell: Cell, reach: Reach, weekly: Sequence[str], left_alone: Collection[str]
) -> Iterator[Fault]:
    answer = row["campaign"]
    if bool(answer) == bool(row["why_not"]):
        yield fault_of(
            row, f"campaign {shown(answer)}, why_not {shown(row['why_not'])}", "fill one of the two"
        )
    elif answer and answer not in reach.taken:
        yield fault_of(row, f"campaign {shown(answer)} does not run", "name one that does")
    elif answer and not reach.meets(answer, cell):
        yield fault_of(row, f"{answer} takes nobody of {_named(row)}", "name one whose targets meet them")
    # Of those that run in promotions alone, the one that is named counts: its members wait for one.
    elif answer and not reach.answers([answer, *weekly], cell):
        yield fault_of(row, f"some of {_named(row)} match no campaign", f"widen the targets of {answer}")
    elif row["why_not"] in left_alone:
        for other in reach.taken:
            if reach.meets(other, cell):
                yield fault_of(row, f"{other} takes some of {_named(row)}", "exclude whom nobody may take")
