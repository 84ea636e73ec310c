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
    select min(more_than_days) as more_than_days from tiers
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

stirred as (
    select
        member_days.member_key,
        'all' as lifecycle_scope,
        member_days.activity_on as ended_on,
        member_days.previous_active_on,
        member_days.purchase_days
        - case when member_days.last_purchase_on = member_days.activity_on then 1 else 0 end as purchase_days_before,
        coalesce(member_days.last_purchase_on = member_days.activity_on, false) as is_by_purchase
    from member_days
    cross join shortest
    where
        member_days.active_on is not null
        and {{ days_between('member_days.previous_active_on', 'member_days.activity_on') }} - 1
        > shortest.more_than_days
    union all
    select
        category_days.member_key,
        category_days.category_group as lifecycle_scope,
        category_days.activity_on as ended_on,
        category_days.previous_active_on,
        category_days.purchase_days
        - case when category_days.purchased_on is not null then 1 else 0 end as purchase_days_before,
        category_days.purchased_on is not null as is_by_purchase
    from category_days
    cross join shortest
    where
        {{ days_between('category_days.previous_active_on', 'category_days.activity_on') }} - 1
        > shortest.more_than_days
),

eves as (
    select
        stirred.*,
        {{ days_between('stirred.previous_active_on', 'stirred.ended_on') }} - 1 as days_silent,
        eve.touches - eve.touches_at_last_active as touches_since_active,
        {{ unanswered_touches('touch_responses', add_days('stirred.ended_on', -1)) }} as unanswered_touches
    from stirred
    inner join member_days as eve
        on stirred.member_key = eve.member_key
        and stirred.ended_on = eve.next_on
    left join touch_responses
        on eve.member_key = touch_responses.member_key
        and eve.touches = touch_responses.touch_number
    where stirred.purchase_days_before > 0
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
