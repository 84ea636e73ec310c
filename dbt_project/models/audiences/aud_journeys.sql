-- The states of a journey, from facts and sealed weeks alone: the same day gives the same state whenever it is asked
-- for. A step is due once it falls into the week that the day's state decides, which is the one of the day after.
with progress as (
    select
        *,
        {{ add_days(week_start(add_days('as_of_date', 1)), 6) }} as decides_until_on
    from {{ ref('aud_journey_progress') }}
),

open_steps as (
    select * from {{ ref('aud_open_steps') }}
    where place = 1
),

ends as (
    select * from {{ ref('aud_journey_ends') }}
),

plans as (
    select * from {{ ref('aud_journey_plans') }}
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
    plans.plan,
    progress.steps_sent,
    progress.last_sent_on,
    case when ends.state is null then open_steps.step_no end as next_step_no,
    case when ends.state is null then open_steps.due_on end as next_due_on
from progress
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
left join plans
    on progress.campaign = plans.campaign
    and progress.entry_week = plans.entry_week
    and progress.member_key = plans.member_key
    and progress.as_of_date = plans.as_of_date
