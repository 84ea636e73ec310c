"""Whether the proposed audiences of a week look as they should: what fails here keeps the week from its seal.

Belongs here: evaluating counts and shares, and showing them with each check.
Does not: leaks of holdouts, caps, consent and control arms (dbt's singular tests: such a build is never
    published), counting (dbt's models, readers.audiences).
Late imports: scipy loads with the first check, not with every page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Answers = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows about a week by question, as readers.audiences asks them."""

NOT_COMPARABLE = "not comparable 无可比对象"
SIZE, COMPOSITION, ARMS = "size_is_ordinary", "composition_is_ordinary", "arms_follow_their_shares"
PROVES = {
    SIZE: "No audience grew or shrank more against the week before than campaign_settings allows.",
    COMPOSITION: "No audience is made up of other value tiers than the week before, beyond what is allowed.",
    ARMS: "The members of each arm are as many as its share lets expect (chi-square of the sample ratio).",
}


@dataclass(frozen=True)
class Evaluation:
    """One check of a week.

    Attributes:
        check: Name of the check.
        headings: Of its numbers.
        rows: Its numbers, a row per campaign.
        faults: What is wrong, a line per campaign; nothing where the check passes.
    """

    check: str
    headings: list[str]
    rows: list[list[str | int | None]]
    faults: list[str]


def evaluations(answers: Answers, stop_below: float) -> Iterator[Evaluation]:
    """Every check of a week, with its numbers.

    Args:
        answers: Counts and shares of the week.
        stop_below: P-value below which arms are off their shares.
    """
    changes = answers["changes"]
    yield Evaluation(
        SIZE,
        ["campaign", "members", "week before", "change"],
        [
            [row["campaign"], row["members"], row["members_before"], _percent(row["size_change_ratio"], "+")]
            for row in changes
        ],
        [
            f"{row['campaign']}: {row['members']} members after {row['members_before']} the week before "
            f"({_percent(row['size_change_ratio'], '+')})"
            for row in changes
            if not row["is_size_ordinary"]
        ],
    )
    yield Evaluation(
        COMPOSITION,
        ["campaign", "in another value tier"],
        [[row["campaign"], _percent(row["composition_change_share"])] for row in changes],
        [
            f"{row['campaign']}: {_percent(row['composition_change_share'])} in other value tiers"
            for row in changes
            if not row["is_composition_ordinary"]
        ],
    )
    yield _arms(answers, stop_below)


def _arms(answers: Answers, stop_below: float) -> Evaluation:
    from orchestration.core.experiments.sample_ratio import Ratio, check

    shares: dict[str, dict[str, float]] = {}
    members: dict[str, dict[str, int]] = {}
    for row in answers["shares"]:
        shares.setdefault(row["campaign"], {})[row["arm"]] = float(row["propensity"])
    for row in answers["arms"]:
        members.setdefault(row["campaign"], {})[row["arm"]] = row["members"]
    rows: list[list[str | int | None]] = []
    faults = []
    for campaign, found in members.items():
        # One bound: between a warning and a stop nobody would do anything else.
        ratio = check(found, shares[campaign], stop_below=stop_below, warn_below=stop_below)
        told = ", ".join(f"{arm} {count}" for arm, count in found.items())
        p_value = "-" if ratio.p_value is None else f"{ratio.p_value:.2g}"
        rows.append([campaign, told, p_value])
        if ratio.ratio is Ratio.STOP:
            expected = ", ".join(f"{arm} {count:.0f}" for arm, count in ratio.expected.items())
            faults.append(f"{campaign}: {told}; expected {expected} (p {p_value})")
    return Evaluation(ARMS, ["campaign", "members by arm", "p-value"], rows, faults)


def _percent(share: Any, sign: str = "") -> str:
    """Nobody the week before, or nobody now: there is nothing to compare with."""
    return NOT_COMPARABLE if share is None else f"{share:{sign}.1%}"
