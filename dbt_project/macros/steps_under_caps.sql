{# Each step as planned, or capped where it finds no room; behind a capped step nothing of its journey goes out, so a
   journey never skips what it waits for. Continues a list of common table expressions with the one named
   `under_caps`. #}
{% macro steps_under_caps(steps, contacts, due_steps=none) %}
{%- set key = ['campaign', 'campaign_week', 'entry_week', 'member_key'] -%}
{{ without_room(steps, contacts, due_steps) }},

first_capped as (
    select
        {{ key | join(', ') }},
        min(step_no) as step_no
    from without_room
    group by {{ key | join(', ') }}
),

under_caps as (
    select
        {{ steps }}.{{ key | join(',\n        ' ~ steps ~ '.') }},
        {{ steps }}.arm,
        {{ steps }}.step_no,
        {{ steps }}.due_on,
        {{ steps }}.channel,
        {{ steps }}.template,
        {{ steps }}.benefit,
        {{ steps }}.cap_class,
        case when {{ steps }}.step_no = first_capped.step_no then 'capped' else 'planned' end as status
    from {{ steps }}
    left join first_capped
        on {{ steps }}.campaign = first_capped.campaign
        and {{ steps }}.campaign_week = first_capped.campaign_week
        and {{ steps }}.entry_week = first_capped.entry_week
        and {{ steps }}.member_key = first_capped.member_key
    where coalesce({{ steps }}.step_no <= first_capped.step_no, true)
)
{% endmacro %}
