-- No journey is over for want of an answer while one would still count as the answer to its touches, so that none both
-- failed and brought an order. The earliest end counts; on one day the order of the seed decides, and whoever acts on
-- the last day has acted.
with progress as (
    select * from {{ ref('aud_journeys__progress') }}
),

open_steps as (
    select * from {{ ref('aud_journeys__open_steps') }}
    where place = 1
),

events as (
    select * from {{ ref('aud_journeys__events') }}
),

reasons as (
    select * from {{ ref('journey_exits') }}
),

settings as (
    {{ settings('campaign_settings', ['failed_after_days']) }}
),

completions as (
    select
        progress.*,
        greatest(
            {{ add_days('coalesce(progress.last_sent_on, progress.entry_week)', 'settings.failed_after_days') }},
            coalesce(progress.answers_until_on, progress.entry_week)
        ) as completed_on
    from progress
    cross join settings
    left join open_steps
        on progress.campaign = open_steps.campaign
        and progress.entry_week = open_steps.entry_week
        and progress.member_key = open_steps.member_key
        and progress.as_of_date = open_steps.as_of_date
    where open_steps.step_no is null
),

ends as (
    select
        progress.campaign,
        progress.entry_week,
        progress.member_key,
        progress.as_of_date,
        events.exit_reason,
        events.happened_on as exited_on
    from progress
    inner join events
        on progress.campaign = events.campaign
        and progress.entry_week = events.entry_week
        and progress.member_key = events.member_key
        and progress.as_of_date >= events.happened_on
    union all
    select
        campaign,
        entry_week,
        member_key,
        as_of_date,
        'completed' as exit_reason,
        completed_on as exited_on
    from completions
    where completed_on <= as_of_date
),

ranked as (
    select
        ends.*,
        reasons.state,
        reasons.plan,
        row_number() over (
            partition by ends.campaign, ends.entry_week, ends.member_key, ends.as_of_date
            order by ends.exited_on, reasons.reason_order
        ) as end_rank
    from ends
    inner join reasons on ends.exit_reason = reasons.exit_reason
)

select
    campaign,
    entry_week,
    member_key,
    as_of_date,
    exit_reason,
    exited_on,
    state,
    plan
from ranked
where end_rank = 1
