-- The first purchase after a silence: whatever silences ended since the purchase before, the gravest one names where
-- the member came from.
with silence_ends as (
    select * from {{ ref('int_silence__ends') }}
),

purchases as (
    select
        member_key,
        'all' as lifecycle_scope,
        purchased_on,
        previous_purchased_on
    from {{ ref('int_purchase_days') }}
    union all
    select
        member_key,
        category_group as lifecycle_scope,
        purchased_on,
        lag(purchased_on) over (partition by member_key, category_group order by purchased_on) as previous_purchased_on
    from {{ ref('int_member_category_days') }}
    where purchased_on is not null
),

returns as (
    select
        silence_ends.member_key,
        silence_ends.lifecycle_scope,
        silence_ends.category_group,
        purchases.purchased_on as reactivated_on,
        silence_ends.came_from_stage,
        silence_ends.came_from_tier_order,
        silence_ends.days_silent,
        row_number() over (
            partition by
                silence_ends.member_key,
                silence_ends.lifecycle_scope,
                silence_ends.category_group,
                purchases.purchased_on
            order by
                case when silence_ends.came_from_stage = 'churned' then 0 else 1 end,
                silence_ends.came_from_tier_order desc,
                silence_ends.ended_on desc
        ) as gravity_rank
    from silence_ends
    inner join purchases
        on silence_ends.member_key = purchases.member_key
        and silence_ends.lifecycle_scope = purchases.lifecycle_scope
        and silence_ends.ended_on > purchases.previous_purchased_on
        and silence_ends.ended_on <= purchases.purchased_on
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
