"""What the published version says about the tags of members as a whole: counts and shares, never a member.

Belongs here: the questions, one query each over finished tables, at the newest as-of date.
Does not: evaluating the answers (checks.tags), one member's story (readers.members), evaluating rules (dbt).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

from orchestration.project import Home
from orchestration.warehouse.versions import connect_published, current_version

QUESTIONS = {
    "coverage": """
        select tag, holders, holder_share, lowest_expected_share, highest_expected_share, is_as_expected
        from marts.fct_tag_coverage where subject = 'member' and as_of_date = $day order by tag
    """,
    "drift": """
        select tag, holder_share, drift_share, is_steady
        from marts.fct_tag_coverage
        where subject = 'member' and as_of_date = $day and drift_share is not null order by tag
    """,
    "promises": """
        select tag, refresh, most_days_old from marts.dim_tag
        where subject = 'member' and starts_on <= $day and coalesce(ends_on, $day) >= $day order by tag
    """,
    "conflicts": """
        select conflict.tag, conflict.over_tag, count(*) as members, max(weaker.holders) as members_left
        from marts.fct_tag_conflict as conflict
        left join marts.fct_tag_coverage as weaker
            on conflict.over_tag = weaker.tag and conflict.as_of_date = weaker.as_of_date
        where conflict.as_of_date = $day group by all order by all
    """,
    "uses": """
        select dim_tag.tag, count(distinct lineage.kind || lineage.code) as uses,
            coalesce(string_agg(distinct lineage.code, ', ' order by lineage.code), '') as used_by,
            coalesce((
                select string_agg(made_of.source_model || '.' || made_of.code, ', ' order by made_of.code)
                from marts.dim_tag_lineage as made_of
                where made_of.tag = dim_tag.tag and made_of.link = 'made_of'
            ), '') as made_of
        from marts.dim_tag left join marts.dim_tag_lineage as lineage
            on dim_tag.tag = lineage.tag and lineage.link = 'used_by'
        where dim_tag.subject = 'member' group by dim_tag.tag order by dim_tag.tag
    """,
    "lift": """
        select tag, members, buyer_share, buyer_without_share, lift_share, lift_z, has_lift
        from marts.fct_tag_lift
        where as_of_date = (select max(as_of_date) from marts.fct_tag_lift) order by tag
    """,
}
_TABLES = {"dim_tag", "dim_tag_lineage", "fct_tag_conflict", "fct_tag_coverage", "fct_tag_lift"}


@dataclass(frozen=True)
class TagHealth:
    """Answers to every question.

    Attributes:
        as_of_date: The newest published as-of date.
        columns: Names of the answer's columns, by question.
        rows: The answer's rows, by question.
    """

    as_of_date: date
    columns: dict[str, Sequence[str]]
    rows: dict[str, list[dict[str, Any]]]


def read_tag_health(home: Home) -> TagHealth | None:
    """Ask everything of the published version; None where it has no tags."""
    if current_version(home) is None:
        return None
    with closing(connect_published(home)) as connection:
        known = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        ).fetchall()
        if not {(table,) for table in _TABLES} <= set(known):
            return None
        [(day,)] = connection.execute("select max(as_of_date) from marts.fct_tag_coverage").fetchall()
        if day is None:
            return None
        columns, rows = {}, {}
        for question, query in QUESTIONS.items():
            answer = connection.execute(query, {"day": day} if "$day" in query else {})
            columns[question] = [name for name, *_ in answer.description]
            rows[question] = [dict(zip(columns[question], row, strict=True)) for row in answer.fetchall()]
        return TagHealth(day, columns, rows)
