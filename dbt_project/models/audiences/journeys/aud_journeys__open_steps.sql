-- Consent and addresses of the Sunday that decided the entry say which steps a journey has: a withdrawal since ends it,
-- and a channel opened since would give a journey that is over another step.
with progress as (
    select * from {{ ref('aud_journeys__progress') }}
),

steps as (
    select * from {{ ref('campaign_steps') }}
),

reach as (
    {{ reach() }}
)

select
    progress.campaign,
    progress.entry_week,
    progress.member_key,
    progress.as_of_date,
    progress.arm,
    steps.step_no,
    cast(row_number() over (
        partition by progress.campaign, progress.entry_week, progress.member_key, progress.as_of_date
        order by steps.step_no
    ) as integer) as place,
    {{ add_days('progress.entry_week', 'steps.day_offset + progress.delay_days') }} as due_on,
    coalesce(progress.capped_step_no = steps.step_no, false) as is_waiting,
    steps.channel,
    steps.template,
    steps.benefit
from progress
inner join steps
    on progress.campaign = steps.campaign
    and steps.arm in ('every', progress.arm)
    and coalesce(progress.last_step_no, 0) < steps.step_no
inner join reach
    on progress.member_key = reach.member_key
    and steps.channel = reach.channel
    and progress.entered_as_of_date >= reach.reachable_on
    and progress.entered_as_of_date < reach.next_on
