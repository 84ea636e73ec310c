-- The touches of a week, of entries as they are decided or were sealed. A member drawn into a control arm has none.
with sealed as (
    select * from {{ ref('int_sealed_touches') }}
),

entries as (
    select * from {{ ref('aud_decisions') }}
    where is_included and not is_sealed and arm_role = 'treatment'
),

steps as (
    select * from {{ ref('campaign_steps') }}
),

weeks as (
    select * from {{ ref('aud_weeks') }}
),

planned as (
    select
        entries.campaign,
        entries.campaign_week,
        entries.campaign_week as entry_week,
        entries.member_key,
        entries.arm,
        steps.step_no,
        {{ add_days('entries.campaign_week', 'steps.day_offset') }} as planned_on,
        weeks.ends_on as week_ends_on,
        steps.channel,
        steps.template,
        steps.benefit
    from entries
    inner join weeks on entries.campaign_week = weeks.campaign_week
    inner join steps
        on entries.campaign = steps.campaign
        and steps.arm in ('every', entries.arm)
)

select
    planned_touch_id,
    campaign,
    campaign_week,
    entry_week,
    member_key,
    arm,
    step_no,
    planned_on,
    channel,
    template,
    benefit,
    status,
    true as is_sealed
from sealed
union all
select
    {{ named_by(['campaign', 'entry_week', 'member_key', 'step_no']) }} as planned_touch_id,
    campaign,
    campaign_week,
    entry_week,
    member_key,
    arm,
    step_no,
    planned_on,
    channel,
    template,
    benefit,
    'planned' as status,
    false as is_sealed
from planned
where planned_on <= week_ends_on
