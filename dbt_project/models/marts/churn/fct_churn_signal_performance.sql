-- Expected: as many of each band of recency as have the signal, lost at the rate of those in the band who do not have
-- it. A band in which everybody has it says nothing of the signal, so neither of its numbers counts there.
with outcomes as (
    select * from {{ ref('fct_churn_signal_outcome') }}
),

compared as (
    select
        fired.as_of_date,
        fired.horizon_days,
        fired.signal,
        sum(fired.members) as fired_members,
        sum(fired.lost_members) as fired_lost_members,
        sum(fired.lost_days_ahead) as lost_days_ahead,
        sum(case when everybody.members > fired.members then fired.lost_members end) as comparable_lost,
        cast(sum(
            fired.members
            * {{ share('everybody.lost_members - fired.lost_members', 'everybody.members - fired.members') }}
        ) as decimal(18, 6)) as expected_lost
    from outcomes as fired
    inner join outcomes as everybody
        on fired.as_of_date = everybody.as_of_date
        and fired.horizon_days = everybody.horizon_days
        and fired.recency_level = everybody.recency_level
        and everybody.signal = 'any'
    where fired.signal <> 'any'
    group by fired.as_of_date, fired.horizon_days, fired.signal
),

everybody as (
    select
        as_of_date,
        horizon_days,
        sum(members) as members,
        sum(lost_members) as lost_members
    from outcomes
    where signal = 'any'
    group by as_of_date, horizon_days
)

select
    compared.as_of_date,
    compared.horizon_days,
    compared.signal,
    cast(everybody.members as bigint) as watched_members,
    cast(everybody.lost_members as bigint) as lost_members,
    cast(compared.fired_members as bigint) as fired_members,
    cast(compared.fired_lost_members as bigint) as fired_lost_members,
    {{ share('compared.fired_lost_members', 'compared.fired_members') }} as precision_share,
    {{ share('compared.fired_lost_members', 'everybody.lost_members') }} as recall_share,
    cast(
        cast(compared.fired_lost_members * everybody.members as double)
        / nullif(compared.fired_members * everybody.lost_members, 0) as decimal(12, 3)
    ) as lift,
    cast(
        cast(compared.comparable_lost as double) / nullif(compared.expected_lost, 0) as decimal(12, 3)
    ) as lift_given_recency,
    cast(
        cast(compared.lost_days_ahead as double) / nullif(compared.fired_lost_members, 0) as decimal(12, 1)
    ) as mean_days_ahead
from compared
inner join everybody
    on compared.as_of_date = everybody.as_of_date
    and compared.horizon_days = everybody.horizon_days
