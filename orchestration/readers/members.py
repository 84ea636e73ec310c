"""What the published version says about one member on one date: in full on the newest, else what is kept.

Belongs here: the questions, one query each over published marts; which members and dates there are.
Does not: wording and layout (cli.why), counts over members (tags), contact details, which no mart has.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from orchestration.core.errors import InputFault
from orchestration.project import Home
from orchestration.warehouse.versions import connect_published

_OF_THE_MEMBER = "where own.member_key = $member and own.as_of_date = $day"

QUESTIONS = {
    "stage": f"""
        select stages.label_en, stages.label_zh, tier.label_en as tier_en, tier.label_zh as tier_zh,
            own.days_silent, own.days_since_purchase, own.reactivated_on
        from marts.member_lifecycle as own
        left join seeds.stages using (stage) left join seeds.silence_tier_labels as tier using (silence_tier)
        {_OF_THE_MEMBER}
    """,
    "rfm": f"""
        select rfm_cell, recency_score, frequency_score, monetary_score from marts.member_rfm as own
        {_OF_THE_MEMBER}
    """,
    "named cell": f"""
        select cell.label_en, cell.label_zh, cell.play_label_en, cell.play_label_zh
        from marts.member_rfm as own inner join seeds.rfm_cells as cell using (named_cell)
        {_OF_THE_MEMBER}
    """,
    "value tier": f"select value_tier, net_amount from marts.member_value_tier as own {_OF_THE_MEMBER}",
    "cause": f"""
        select cause.label_en, cause.label_zh, own.score, own.confidence_share, own.evidence_en,
            own.evidence_zh
        from marts.member_silence_cause as own
        inner join marts.dim_silence_cause as cause using (silence_cause)
        {_OF_THE_MEMBER}
    """,
    "warning": f"""
        select level.label_en, level.label_zh, own.sentence_en, own.sentence_zh, action.label_en as action_en,
            action.label_zh as action_zh, own.owner_role, own.due_on, own.is_held_out
        from marts.member_churn_warning as own inner join seeds.churn_levels as level using (churn_level)
        left join seeds.churn_actions as action
            on own.action_family = action.family and own.is_unsolved = action.is_unsolved
        {_OF_THE_MEMBER}
    """,
    "signals": f"""
        select signal.label_en, signal.label_zh, own.measured_value, own.expected_value, own.threshold,
            own.evidence_on
        from marts.fct_churn_signal as own inner join marts.dim_churn_signal as signal using (signal)
        {_OF_THE_MEMBER} order by signal.signal_order
    """,
    "probability": f"""
        select p_no_purchase_28d, p_no_purchase_90d, scored_by_28d, scored_by_90d, p_alive, fitted_on
        from marts.member_churn_probability as own {_OF_THE_MEMBER}
    """,
    "reasons": f"""
        select family.label_en, family.label_zh, own.horizon_days, own.contribution
        from marts.fct_churn_reason as own inner join seeds.churn_reason_families as family using (family)
        {_OF_THE_MEMBER} order by own.horizon_days, own.reason_rank
    """,
    "tags": f"""
        select tag.label_en, tag.label_zh, tag.action, path.*
        from marts.fct_member_tag as own inner join marts.dim_tag as tag using (tag)
        inner join marts.dim_tag_path as path using (tag, path_no)
        {_OF_THE_MEMBER} order by own.tag
    """,
    "overridden": f"""
        select weaker.label_en, weaker.label_zh, stronger.label_en as stronger_en,
            stronger.label_zh as stronger_zh
        from marts.fct_tag_conflict as own
        inner join marts.dim_tag as weaker on own.over_tag = weaker.tag
        inner join marts.dim_tag as stronger on own.tag = stronger.tag
        {_OF_THE_MEMBER} order by own.over_tag, own.tag
    """,
    "journeys": f"""
        select campaign, entry_week, arm, state, exit_reason, exited_on, plan, steps_sent, last_sent_on,
            next_step_no, next_due_on
        from audiences.aud_journeys as own {_OF_THE_MEMBER} order by entry_week desc, campaign
    """,
    "attributes": f"select * from marts.member_attributes as own {_OF_THE_MEMBER}",
}
"""Of the newest date."""

QUESTIONS_OF_THE_PAST = {
    "history": f"""
        select stages.label_en, stages.label_zh, tier.label_en as tier_en, tier.label_zh as tier_zh,
            cause.label_en as cause_en, cause.label_zh as cause_zh, level.label_en as level_en,
            level.label_zh as level_zh, growth.label_en as growth_en, growth.label_zh as growth_zh,
            own.rfm_cell, own.value_tier, own.p_no_purchase_90d, own.purchase_days_365d, own.net_amount_365d
        from marts.member_history as own
        left join seeds.stages using (stage) left join seeds.silence_tier_labels as tier using (silence_tier)
        left join marts.dim_silence_cause as cause using (silence_cause)
        left join seeds.churn_levels as level using (churn_level)
        left join seeds.growth_levels as growth using (growth_level)
        {_OF_THE_MEMBER}
    """,
    "journeys": QUESTIONS["journeys"],
}
"""Of a date before it: what is published holds one row of it, beside the journeys."""


@dataclass(frozen=True)
class MemberRows:
    """What is known of a member on a date.

    Attributes:
        as_of_date: The date.
        answers: Rows by question; a question whose tables are not published is left out.
        attribute_labels: English and Chinese label of every attribute.
        is_newest: Whether it is the newest published date, of which everything is kept.
    """

    as_of_date: date
    answers: dict[str, list[dict[str, Any]]]
    attribute_labels: dict[str, tuple[str, str]]
    is_newest: bool = True


def read_member(home: Home, member_key: int, as_of_date: date | None = None) -> MemberRows:
    """Ask everything of the published version.

    Args:
        home: Whose published version.
        member_key: The member.
        as_of_date: A published as-of date; without it the newest.

    Raises:
        InputFault: There is no such member, or no such date.
        NoSuchVersion: Nothing is published.
    """
    with closing(connect_published(home)) as connection:
        newest, day = _published_day(connection, as_of_date)
        is_known = connection.execute(
            "select count(*) from marts.member_history where member_key = ? and as_of_date = ?",
            [member_key, day],
        ).fetchall()
        if is_known == [(0,)]:
            raise InputFault(
                f"The published version has no member {member_key} as of {day}. "
                "Allowed: a member_key of serving.srv_member_profile; a member has a state from the "
                "registration on."
            )
        known = {"member": member_key, "day": day}
        asked = QUESTIONS if day == newest else QUESTIONS_OF_THE_PAST
        answers = {question: _rows(connection, query, known) for question, query in asked.items()}
        catalogue = "select attribute, label_en, label_zh from seeds.attributes where subject = 'member'"
        labels = _rows(connection, catalogue, {})
        return MemberRows(
            day,
            {question: rows for question, rows in answers.items() if rows is not None},
            {row["attribute"]: (row["label_en"], row["label_zh"]) for row in labels or []},
            is_newest=day == newest,
        )


def _published_day(connection: duckdb.DuckDBPyConnection, asked: date | None) -> tuple[date, date]:
    """The newest published date, and the one asked for."""
    rows = _rows(connection, "select distinct as_of_date from marts.member_history order by 1", {}) or []
    days = [row["as_of_date"] for row in rows]
    if not days:
        raise InputFault("The published version has no member states. Type: rekindle run")
    if asked is not None and asked not in days:
        shown = ", ".join(map(str, days[-5:]))
        raise InputFault(
            f"The published version has no as-of date {asked}. Allowed: {len(days)} dates from {days[0]}, "
            f"the newest being {shown}. For a version of another: rekindle run --as-of {asked}"
        )
    return days[-1], asked or days[-1]


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, known: dict[str, Any]
) -> list[dict[str, Any]] | None:
    """Rows by column name; None where a table is not published."""
    try:
        answer = connection.execute(query, known)
    except duckdb.CatalogException:
        return None
    names = [name for name, *_ in answer.description]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
