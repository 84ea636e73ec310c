"""What exported touches truly did to the simulated members, beside what the warehouse estimates.

Belongs here: the one reader of both truth files and a published version.
Does not: estimating (the warehouse), anything a model reads.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from orchestration.core.errors import RekindleError
from orchestration.definitions_files.seeds import sound_rows
from orchestration.files import exact_path
from orchestration.project import SEEDS_DIR

CAUSED_ORDERS = "caused_orders.parquet"
SEEDS = ("lifecycle/event_types.csv", "campaigns/experiment_metrics.csv")


# A member's outcome without the exported touches is the outcome less what the caused orders added to it. The
# true effect is the mean of that difference in the arm less the one in the control: what would be seen if the
# same members lived twice. It differs from the planted probabilities by chance, and from the estimate by who
# fell into which arm. Of the whole program it is the same, of those held out and everybody else.
_EFFECTS = """
with caused as (
    select orders.*
    from core.fct_order as orders
    inner join read_parquet($caused) as truth
        on orders.source = 'chain' and orders.order_id = cast(truth.order_id as varchar)
    where truth.planned_touch_id is not null and orders.is_purchase and orders.member_key is not null
),

-- Looking around before an order has the order's number in its own; keys are those of the macro id_key.
looks as (
    select
        cast('0x' || substr(md5('chain:' || system || ':' || (order_id::bigint * 8 + step)), 1, 15) as bigint)
            as event_key
    from caused, range(8) as steps(step)
),

facts as (
    select member_key, ordered_on as happened_on, unnest([
        {fact: 'margin', amount: margin_amount},
        {fact: 'net_amount', amount: net_amount},
        {fact: 'orders', amount: 1},
        {fact: 'repurchased', amount: 1},
        {fact: 'returned', amount: 1},
    ], recursive := true)
    from caused
    union all
    select refunds.member_key, refunded_on, unnest([
        {fact: 'margin', amount: -refunded_margin_amount},
        {fact: 'net_amount', amount: -refunded_amount},
    ], recursive := true)
    from core.fct_refund as refunds
    inner join caused using (order_key)
    union all
    select events.member_key, events.happened_on, 'returned', 1
    from core.fct_event as events
    inner join looks using (event_key)
    inner join read_csv($event_types) as event_types using (event_type)
    where event_types.is_interaction
    union all
    -- What the redeemed coupon took off; it is among the costs.
    select member_key, cost_on, 'margin', borne_amount
    from experiments.exp_costs
    where borne_amount > 0
),

added as (
    select
        windows.purpose, windows.experiment, windows.metric, windows.member_key, sum(facts.amount) as amount
    from experiments.exp_windows as windows
    inner join read_csv($metrics) as metrics using (metric)
    inner join facts
        on windows.member_key = facts.member_key and metrics.fact = facts.fact
        and facts.happened_on between windows.starts_on and windows.ends_on
    where windows.purpose in ('effect', 'program')
    group by all
),

outcomes as (
    select
        outcomes.purpose, outcomes.experiment, outcomes.metric, outcomes.arm, outcomes.member_key,
        outcomes.outcome_value as value,
        coalesce(added.amount, 0) as added_amount,
        outcomes.outcome_total - added_amount as sum_without,
        coalesce(outcomes.denominator_value, 0) as cost_amount
    from experiments.exp_outcomes as outcomes
    left join added
        on outcomes.purpose = added.purpose and outcomes.experiment = added.experiment
        and outcomes.metric = added.metric and outcomes.member_key = added.member_key
    where outcomes.purpose in ('effect', 'program')
),

arms as (
    select
        purpose, experiment, metric, arm,
        avg(case
            when metrics.folded_by = 'any' then value - (sum_without > 0)::integer
            when metrics.set_against = 'campaign_cost' then added_amount - cost_amount
            else added_amount
        end) as difference
    from outcomes
    inner join read_csv($metrics) as metrics using (metric)
    group by all
),

results as (
    select
        'effect' as purpose, results.experiment, results.arm, sizes.arm as control_arm, results.metric,
        results.members, results.control_members, results.effect, results.effect_lower, results.effect_upper,
        results.verdict
    from serving.srv_experiments as results
    inner join experiments.exp_arm_sizes as sizes
        on results.experiment = sizes.experiment and sizes.arm_role = 'control'
    where results.segment = 'all' and results.look_no = 0 and results.is_primary
    union all
    select
        'program', holdout, 'program', 'held_out', metric, members, control_members, effect, effect_lower,
        effect_upper, case when is_final then 'final' else 'not_final' end
    from experiments.exp_program
)

select
    results.experiment, results.arm, results.metric, results.members, results.control_members as controls,
    results.effect, results.effect_lower as lower, results.effect_upper as upper,
    arms.difference - controls.difference as true_effect,
    arms.difference - controls.difference between results.effect_lower and results.effect_upper as is_inside,
    results.verdict
from results
inner join arms using (purpose, experiment, metric, arm)
inner join arms as controls
    on results.purpose = controls.purpose and results.experiment = controls.experiment
    and results.metric = controls.metric and results.control_arm = controls.arm
order by results.purpose, results.experiment, results.arm
"""


def true_effects(published: Path, truth: Path) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The primary metric of every experiment with matured members, and the program: estimate and true effect.

    Args:
        published: The published file of a home filled by the sample.
        truth: The sample's truth files.

    Returns:
        Names of the columns and rows.

    Raises:
        RekindleError: Nothing is published, or the home was not filled by the sample.
        InputFault: A seed that says what counts is not as declared.
    """
    for seed in SEEDS:
        sound_rows(seed)
    if not published.exists() or not (truth / CAUSED_ORDERS).exists():
        raise RekindleError(
            f"{truth} and {published}: both are needed, the truth of a sample and what was published of it. "
            "Type: rekindle demo"
        )
    with duckdb.connect(str(published), read_only=True) as connection:
        files = {
            "caused": truth / CAUSED_ORDERS,
            "event_types": SEEDS_DIR / SEEDS[0],
            "metrics": SEEDS_DIR / SEEDS[1],
        }
        cursor = connection.execute(_EFFECTS, {name: exact_path(path) for name, path in files.items()})
        return [column[0] for column in cursor.description], cursor.fetchall()
