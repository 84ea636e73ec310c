-- How far a journey has come by the touches sealed for it. A touch sealed as planned counts as sent on its day, as it
-- does under the caps; a step that waited moves those after it by as many days.
with entries as (
    select * from {{ ref('int_sealed_decisions') }}
    where is_included and arm_role = 'treatment'
),

sealed_touches as (
    select * from {{ ref('int_sealed_touches') }}
),

response_window as (
    select * from {{ ref('response_window') }}
),

touches as (
    select * from {{ ref('fct_touch') }}
),

steps as (
    select * from {{ ref('campaign_steps') }}
),

dates as (
    select as_of_date
    from {{ ref('aud_weeks__decided') }}
    union distinct
    select as_of_date
    from {{ ref('dim_as_of_date') }}
    where is_newest
),

progress as (
    select
        entries.campaign,
        entries.campaign_week as entry_week,
        entries.member_key,
        entries.as_of_date as entered_as_of_date,
        entries.arm,
        dates.as_of_date,
        count(distinct case when sealed_touches.status = 'planned' then sealed_touches.step_no end) as steps_sent,
        max(case when sealed_touches.status = 'planned' then sealed_touches.step_no end) as last_step_no,
        max(case when sealed_touches.status = 'planned' then sealed_touches.planned_on end) as last_sent_on,
        max(case when sealed_touches.status = 'capped' then sealed_touches.step_no end) as capped_step_no,
        -- A tool that sends late is answered late.
        max(case
            when sealed_touches.status = 'planned' then {{ add_days(
                'greatest(sealed_touches.planned_on, coalesce(touches.sent_on, sealed_touches.planned_on))',
                'response_window.response_days'
            ) }}
        end) as answers_until_on
    from entries
    inner join dates on entries.as_of_date <= dates.as_of_date
    left join sealed_touches
        on entries.campaign = sealed_touches.campaign
        and entries.campaign_week = sealed_touches.entry_week
        and entries.member_key = sealed_touches.member_key
        and dates.as_of_date >= sealed_touches.planned_on
    left join response_window on sealed_touches.channel = response_window.channel
    left join touches
        on sealed_touches.campaign = touches.campaign_code
        and {{ text_key('sealed_touches.planned_touch_id') }} = touches.touch_key
        and dates.as_of_date >= touches.sent_on
    group by
        entries.campaign, entries.campaign_week, entries.member_key, entries.as_of_date, entries.arm, dates.as_of_date
)

select
    progress.campaign,
    progress.entry_week,
    progress.member_key,
    progress.as_of_date,
    progress.entered_as_of_date,
    progress.arm,
    progress.steps_sent,
    progress.last_step_no,
    progress.last_sent_on,
    progress.answers_until_on,
    progress.capped_step_no,
    -- A step taken out of the definition since has no day of its own to be late for.
    coalesce(
        greatest(
            {{ days_between(add_days('progress.entry_week', 'steps.day_offset'), 'progress.last_sent_on') }}, 0
        ),
        0
    ) as delay_days
from progress
left join steps
    on progress.campaign = steps.campaign
    and steps.arm in ('every', progress.arm)
    and progress.last_step_no = steps.step_no
