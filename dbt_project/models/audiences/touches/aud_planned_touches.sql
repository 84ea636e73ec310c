{%- set planned = [
    'campaign', 'campaign_week', 'entry_week', 'member_key', 'arm', 'step_no', 'due_on as planned_on', 'channel',
    'template', 'benefit', 'status',
] -%}
-- The touches of a week: sealed ones as they are, and of a week not sealed yet the due steps of running journeys and
-- those that fall into the week of an entry. The first of an entry has found room when it was admitted; those after it
-- have to find theirs, and only where the member allows their channel and has an address for it. A member drawn into a
-- control arm has none.
with sealed as (
    select * from {{ ref('int_sealed_touches') }}
),

due_steps as (
    select * from {{ ref('aud_touches__due_steps') }}
),

entries as (
    select * from {{ ref('aud_decisions') }}
    where is_included and not is_sealed and arm_role = 'treatment'
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

campaign_steps as (
    select * from {{ ref('campaign_steps') }}
),

weeks as (
    select * from {{ ref('aud_weeks__decided') }}
),

campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
),

reach as (
    {{ reach() }}
),

contacts as (
    select * from {{ ref('aud_touches__contacts') }}
),

entry_steps as (
    select
        entries.campaign,
        entries.campaign_week,
        entries.campaign_week as entry_week,
        entries.member_key,
        entries.arm,
        campaigns.cap_class,
        campaign_steps.step_no,
        campaign_steps.channel,
        campaign_steps.template,
        campaign_steps.benefit,
        {{ add_days('campaign_weeks.starts_on', 'campaign_steps.day_offset') }} as due_on,
        row_number() over (
            partition by entries.campaign_week, entries.member_key
            order by campaigns.priority, entries.campaign, campaign_steps.step_no
        ) as step_rank
    from entries
    inner join campaigns on entries.campaign = campaigns.campaign
    inner join weeks on entries.campaign_week = weeks.campaign_week
    inner join campaign_weeks
        on entries.campaign = campaign_weeks.campaign
        and entries.campaign_week = campaign_weeks.campaign_week
    inner join campaign_steps
        on entries.campaign = campaign_steps.campaign
        and campaign_steps.arm in ('every', entries.arm)
        and {{ add_days('campaign_weeks.starts_on', 'campaign_steps.day_offset') }} <= weeks.ends_on
    inner join reach
        on entries.member_key = reach.member_key
        and campaign_steps.channel = reach.channel
        and entries.as_of_date >= reach.reachable_on
        and entries.as_of_date < reach.next_on
)

{{- steps_under_caps('entry_steps', 'contacts', 'due_steps') }}

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
{%- for steps in ['due_steps', 'under_caps'] %}
union all
select
    {{ named_by(['campaign', 'entry_week', 'member_key', 'step_no']) }} as planned_touch_id,
    {{ planned | join(',\n    ') }},
    false as is_sealed
from {{ steps }}
{%- endfor %}
