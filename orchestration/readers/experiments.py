"""What the published version says of experiments: plans, results, decisions; never a member.

Belongs here: one query each over finished tables, and a result in words.
Does not: evaluating (fits.evaluating), tables (core.summary).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from orchestration.core.errors import RekindleError
from orchestration.core.summary import block, figure
from orchestration.project import Home
from orchestration.warehouse.versions import connect_published

_HAS_RESULTS = """
    select 1 from information_schema.columns
    where table_name = 'exp_program' and column_name = 'members_in_two_arms'
"""
_QUESTIONS = {
    "list": """
        select sizes.experiment, arm, arm_role as role, arm_share as share, members, first_week,
            coalesce(decisions.verdict, '') as decided
        from experiments.exp_arm_sizes as sizes
        left join staging.stg_rekindle__experiment_decisions as decisions using (experiment, arm)
        order by all
    """,
    "plan": """
        select experiment, arm, planned_members, planned_control_members, minimal_effect, smallest_effect,
            power, members_needed, warning
        from staging.stg_rekindle__experiment_plans order by all
    """,
    "results": """
        select experiment, arm, metric, look_no as look, members, control_members as controls, effect,
            effect_lower as lower, effect_upper as upper, p_value_adjusted as p, roi, verdict, sentence_en,
            sizes.left_out
        from serving.srv_experiments
        left join (
            select experiment, sum(members_in_two_arms) as left_out
            from experiments.exp_arm_sizes group by all
        ) as sizes using (experiment)
        where segment = 'all' and is_primary
        order by all
    """,
    "holdouts": """
        select holdout, control_members, control_members_contacted, control_touches_of_others,
            control_touches_planned, members_in_two_arms as left_out
        from experiments.exp_program order by all
    """,
    "effects": """
        select experiment, arm, metric_label_en || ' ' || metric_label_zh as metric_label, effect,
            effect_lower as lower, effect_upper as upper, verdict
        from serving.srv_experiments
        where segment = 'all' and look_no = 0 and is_primary
        order by all
    """,
    "money": """
        select experiment, arm, metric, members, net_total, net_total_lower, net_total_upper, cost_total, roi,
            roi_lower, roi_upper, no_return
        from serving.srv_experiments
        where segment = 'all' and look_no = 0 and net_total is not null
        order by all
    """,
    "program": "from experiments.exp_program order by all",
    "proposals": "from experiments.exp_proposals order by all",
}


class NoExperiments(RekindleError):
    """The published version has no tables of experiments."""


def read_experiments(home: Home, question: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Columns and rows of an answer of the published version.

    Args:
        home: The home.
        question: ``list``, ``plan``, ``results``, ``holdouts``, ``effects``, ``money``, ``program`` or
            ``proposals``.

    Raises:
        NoExperiments: The published version is from before experiments were read.
        RekindleError: Nothing is published.
    """
    with closing(connect_published(home)) as connection:
        if not connection.execute(_HAS_RESULTS).fetchall():
            raise NoExperiments(
                f"The published version in {home.root} reads no experiments: an older Rekindle built it. "
                "Type: rekindle run"
            )
        cursor = connection.execute(_QUESTIONS[question])
        return [column[0] for column in cursor.description], cursor.fetchall()


def result_block(row: Mapping[str, Any]) -> str:
    """A look at an arm: what was compared, what came of it, and the sentence of its verdict."""
    look = f"look {row['look']}" if row["look"] else "everybody matured so far"
    parts = [f"{row['members']:,} members against {row['controls']:,}"]
    if row["effect"] is not None:
        parts.append(f"{row['metric']} {figure(row['effect'])} per member")
    if row["lower"] is not None:
        parts.append(f"between {figure(row['lower'])} and {figure(row['upper'])}")
    if row["p"] is not None:
        parts.append(f"p {figure(row['p'])}")
    if row["roi"] is not None:
        parts.append(f"return on cost {figure(row['roi'])}")
    if row["left_out"]:
        parts.append(f"{row['left_out']:,} drawn into two arms before a merge, left out")
    verdict = row["verdict"].replace("_", " ")
    return block(f"{row['experiment']}, {row['arm']}, {look}: {verdict}", [*parts, row["sentence_en"] or ""])


def holdout_block(row: Mapping[str, Any]) -> str:
    """Whether those whom no campaign may contact were left alone, by the shop's own senders too."""
    parts = [
        f"{row['control_members_contacted']:,} of {row['control_members']:,} held out were contacted",
        f"touches of other senders {row['control_touches_of_others']:,}",
        f"planned by campaigns {row['control_touches_planned']:,}",
    ]
    if row["left_out"]:
        parts.append(f"{row['left_out']:,} on both sides before a merge, left out")
    return block(f"{row['holdout']}, everybody against the global holdout", parts)
