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

settings as (
    select * from {{ ref('campaign_settings') }}
),

permissions as (
    select * from {{ ref('fct_contact_permission') }}
    where is_allowed
),

contact_points as (
    select * from {{ ref('fct_contact_point') }}
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
    cross join settings
    inner join campaigns on entries.campaign = campaigns.campaign
    inner join weeks on entries.campaign_week = weeks.campaign_week
    inner join campaign_steps
        on entries.campaign = campaign_steps.campaign
        and campaign_steps.arm in ('every', entries.arm)
        and {{ add_days('entries.campaign_week', 'campaign_steps.day_offset') }} <= weeks.ends_on
    inner join permissions
        on entries.member_key = permissions.member_key
        and campaign_steps.channel = permissions.channel
        and settings.answer_purpose = permissions.purpose
        and entries.as_of_date >= permissions.changed_on
        and entries.as_of_date < permissions.next_on
    inner join contact_points
        on entries.member_key = contact_points.member_key
        and campaign_steps.channel = contact_points.channel
        and entries.as_of_date >= contact_points.known_on
)

{{- steps_under_caps('steps', 'contacts') }}
