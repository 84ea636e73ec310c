-- Who may not be contacted in a week that is decided now, by any campaign (`every`) or by one, whatever was targeted.
with campaign_weeks as (
    select * from {{ ref('aud_campaign_weeks') }}
    where not is_sealed
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

held_out as (
    select * from {{ ref('aud_decisions__held_out') }}
),

complaints as (
    select * from {{ ref('aud_open_complaints') }}
    where is_barring
),

sleeping as (
    select * from {{ ref('member_sleep_pool') }}
),

settings as (
    {{ settings('campaign_settings', ['sleep_pool_cap_class']) }}
),

entries as (
    select * from {{ ref('int_sealed_decisions') }}
    where is_included
),

journeys as (
    select * from {{ ref('aud_journeys') }}
),

weeks as (
    select distinct
        campaign_week,
        as_of_date
    from campaign_weeks
),

wakeful as (
    select campaign_weeks.*
    from campaign_weeks
    cross join settings
    where campaign_weeks.cap_class <> settings.sleep_pool_cap_class
),

suppressions as (
    select
        held_out.campaign,
        weeks.campaign_week,
        held_out.member_key,
        held_out.reason
    from weeks
    inner join held_out
        on weeks.campaign_week >= held_out.starts_on
        and weeks.campaign_week <= held_out.ends_on
    union all
    select
        'every' as campaign,
        weeks.campaign_week,
        complaints.member_key,
        'open_complaint' as reason
    from weeks
    inner join complaints on weeks.as_of_date = complaints.as_of_date
    union all
    -- Rare content alone goes to whoever sleeps.
    select
        wakeful.campaign,
        wakeful.campaign_week,
        sleeping.member_key,
        'sleep_pool' as reason
    from wakeful
    inner join sleeping on wakeful.as_of_date = sleeping.as_of_date
    union all
    -- A whole journey that nobody answered since, whether or not the sending tool reported its touches.
    select
        wakeful.campaign,
        wakeful.campaign_week,
        journeys.member_key,
        'sleep_pool' as reason
    from wakeful
    inner join journeys on wakeful.as_of_date = journeys.as_of_date
    where journeys.plan = 'sleep_pool'
    union all
    -- Of a week that is sealed in part, whom a sealed campaign has is taken, whatever its priority.
    select
        'every' as campaign,
        weeks.campaign_week,
        entries.member_key,
        'higher_priority' as reason
    from weeks
    inner join entries on weeks.campaign_week = entries.campaign_week
    union all
    select
        campaign_weeks.campaign,
        campaign_weeks.campaign_week,
        entries.member_key,
        'cooldown' as reason
    from campaign_weeks
    inner join campaigns on campaign_weeks.campaign = campaigns.campaign
    inner join entries
        on campaign_weeks.campaign = entries.campaign
        and campaign_weeks.campaign_week > entries.campaign_week
        and {{ add_days('campaign_weeks.campaign_week', '-campaigns.cooldown_days') }} < entries.campaign_week
    union all
    -- A journey that waited for room may last longer than the days of the cooldown.
    select
        campaign_weeks.campaign,
        campaign_weeks.campaign_week,
        journeys.member_key,
        'cooldown' as reason
    from campaign_weeks
    inner join journeys
        on campaign_weeks.campaign = journeys.campaign
        and campaign_weeks.as_of_date = journeys.as_of_date
    where journeys.exit_reason is null
)

select distinct
    campaign,
    campaign_week,
    member_key,
    reason
from suppressions
