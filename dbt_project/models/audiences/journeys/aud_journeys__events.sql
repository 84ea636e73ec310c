{%- set facts = [
    ('active_days', 'active_on', 'has_purchase', 'returned'),
    ('active_days', 'active_on', 'has_interaction', 'answered'),
    ('tickets', 'opened_on', "kind = 'complaint'", 'complaint'),
    ('touches', 'complained_on', 'complained_on is not null', 'complaint'),
    ('touches', 'unsubscribed_on', 'unsubscribed_on is not null', 'opt_out'),
    ('touches', 'blocked_on', 'blocked_on is not null', 'opt_out'),
] -%}
-- What ends a journey, from the Monday of its entry on: what its member does, where the campaign asks for it; a holdout
-- of a later year, or met by a merge, that draws the member, or one of the answers to warnings; the last day of the
-- campaign, after which no week has steps. Whoever withdraws any channel leaves the whole journey: shutting one door is
-- not an invitation to the next.
with entries as (
    select * from {{ ref('int_sealed_decisions') }}
    where is_included and arm_role = 'treatment'
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

held_out as (
    select * from {{ ref('aud_decisions__held_out') }}
),

settings as (
    {{ settings('campaign_settings', ['answer_purpose']) }}
),

active_days as (
    select * from {{ ref('int_active_days') }}
    where lifecycle_scope = 'all'
),

tickets as (
    select * from {{ ref('fct_ticket') }}
),

touches as (
    select * from {{ ref('fct_touch') }}
),

permissions as (
    select * from {{ ref('fct_contact_permission') }}
),

acts as (
    {%- for table, day, condition, exit_reason in facts %}
    select
        member_key,
        {{ day }} as happened_on,
        '{{ exit_reason }}' as exit_reason
    from {{ table }}
    where {{ condition }}
    union all
    {%- endfor %}
    select
        permissions.member_key,
        permissions.changed_on as happened_on,
        'opt_out' as exit_reason
    from permissions
    inner join settings on permissions.purpose = settings.answer_purpose
    where not permissions.is_allowed
),

events as (
    select
        entries.campaign,
        entries.campaign_week,
        entries.member_key,
        acts.exit_reason,
        acts.happened_on
    from entries
    inner join campaigns on entries.campaign = campaigns.campaign
    inner join acts
        on entries.member_key = acts.member_key
        and entries.campaign_week <= acts.happened_on
        and (acts.exit_reason <> 'answered' or campaigns.exit_on = 'interaction')
    union all
    select
        entries.campaign,
        entries.campaign_week,
        entries.member_key,
        'held_out' as exit_reason,
        greatest(held_out.starts_on, entries.campaign_week) as happened_on
    from entries
    inner join held_out
        on entries.member_key = held_out.member_key
        and held_out.campaign in ('every', entries.campaign)
        and entries.campaign_week <= held_out.ends_on
    union all
    select
        entries.campaign,
        entries.campaign_week,
        entries.member_key,
        'campaign_over' as exit_reason,
        {{ add_days('campaigns.valid_to', 1) }} as happened_on
    from entries
    inner join campaigns on entries.campaign = campaigns.campaign
    where campaigns.valid_to is not null
)

select
    campaign,
    campaign_week as entry_week,
    member_key,
    exit_reason,
    min(happened_on) as happened_on
from events
group by campaign, campaign_week, member_key, exit_reason
