-- Who was never contacted shows what the whole program brought. One reading decides: when the period of the holdout is
-- over. Until then the interval is one that may be read at will, and nothing is said of profit.
with results as (
    select * from {{ ref('stg_rekindle__experiment_results') }}
),

builds as (
    select * from {{ ref('stg_rekindle__builds') }}
),

assignments as (
    select * from {{ ref('exp_assignments__holdouts') }}
),

touches as (
    select * from {{ ref('fct_touch') }}
    where sent_on is not null
),

plans as (
    select distinct
        campaign,
        {{ text_key('planned_touch_id') }} as touch_key
    from {{ ref('int_sealed_touches') }}
    where status = 'planned'
),

-- Whoever is held out is so from campaigns decided here; what senders of the shop do besides, the numbers tell.
arms as (
    select
        assignments.holdout,
        count(distinct case when assignments.is_in_two_arms then assignments.member_key end) as members_in_two_arms,
        count(distinct case
            when assignments.arm = 'held_out' and touches.touch_key is not null then assignments.member_key
        end) as control_members_contacted,
        count(case when assignments.arm = 'held_out' and plans.touch_key is null then touches.touch_key end)
            as control_touches_of_others,
        count(case when assignments.arm = 'held_out' then plans.touch_key end) as control_touches_planned
    from assignments
    left join touches
        on assignments.member_key = touches.member_key
        and assignments.starts_on <= touches.sent_on
        and assignments.ends_on >= touches.sent_on
    left join plans
        on touches.campaign_code = plans.campaign
        and touches.touch_key = plans.touch_key
    group by assignments.holdout
)

select
    holdouts.holdout,
    holdouts.valid_to as final_on,
    holdouts.valid_to <= builds.as_of_date as is_final,
    results.metric,
    results.members,
    results.control_members,
    results.arm_mean,
    results.control_mean,
    results.effect,
    results.effect_lower,
    results.effect_upper,
    results.smallest_effect,
    results.relative_effect,
    results.relative_effect_lower,
    results.relative_effect_upper,
    results.p_value,
    results.is_adjusted,
    results.lack,
    results.net_total,
    results.net_total_lower,
    results.net_total_upper,
    results.cost_total,
    results.roi,
    results.roi_lower,
    results.roi_upper,
    results.no_return,
    arms.members_in_two_arms,
    arms.control_members_contacted,
    arms.control_touches_of_others,
    arms.control_touches_planned
from results
inner join {{ ref('global_holdouts') }} as holdouts on results.experiment = holdouts.holdout
left join arms on results.experiment = arms.holdout
cross join builds
