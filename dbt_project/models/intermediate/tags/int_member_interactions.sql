{%- set kinds = ['content', 'live', 'community', 'store'] -%}
{%- set so_far -%}
(partition by activity.member_key order by activity.as_of_date rows between unbounded preceding and current row)
{%- endset -%}
-- Each event is counted at the first as-of date that knows it; running totals over the as-of dates give the rest.
with activity as (
    select
        member_key,
        as_of_date
    from {{ ref('member_activity') }}
),

behaviour_events as (
    select * from {{ ref('fct_event') }}
),

kinds as (
    select * from {{ ref('interaction_kinds') }}
),

as_of_dates as (
    select
        as_of_date,
        lag(as_of_date) over (order by as_of_date) as previous_as_of_date
    from {{ ref('dim_as_of_date') }}
    where is_computed
),

days as (
    select
        {%- for kind in kinds %}
        sum(case when kinds.interaction_kind = '{{ kind }}' then 1 else 0 end) as {{ kind }}_events,
        {%- endfor %}
        behaviour_events.member_key,
        behaviour_events.happened_on
    from behaviour_events
    inner join kinds on behaviour_events.event_type = kinds.event_type
    where behaviour_events.member_key is not null
    group by behaviour_events.member_key, behaviour_events.happened_on
),

added as (
    select
        {%- for kind in kinds %}
        sum(days.{{ kind }}_events) as {{ kind }}_events,
        {%- endfor %}
        days.member_key,
        as_of_dates.as_of_date
    from days
    inner join as_of_dates
        on days.happened_on <= as_of_dates.as_of_date
        and (as_of_dates.previous_as_of_date is null or days.happened_on > as_of_dates.previous_as_of_date)
    group by days.member_key, as_of_dates.as_of_date
),

totals as (
    select
        {%- for kind in kinds %}
        cast(sum(coalesce(added.{{ kind }}_events, 0)) over {{ so_far }} as bigint) as {{ kind }}_events,
        {%- endfor %}
        activity.member_key,
        activity.as_of_date
    from activity
    left join added
        on activity.member_key = added.member_key
        and activity.as_of_date = added.as_of_date
)

-- Of equal kinds the first counts.
select
    member_key,
    as_of_date,
    {%- for kind in kinds %}
    {{ kind }}_events,
    {%- endfor %}
    case greatest({{ kinds | join('_events, ') }}_events)
        when 0 then null
        {%- for kind in kinds %}
        when {{ kind }}_events then '{{ kind }}'
        {%- endfor %}
    end as preferred_interaction
from totals
