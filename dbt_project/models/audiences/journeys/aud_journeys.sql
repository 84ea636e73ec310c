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

money_days as (
    select * from {{ ref('int_money_days') }}
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
),

-- Up to the day of the return, and in the window before it.
bought as (
    select
        ends.member_key,
        ends.exited_on,
        min(case when money_days.purchase_days > 0 then money_days.booked_on end) as first_purchase_on,
        sum(case when money_days.booked_on > ends.window_start then money_days.purchase_days end) as purchase_days,
        sum(case when money_days.booked_on > ends.window_start then money_days.net_amount end) as net_amount
    from (select distinct member_key, exited_on, {{ add_days('exited_on', -window) }} as window_start from ends) as ends
    inner join money_days on ends.member_key = money_days.member_key and ends.exited_on >= money_days.booked_on
    group by ends.member_key, ends.exited_on
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
            {{ days_between('bought.first_purchase_on', 'ends.exited_on') }} > thresholds.growing_days
            and (
                bought.purchase_days >= thresholds.stable_purchase_days
                or bought.net_amount >= thresholds.stable_net_amount
            ),
            false
        ) then 'stable'
        when ends.plan = 'stage' then 'growing'
        when ends.plan = 'sleep_pool' and (
            progress.steps_sent < sleep_rules.journey_touches
            or coalesce({{ days_between('ends.entry_week', 'ends.as_of_date') }} >= lifecycles.days_silent, false)
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
left join bought
    on ends.member_key = bought.member_key
    and ends.exited_on = bought.exited_on
