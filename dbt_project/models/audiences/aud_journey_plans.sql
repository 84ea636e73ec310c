{%- set window = var('activity_windows') | max -%}
-- What a member goes on to when a journey is over. Whoever returned is growing or stable at once, by the purchases up
-- to that very day; whoever heard out a whole journey without a sign of life sleeps until there is one.
with ends as (
    select * from {{ ref('aud_journey_ends') }}
),

exits as (
    select * from {{ ref('journey_exits') }}
),

progress as (
    select * from {{ ref('aud_journey_progress') }}
),

member_days as (
    select * from {{ ref('int_member_days') }}
),

lifecycles as (
    select * from {{ ref('member_lifecycle') }}
),

thresholds as (
    select * from {{ ref('stage_thresholds') }}
),

sleep_rules as (
    select * from {{ ref('sleep_pool_rules') }}
)

select
    ends.campaign,
    ends.entry_week,
    ends.member_key,
    ends.as_of_date,
    case
        when exits.plan = 'stage' and coalesce(
            {{ days_between('at_end.first_purchase_on', 'ends.exited_on') }} > thresholds.growing_days
            and (
                at_end.purchase_days - coalesce(before_window.purchase_days, 0) >= thresholds.stable_purchase_days
                or at_end.net_amount - coalesce(before_window.net_amount, 0) >= thresholds.stable_net_amount
            ),
            false
        ) then 'stable'
        when exits.plan = 'stage' then 'growing'
        when exits.plan = 'sleep_pool' and (
            progress.steps_sent < sleep_rules.journey_touches
            or coalesce(now.last_active_on >= ends.entry_week, false)
        ) then 'none'
        else exits.plan
    end as plan
from ends
cross join sleep_rules
inner join exits on ends.exit_reason = exits.exit_reason
inner join progress
    on ends.campaign = progress.campaign
    and ends.entry_week = progress.entry_week
    and ends.member_key = progress.member_key
    and ends.as_of_date = progress.as_of_date
left join lifecycles
    on ends.member_key = lifecycles.member_key
    and ends.as_of_date = lifecycles.as_of_date
left join thresholds on lifecycles.category_group = thresholds.category_group
left join member_days as at_end
    on ends.member_key = at_end.member_key
    and ends.exited_on >= at_end.activity_on
    and ends.exited_on < at_end.next_on
left join member_days as before_window
    on ends.member_key = before_window.member_key
    and {{ add_days('ends.exited_on', -window) }} >= before_window.activity_on
    and {{ add_days('ends.exited_on', -window) }} < before_window.next_on
left join member_days as now
    on ends.member_key = now.member_key
    and ends.as_of_date >= now.activity_on
    and ends.as_of_date < now.next_on
