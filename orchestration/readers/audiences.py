"""What the published version says about the audiences of a week: counts and shares, never a member.

Belongs here: the questions, one query each over finished tables.
Does not: evaluating the answers (core.audience_checks), the rows of a decision (ledger), layout (cli).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.core.errors import RekindleError
from orchestration.project import Home
from orchestration.warehouse.versions import connect_published, current_version

QUESTIONS = {
    "waterfall": """
        select campaign, outcome, members, is_sealed from audiences.aud_waterfall
        where campaign_week = $week order by campaign, line_no
    """,
    "changes": """
        select campaign, members, members_before, size_change_ratio, is_size_ordinary,
            composition_change_share, is_composition_ordinary
        from audiences.aud_changes where campaign_week = $week order by campaign
    """,
    "arms": """
        select campaign, arm, propensity, count(*) as members from audiences.aud_decisions
        where campaign_week = $week and is_included and not is_sealed group by all order by campaign, arm
    """,
    "journeys": """
        select campaign, state, count(*) as journeys from audiences.aud_journeys
        where as_of_date = cast($week as date) - 1 group by all order by all
    """,
    "touches": """
        select campaign, step_no, channel,
            count(*) filter (status = 'planned') as planned, count(*) filter (status = 'capped') as capped
        from audiences.aud_planned_touches where campaign_week = $week group by all order by all
    """,
    "shares": "select campaign, arm, share as propensity from seeds.campaign_arms order by campaign, arm",
}


@dataclass(frozen=True)
class Audiences:
    """Answers to every question.

    Attributes:
        campaign_week: Monday of the week.
        rows: The answer's rows, by question; a version from before journeys answers that one with none.
    """

    campaign_week: date
    rows: dict[str, list[dict[str, Any]]]


def published_weeks(home: Home) -> list[date]:
    """Mondays of the weeks that the published version decides or holds, also for nobody, oldest first."""
    if current_version(home) is None:
        return []
    with closing(connect_published(home)) as connection:
        query = "select distinct campaign_week from audiences.aud_campaign_weeks order by campaign_week"
        return (
            [week for (week,) in connection.execute(query).fetchall()]
            if _has_table(connection, "aud_campaign_weeks")
            else []
        )


def read_audiences(home: Home, week: date | None = None) -> Audiences:
    """Ask everything of the published version.

    Args:
        home: The home.
        week: A Monday; None for the newest week.

    Raises:
        RekindleError: Nothing is published, or nothing of that week.
    """
    weeks = published_weeks(home)
    if not weeks or (week is not None and week not in weeks):
        raise RekindleError(
            f"The published version in {home.root} holds no audience{f' of week {week}' if week else ''}; "
            f"a week is named by its Monday. There are: {', '.join(map(str, weeks)) or 'none; rekindle run'}"
        )
    chosen = week or weeks[-1]
    with closing(connect_published(home)) as connection:
        rows = {}
        for question, query in QUESTIONS.items():
            if question == "journeys" and not _has_table(connection, "aud_journeys"):
                rows[question] = []
                continue
            answer = connection.execute(query, {"week": chosen} if "$week" in query else {})
            columns = [name for name, *_ in answer.description]
            rows[question] = [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]
    return Audiences(chosen, rows)


def _has_table(connection: Any, table: str) -> bool:
    query = "select count(*) from information_schema.tables where table_name = $table"
    return connection.execute(query, {"table": table}).fetchone()[0] > 0
