{{ config(materialized='history') }}

-- What signals said on past dates against what happened since: lost means no purchase within the horizon, and only
-- dates whose horizon is over count. The level of `recency` divides members into bands about as long overdue. Expected:
-- as many of each band as have the signal, lost at the rate of those in the band who do not have it. A band in which
-- everybody has it says nothing of the signal, so neither of its numbers counts there.
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

next_purchases as (
    select * from {{ ref('int_next_purchases') }}
),

thresholds as (
    select max(more_than) as most_cycles from {{ ref('churn_thresholds') }}
    where signal = 'recency'
),

as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
),

watched as (
    select
        lifecycle.member_key,
        lifecycle.as_of_date,
        {{ days_between('lifecycle.as_of_date', 'newest.as_of_date') }} as days_known,
        coalesce(recency.churn_level, 'none') as recency_level,
        next_purchases.days_until_purchase,
        thresholds.most_cycles * cycles.cycle_days - lifecycle.days_since_purchase as days_ahead
    from lifecycle
    inner join cycles
        on lifecycle.member_key = cycles.member_key
        and lifecycle.as_of_date = cycles.as_of_date
    cross join thresholds
    inner join as_of_dates as newest on newest.is_newest
    left join fired as recency
        on lifecycle.member_key = recency.member_key
        and lifecycle.as_of_date = recency.as_of_date
        and recency.signal = 'recency'
    left join next_purchases
        on lifecycle.member_key = next_purchases.member_key
        and lifecycle.as_of_date = next_purchases.as_of_date
),

outcomes as (
    {%- for horizon in var('churn_horizons') %}
    select
        *,
        {{ horizon }} as horizon_days,
        case when coalesce(days_until_purchase > {{ horizon }}, true) then 1 else 0 end as lost
    from watched
    where days_known >= {{ horizon }}
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

bands as (
    select
        as_of_date,
        horizon_days,
        recency_level,
        count(*) as members,
        sum(lost) as lost_members,
        sum(count(*)) over (partition by as_of_date, horizon_days) as watched_members,
        sum(sum(lost)) over (partition by as_of_date, horizon_days) as lost_of_all
    from outcomes
    group by as_of_date, horizon_days, recency_level
),

fired_in_bands as (
    select
        outcomes.as_of_date,
        outcomes.horizon_days,
        outcomes.recency_level,
        fired.signal,
        count(*) as members,
        sum(outcomes.lost) as lost_members,
        cast(sum(case when outcomes.lost = 1 then outcomes.days_ahead end) as decimal(18, 2)) as lost_days_ahead
    from outcomes
    inner join fired on outcomes.member_key = fired.member_key and outcomes.as_of_date = fired.as_of_date
    group by outcomes.as_of_date, outcomes.horizon_days, outcomes.recency_level, fired.signal
),

compared as (
    select
        with_it.as_of_date,
        with_it.horizon_days,
        with_it.signal,
        max(bands.watched_members) as watched_members,
        max(bands.lost_of_all) as lost_members,
        sum(with_it.members) as fired_members,
        sum(with_it.lost_members) as fired_lost_members,
        sum(with_it.lost_days_ahead) as lost_days_ahead,
        sum(case when bands.members > with_it.members then with_it.lost_members end) as comparable_lost,
        cast(sum(
            with_it.members
            * {{ share('bands.lost_members - with_it.lost_members', 'bands.members - with_it.members') }}
        ) as decimal(18, 6)) as expected_lost
    from fired_in_bands as with_it
    inner join bands
        on with_it.as_of_date = bands.as_of_date
        and with_it.horizon_days = bands.horizon_days
        and with_it.recency_level = bands.recency_level
    group by with_it.as_of_date, with_it.horizon_days, with_it.signal
)

select
    as_of_date,
    cast(horizon_days as integer) as horizon_days,
    signal,
    cast(watched_members as bigint) as watched_members,
    cast(lost_members as bigint) as lost_members,
    cast(fired_members as bigint) as fired_members,
    cast(fired_lost_members as bigint) as fired_lost_members,
    {{ share('fired_lost_members', 'fired_members') }} as precision_share,
    {{ share('fired_lost_members', 'lost_members') }} as recall_share,
    cast(
        cast(fired_lost_members * watched_members as double) / nullif(fired_members * lost_members, 0)
        as decimal(12, 3)
    ) as lift,
    cast(cast(comparable_lost as double) / nullif(expected_lost, 0) as decimal(12, 3)) as lift_given_recency,
    cast(cast(lost_days_ahead as double) / nullif(fired_lost_members, 0) as decimal(12, 1)) as mean_days_ahead
from compared
