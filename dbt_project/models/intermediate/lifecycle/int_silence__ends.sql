-- Looks at the eve of every day on which somebody stirred again, and asks which silence ended. The whole-member scope
-- answers under the thresholds of every category group, as the group that counts is that of the as-of date.
with thresholds as (
    select * from {{ ref('stage_thresholds') }}
),

tiers as (
    select * from {{ ref('silence_tiers') }}
),

tier_labels as (
    select * from {{ ref('silence_tier_labels') }}
),

shortest as (
    select
        min(more_than_days) as more_than_days,
        min(hard_limit_days) as hard_limit_days
    from tiers
),

active_days as (
    select * from {{ ref('int_active_days') }}
),

touch_responses as (
    select * from {{ ref('int_touch_responses') }}
),

-- A sign of life ends days without one; only a purchase ends days without a purchase.
stirred as (
    select
        active_days.member_key,
        active_days.lifecycle_scope,
        active_days.active_on as ended_on,
        active_days.has_purchase as is_by_purchase,
        active_days.purchase_days_before,
        {{ days_between('active_days.previous_active_on', 'active_days.active_on') }} - 1 as days_silent,
        {{ days_between('active_days.previous_purchase_on', 'active_days.active_on') }} - 1 as days_since_purchase
    from active_days
    cross join shortest
    where
        active_days.purchase_days_before > 0
        and (
            {{ days_between('active_days.previous_active_on', 'active_days.active_on') }} - 1 > shortest.more_than_days
            or (
                active_days.has_purchase
                and {{ days_between('active_days.previous_purchase_on', 'active_days.active_on') }} - 1
                > shortest.hard_limit_days
            )
        )
),

stirred_days as (
    select distinct
        member_key,
        ended_on
    from stirred
),

-- What the member as a whole had been sent by the eve, and how much of it since the last sign of life before.
sent as (
    select
        stirred_days.member_key,
        stirred_days.ended_on,
        max(touch_responses.touch_number) as touches,
        sum(case when touch_responses.sent_on > active_days.previous_active_on then 1 else 0 end)
            as touches_since_active
    from stirred_days
    inner join active_days
        on stirred_days.member_key = active_days.member_key
        and stirred_days.ended_on = active_days.active_on
        and active_days.lifecycle_scope = 'all'
    inner join touch_responses
        on stirred_days.member_key = touch_responses.member_key
        and stirred_days.ended_on > touch_responses.sent_on
    group by stirred_days.member_key, stirred_days.ended_on
),

eves as (
    select
        stirred.*,
        coalesce(sent.touches_since_active, 0) as touches_since_active,
        {{ unanswered_touches('touch_responses', add_days('stirred.ended_on', -1)) }} as unanswered_touches
    from stirred
    left join sent
        on stirred.member_key = sent.member_key
        and stirred.ended_on = sent.ended_on
    left join touch_responses
        on sent.member_key = touch_responses.member_key
        and sent.touches = touch_responses.touch_number
),

evaluated as (
    select
        eves.*,
        thresholds.category_group,
        {{ is_churned('eves', 'thresholds') }} as is_churned
    from eves
    inner join thresholds on eves.lifecycle_scope in ('all', thresholds.category_group)
)

select
    evaluated.member_key,
    evaluated.lifecycle_scope,
    evaluated.category_group,
    evaluated.ended_on,
    evaluated.is_by_purchase,
    evaluated.days_silent,
    case
        when max(case when evaluated.is_churned then 1 else 0 end) = 1 then 'churned'
        else 'silent'
    end as came_from_stage,
    cast(coalesce(max(tier_labels.tier_order), 0) as integer) as came_from_tier_order
from evaluated
left join tiers
    on evaluated.category_group = tiers.category_group
    and {{ silence_tier_applies('evaluated', 'tiers', 'evaluated.purchase_days_before') }}
left join tier_labels on tiers.silence_tier = tier_labels.silence_tier
where
    evaluated.is_churned
    or tiers.silence_tier is not null
group by
    evaluated.member_key,
    evaluated.lifecycle_scope,
    evaluated.category_group,
    evaluated.ended_on,
    evaluated.is_by_purchase,
    evaluated.days_silent
