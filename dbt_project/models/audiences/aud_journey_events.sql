-- What can end a journey, from the day of the entry on; a campaign says whether an interaction answers it. A member who
-- withdraws any channel leaves the whole journey: whoever shuts one door is not followed to the next.
with entries as (
    select * from {{ ref('int_sealed_decisions') }}
    where is_included and arm_role = 'treatment'
),

campaigns as (
    select * from {{ ref('campaigns') }}
),

settings as (
    select * from {{ ref('campaign_settings') }}
),

active_days as (
    select * from {{ ref('fct_active_day') }}
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

{%- set facts = [
    ('active_days', 'active_on', 'has_purchase', 'returned'),
    ('active_days', 'active_on', 'has_interaction', 'answered'),
    ('tickets', 'opened_on', "kind = 'complaint'", 'complaint'),
    ('touches', 'complained_on', 'complained_on is not null', 'complaint'),
    ('touches', 'unsubscribed_on', 'unsubscribed_on is not null', 'opt_out'),
    ('touches', 'blocked_on', 'blocked_on is not null', 'opt_out'),
] %}

events as (
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
)

select
    entries.campaign,
    entries.campaign_week as entry_week,
    entries.member_key,
    events.exit_reason,
    min(events.happened_on) as happened_on
from entries
inner join campaigns on entries.campaign = campaigns.campaign
inner join events
    on entries.member_key = events.member_key
    and entries.campaign_week <= events.happened_on
    and (events.exit_reason <> 'answered' or campaigns.exit_on = 'interaction')
group by entries.campaign, entries.campaign_week, entries.member_key, events.exit_reason
