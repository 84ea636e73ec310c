{%- set horizons = var('churn_horizons') -%}
-- What signals said on past dates against what happened since: lost means no purchase within the horizon, and only
-- dates whose horizon is over count. The level of `recency` divides members into bands about as long overdue.
with lifecycle as (
    select * from {{ ref('member_lifecycle') }}
    where stage not in ('prospect', 'churned')
),

cycles as (
    select * from {{ ref('member_cycle') }}
),

fired as (
    select * from {{ ref('fct_churn_signal') }}
),

thresholds as (
    select max(more_than) as most_cycles from {{ ref('dim_churn_threshold') }}
    where signal = 'recency'
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

watched as (
    select
        lifecycle.member_key,
        lifecycle.as_of_date,
        max(lifecycle.as_of_date) over () as newest_as_of_date,
        coalesce(recency.churn_level, 'none') as recency_level,
        purchase_days.purchased_on as next_purchased_on,
        thresholds.most_cycles * cycles.cycle_days - lifecycle.days_since_purchase as days_ahead
    from lifecycle
    inner join cycles
        on lifecycle.member_key = cycles.member_key
        and lifecycle.as_of_date = cycles.as_of_date
    cross join thresholds
    left join fired as recency
        on lifecycle.member_key = recency.member_key
        and lifecycle.as_of_date = recency.as_of_date
        and recency.signal = 'recency'
    left join purchase_days
        on lifecycle.member_key = purchase_days.member_key
        and {{ add_days('lifecycle.as_of_date', '-lifecycle.days_since_purchase') }}
        = purchase_days.previous_purchased_on
),

-- Every member once for the band as a whole, and once for each signal that fired.
counted as (
    select
        watched.*,
        fired.signal
    from watched
    inner join fired
        on watched.member_key = fired.member_key
        and watched.as_of_date = fired.as_of_date
    union all
    select
        *,
        'any' as signal
    from watched
)
{% for horizon in horizons %}
{%- set is_lost = 'coalesce(next_purchased_on > ' ~ add_days('as_of_date', horizon) ~ ', true)' %}
select
    as_of_date,
    cast({{ horizon }} as integer) as horizon_days,
    signal,
    recency_level,
    count(*) as members,
    {{ integer_sum('case when ' ~ is_lost ~ ' then 1 else 0 end') }} as lost_members,
    cast(sum(case when {{ is_lost }} then days_ahead end) as decimal(18, 2)) as lost_days_ahead
from counted
where {{ add_days('as_of_date', horizon) }} <= newest_as_of_date
group by as_of_date, signal, recency_level
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
