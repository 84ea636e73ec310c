{%- set facts = [
    ('member_days', 'activity_on', 'has_purchase', 'returned'),
    ('member_days', 'activity_on', 'has_interaction', 'answered'),
    ('tickets', 'opened_on', "kind = 'complaint'", 'complaint'),
    ('touches', 'complained_on', 'complained_on is not null', 'complaint'),
    ('touches', 'unsubscribed_on', 'unsubscribed_on is not null', 'opt_out'),
    ('touches', 'blocked_on', 'blocked_on is not null', 'opt_out'),
] -%}
-- What a member can do that ends journeys. Whoever withdraws any channel leaves the whole journey: shutting one door is
-- not an invitation to the next.
with entered as (
    select distinct member_key
    from {{ ref('int_sealed_decisions') }}
    where is_included and arm_role = 'treatment'
),

settings as (
    select * from {{ ref('campaign_settings') }}
),

member_days as (
    select * from {{ ref('int_member_days') }}
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

ends as (
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

select distinct
    ends.member_key,
    ends.exit_reason,
    ends.happened_on
from ends
inner join entered on ends.member_key = entered.member_key
