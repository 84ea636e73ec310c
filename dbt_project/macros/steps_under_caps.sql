{# Each step of a week as planned, or capped where the caps of its class leave it no room; behind a capped step nothing of
   its journey goes out, so a journey never skips what it waits for. `step_rank` counts the steps of a member's week from
   1, and those ranked earlier count as contacts whether they found room or not: what they left free is next week's.
   The window reaches as far after the day as before it, as in aud_capped. #}
{% macro steps_under_caps(steps, contacts) %}
{%- set key = ['campaign', 'campaign_week', 'entry_week', 'member_key'] -%}
, taken as (
    select
        campaign_week,
        member_key,
        channel,
        contacted_on,
        0 as step_rank
    from {{ contacts }}
    union all
    select
        campaign_week,
        member_key,
        channel,
        due_on as contacted_on,
        step_rank
    from {{ steps }}
),

counted as (
    select
        {{ steps }}.{{ key | join(', ' ~ steps ~ '.') }},
        {{ steps }}.step_no
    from {{ steps }}
    inner join {{ ref('contact_caps') }} as caps
        on {{ steps }}.cap_class = caps.cap_class
        and caps.channel in ('all', {{ steps }}.channel)
    inner join taken
        on {{ steps }}.campaign_week = taken.campaign_week
        and {{ steps }}.member_key = taken.member_key
        and {{ steps }}.step_rank > taken.step_rank
        and caps.channel in ('all', taken.channel)
        and taken.contacted_on > {{ add_days(steps ~ '.due_on', '-caps.within_days') }}
        and taken.contacted_on < {{ add_days(steps ~ '.due_on', 'caps.within_days') }}
    group by
        {{ steps }}.{{ key | join(', ' ~ steps ~ '.') }}, {{ steps }}.step_no,
        caps.channel, caps.most_touches
    having count(*) >= caps.most_touches
),

first_capped as (
    select
        {{ key | join(', ') }},
        min(step_no) as step_no
    from counted
    group by {{ key | join(', ') }}
)

select
    {{ steps }}.{{ key | join(',\n    ' ~ steps ~ '.') }},
    {{ steps }}.arm,
    {{ steps }}.step_no,
    {{ steps }}.due_on,
    {{ steps }}.channel,
    {{ steps }}.template,
    {{ steps }}.benefit,
    case when {{ steps }}.step_no = first_capped.step_no then 'capped' else 'planned' end as status
from {{ steps }}
left join first_capped
    on {{ steps }}.campaign = first_capped.campaign
    and {{ steps }}.campaign_week = first_capped.campaign_week
    and {{ steps }}.entry_week = first_capped.entry_week
    and {{ steps }}.member_key = first_capped.member_key
where coalesce({{ steps }}.step_no <= first_capped.step_no, true)
{% endmacro %}
