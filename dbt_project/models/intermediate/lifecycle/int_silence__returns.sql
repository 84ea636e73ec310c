-- The first purchase after a silence: whatever silences ended since the purchase before, the gravest one names where
-- the member came from.
with silence_ends as (
    select * from {{ ref('int_silence__ends') }}
),

purchase_days as (
    select * from {{ ref('int_active_days') }}
    where has_purchase
),

returns as (
    select
        silence_ends.member_key,
        silence_ends.lifecycle_scope,
        silence_ends.category_group,
        purchase_days.active_on as reactivated_on,
        silence_ends.came_from_stage,
        silence_ends.came_from_tier_order,
        silence_ends.days_silent,
        row_number() over (
            partition by
                silence_ends.member_key,
                silence_ends.lifecycle_scope,
                silence_ends.category_group,
                purchase_days.active_on
            order by
                case when silence_ends.came_from_stage = 'churned' then 0 else 1 end,
                silence_ends.came_from_tier_order desc,
                silence_ends.ended_on desc
        ) as gravity_rank
    from silence_ends
    inner join purchase_days
        on silence_ends.member_key = purchase_days.member_key
        and silence_ends.lifecycle_scope = purchase_days.lifecycle_scope
        and silence_ends.ended_on > purchase_days.previous_purchase_on
        and silence_ends.ended_on <= purchase_days.active_on
)

select
    member_key,
    lifecycle_scope,
    category_group,
    reactivated_on,
    came_from_stage,
    came_from_tier_order,
    days_silent,
    coalesce(
        lead(reactivated_on) over (
            partition by member_key, lifecycle_scope, category_group
            order by reactivated_on
        ),
        {{ end_of_time() }}
    ) as next_reactivated_on
from returns
where gravity_rank = 1
