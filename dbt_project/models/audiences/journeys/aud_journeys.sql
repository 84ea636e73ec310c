{%- set window = var('activity_windows') | max -%}
-- The states of a journey, from facts and sealed weeks alone: the same day gives the same state whenever it is asked
-- for. A step is due once it falls into the week that the day's state decides, which is the one of the day after.
-- Of those that are over: whoever returned is growing or stable at once, by the purchases up to that very day; whoever
-- heard out a whole journey without a sign of life sleeps until there is one. Why one brought nobody back shows in
-- its touches together: who was never seen to be reached, who was and showed no interest, who did and used no benefit.
with progress as (
    select
        *,
        {{ add_days(week_start(add_days('as_of_date', 1)), 6) }} as decides_until_on
    from {{ ref('aud_journeys__progress') }}
),

open_steps as (
    select * from {{ ref('aud_journeys__open_steps') }}
    where place = 1
),

ends as (
    select * from {{ ref('aud_journeys__ends') }}
),

outcomes as (
    select * from {{ ref('aud_touch_outcomes') }}
    where planned_on is not null
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
    {{ settings('lifecycle_settings', ['journey_touches']) }}
),

heard as (
    select
        campaign,
        entry_week,
        member_key,
        min(reached_on) as reached_on,
        min(least(opened_on, clicked_on, connected_on)) as interested_on
    from outcomes
    group by campaign, entry_week, member_key
)

select
    progress.campaign,
    progress.entry_week,
    progress.member_key,
    progress.as_of_date,
    progress.arm,
    case
        when ends.state is not null then ends.state
        when open_steps.is_waiting then 'waiting_for_cap'
        when open_steps.due_on <= progress.decides_until_on then 'step_due'
        when progress.steps_sent > 0 then 'advanced'
        else 'entered'
    end as state,
    ends.exit_reason,
    ends.exited_on,
    case
        when ends.plan = 'stage' and coalesce(
            {{ days_between('at_end.first_purchase_on', 'ends.exited_on') }} > thresholds.growing_days
            and (
                at_end.purchase_days - coalesce(before_window.purchase_days, 0) >= thresholds.stable_purchase_days
                or at_end.net_amount - coalesce(before_window.net_amount, 0) >= thresholds.stable_net_amount
            ),
            false
        ) then 'stable'
        when ends.plan = 'stage' then 'growing'
        when ends.plan = 'sleep_pool' and (
            progress.steps_sent < sleep_rules.journey_touches
            or coalesce(now.last_active_on >= ends.entry_week, false)
        ) then 'none'
        else ends.plan
    end as plan,
    case
        when ends.exit_reason = 'completed'
            then case
                when heard.interested_on <= ends.exited_on then 'benefit_mismatch'
                when heard.reached_on <= ends.exited_on then 'no_interest'
                else 'not_reached'
            end
    end as failure,
    progress.steps_sent,
    progress.last_sent_on,
    case when ends.state is null then open_steps.step_no end as next_step_no,
    case when ends.state is null then open_steps.due_on end as next_due_on
from progress
cross join sleep_rules
left join open_steps
    on progress.campaign = open_steps.campaign
    and progress.entry_week = open_steps.entry_week
    and progress.member_key = open_steps.member_key
    and progress.as_of_date = open_steps.as_of_date
left join ends
    on progress.campaign = ends.campaign
    and progress.entry_week = ends.entry_week
    and progress.member_key = ends.member_key
    and progress.as_of_date = ends.as_of_date
left join heard
    on ends.campaign = heard.campaign
    and ends.entry_week = heard.entry_week
    and ends.member_key = heard.member_key
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
