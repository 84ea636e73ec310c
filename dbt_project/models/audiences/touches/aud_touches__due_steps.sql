-- What running journeys want of a week that is decided now. A step that waited, or that no week was decided for, is due
-- on the Monday, in a promotion on its first day, and those after it keep their distance. Who is held out meanwhile
-- waits.
with campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
    where not is_sealed
),

weeks as (
    select * from {{ ref('aud_weeks__decided') }}
),

running as (
    select * from {{ ref('aud_journeys') }}
    where exit_reason is null
),

open_steps as (
    select * from {{ ref('aud_journeys__open_steps') }}
),

held_out as (
    select * from {{ ref('aud_decisions__held_out') }}
),

contacts as (
    select * from {{ ref('aud_touches__contacts') }}
),

moved as (
    select
        campaign_weeks.campaign,
        campaign_weeks.campaign_week,
        campaign_weeks.cap_class,
        campaign_weeks.priority,
        weeks.ends_on,
        open_steps.entry_week,
        open_steps.member_key,
        open_steps.arm,
        open_steps.step_no,
        open_steps.channel,
        open_steps.template,
        open_steps.benefit,
        {{ add_days(
            'open_steps.due_on',
            'greatest(' ~ days_between('running.next_due_on', 'campaign_weeks.starts_on') ~ ', 0)'
        ) }} as due_on
    from campaign_weeks
    inner join weeks on campaign_weeks.campaign_week = weeks.campaign_week
    inner join running
        on campaign_weeks.campaign = running.campaign
        and campaign_weeks.as_of_date = running.as_of_date
        and campaign_weeks.campaign_week > running.entry_week
    inner join open_steps
        on running.campaign = open_steps.campaign
        and running.entry_week = open_steps.entry_week
        and running.member_key = open_steps.member_key
        and running.as_of_date = open_steps.as_of_date
),

steps as (
    select
        moved.*,
        cast(row_number() over (
            partition by moved.campaign_week, moved.member_key
            order by moved.priority, moved.campaign, moved.entry_week, moved.step_no
        ) as integer) as step_rank
    from moved
    left join held_out
        on moved.member_key = held_out.member_key
        and held_out.campaign in ('every', moved.campaign)
        and moved.campaign_week >= held_out.starts_on
        and moved.campaign_week <= held_out.ends_on
    where moved.due_on <= moved.ends_on and held_out.member_key is null
)

{{- steps_under_caps('steps', 'contacts') }}

select * from under_caps
