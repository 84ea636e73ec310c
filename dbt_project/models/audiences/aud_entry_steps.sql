-- The steps of a fresh entry that fall into its own week. Its first has found room when it was admitted; those after it
-- have to find theirs, and only where the member allows their channel and has an address for it.
with entries as (
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
    select * from {{ ref('aud_weeks') }}
),

reach as (
    select * from {{ ref('aud_reach') }}
),

contacts as (
    select * from {{ ref('aud_contacts__running') }}
),

steps as (
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
        {{ add_days('entries.campaign_week', 'campaign_steps.day_offset') }} as due_on,
        row_number() over (
            partition by entries.campaign_week, entries.member_key
            order by campaigns.priority, entries.campaign, campaign_steps.step_no
        ) as step_rank
    from entries
    inner join campaigns on entries.campaign = campaigns.campaign
    inner join weeks on entries.campaign_week = weeks.campaign_week
    inner join campaign_steps
        on entries.campaign = campaign_steps.campaign
        and campaign_steps.arm in ('every', entries.arm)
        and {{ add_days('entries.campaign_week', 'campaign_steps.day_offset') }} <= weeks.ends_on
    inner join reach
        on entries.member_key = reach.member_key
        and campaign_steps.channel = reach.channel
        and entries.as_of_date >= reach.reachable_on
        and entries.as_of_date < reach.next_on
)

{{- steps_under_caps('steps', 'contacts') }}
