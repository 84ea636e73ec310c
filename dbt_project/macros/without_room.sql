{# The steps of members' weeks that find no room under the caps. `step_rank` counts the steps of a week from 1; those
   ranked earlier count as contacts whether they found room or not: what they left free is next week's. `contacts` are
   there before all steps, and so are those planned of `due_steps`: running journeys have their room before anybody new
   enters.

   A touch comes under its own caps and under those of every touch planned in the week before it, whose windows must not
   overflow either. Counted are the days of all windows that hold both, as far after as before, so that no window can
   hold more than allowed. Continues a list of common table expressions with the one named
   `without_room`. #}
{% macro without_room(steps, contacts, due_steps=none) %}
{%- set key = ['campaign', 'campaign_week', 'entry_week', 'member_key', 'step_no'] -%}
, taken as (
    select
        campaign_week,
        member_key,
        channel,
        cast(null as {{ dbt.type_string() }}) as cap_class,
        contacted_on,
        0 as step_rank
    from {{ contacts }}
    {%- if due_steps %}
    union all
    select
        campaign_week,
        member_key,
        channel,
        cap_class,
        due_on as contacted_on,
        0 as step_rank
    from {{ due_steps }}
    where status = 'planned'
    {%- endif %}
    union all
    select
        campaign_week,
        member_key,
        channel,
        cap_class,
        due_on as contacted_on,
        step_rank
    from {{ steps }}
),

bounds as (
    select
        {{ key | join(',\n        ') }},
        step_rank,
        channel,
        due_on,
        cap_class,
        channel as cap_channel,
        due_on as around_on
    from {{ steps }}
    union distinct
    select
        {{ steps }}.{{ key | join(',\n        ' ~ steps ~ '.') }},
        {{ steps }}.step_rank,
        {{ steps }}.channel,
        {{ steps }}.due_on,
        taken.cap_class,
        taken.channel as cap_channel,
        taken.contacted_on as around_on
    from {{ steps }}
    inner join taken
        on {{ steps }}.campaign_week = taken.campaign_week
        and {{ steps }}.member_key = taken.member_key
        and {{ steps }}.step_rank > taken.step_rank
    where taken.cap_class is not null
),

counted as (
    select
        bounds.{{ key | join(',\n        bounds.') }}
    from bounds
    inner join {{ ref('contact_caps') }} as caps
        on bounds.cap_class = caps.cap_class
        and caps.channel in ('all', bounds.cap_channel)
        and caps.channel in ('all', bounds.channel)
        and bounds.due_on > {{ add_days('bounds.around_on', '-caps.within_days') }}
        and bounds.due_on < {{ add_days('bounds.around_on', 'caps.within_days') }}
    inner join taken
        on bounds.campaign_week = taken.campaign_week
        and bounds.member_key = taken.member_key
        and bounds.step_rank > taken.step_rank
        and caps.channel in ('all', taken.channel)
        and taken.contacted_on > {{ add_days('greatest(bounds.around_on, bounds.due_on)', '-caps.within_days') }}
        and taken.contacted_on < {{ add_days('least(bounds.around_on, bounds.due_on)', 'caps.within_days') }}
    group by
        bounds.{{ key | join(', bounds.') }}, bounds.channel, bounds.due_on, bounds.cap_class, bounds.cap_channel,
        bounds.around_on, caps.channel, caps.most_touches
    having count(*) >= caps.most_touches
),

without_room as (
    select distinct {{ key | join(', ') }}
    from counted
)
{% endmacro %}
