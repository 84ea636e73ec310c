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

member_days as (
    select * from {{ ref('int_member_days') }}
),

category_days as (
    select * from {{ ref('int_member_category_days') }}
),

touch_responses as (
    select * from {{ ref('int_touch_responses') }}
),

active_days as (
    select
        member_key,
        'all' as lifecycle_scope,
        activity_on as ended_on,
        previous_active_on,
        -- The row before holds what was bought before this day.
        lag(last_purchase_on) over (partition by member_key order by activity_on) as previous_purchase_on,
        purchase_days - case when last_purchase_on = activity_on then 1 else 0 end as purchase_days_before,
        coalesce(last_purchase_on = activity_on, false) as is_by_purchase,
        active_on is not null as is_active
    from member_days
    union all
    select
        member_key,
        category_group as lifecycle_scope,
        activity_on as ended_on,
        previous_active_on,
        lag(last_purchase_on) over (partition by member_key, category_group order by activity_on)
            as previous_purchase_on,
        purchase_days - case when purchased_on is not null then 1 else 0 end as purchase_days_before,
        purchased_on is not null as is_by_purchase,
        true as is_active
    from category_days
),

-- A sign of life ends days without one; only a purchase ends days without a purchase.
stirred as (
    select
        active_days.*,
        {{ days_between('active_days.previous_active_on', 'active_days.ended_on') }} - 1 as days_silent,
        {{ days_between('active_days.previous_purchase_on', 'active_days.ended_on') }} - 1 as days_since_purchase
    from active_days
    cross join shortest
    where
        active_days.is_active
        and active_days.purchase_days_before > 0
        and (
            {{ days_between('active_days.previous_active_on', 'active_days.ended_on') }} - 1 > shortest.more_than_days
            or (
                active_days.is_by_purchase
                and {{ days_between('active_days.previous_purchase_on', 'active_days.ended_on') }} - 1
                > shortest.hard_limit_days
            )
        )
),

eves as (
    select
        stirred.*,
        eve.touches - eve.touches_at_last_active as touches_since_active,
        {{ unanswered_touches('touch_responses', add_days('stirred.ended_on', -1)) }} as unanswered_touches
    from stirred
    inner join member_days as eve
        on stirred.member_key = eve.member_key
        and stirred.ended_on = eve.next_on
    left join touch_responses
        on eve.member_key = touch_responses.member_key
        and eve.touches = touch_responses.touch_number
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
