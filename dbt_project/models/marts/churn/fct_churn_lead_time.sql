{{ config(materialized='history') }}

-- How early members were warned. Somebody falls silent on an as-of date with a stage of silence or loss after one with
-- an active stage. The warning episode is the unbroken run of warned as-of dates up to the one before; who was not
-- warned then was not warned in time. Only of those who then stay away for the horizon: for anybody else it was no
-- churn.
with history as (
    select * from {{ ref('member_history') }}
),

stages as (
    select * from {{ ref('stages') }}
),

next_purchases as (
    select * from {{ ref('int_next_purchases') }}
),

as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
),

numbered as (
    select
        as_of_date,
        is_computed,
        row_number() over (order by as_of_date) as date_number,
        max(as_of_date) over () as newest_as_of_date
    from as_of_dates
),

runs as (
    select
        history.member_key,
        numbered.date_number
        - row_number() over (partition by history.member_key order by numbered.date_number) as run_number,
        numbered.date_number,
        history.as_of_date
    from history
    inner join numbered on history.as_of_date = numbered.as_of_date
    where history.churn_level is not null
),

episodes as (
    select
        member_key,
        min(as_of_date) as first_warned_on,
        min(date_number) as first_number,
        max(date_number) as last_number
    from runs
    group by member_key, run_number
),

staged as (
    select
        history.member_key,
        history.as_of_date,
        numbered.is_computed,
        numbered.date_number,
        numbered.newest_as_of_date,
        stages.is_active,
        lag(stages.is_active) over (partition by history.member_key order by history.as_of_date) as was_active
    from history
    inner join stages on history.stage = stages.stage
    inner join numbered on history.as_of_date = numbered.as_of_date
),

fallen as (
    select
        staged.member_key,
        staged.as_of_date,
        {{ days_between('staged.as_of_date', 'staged.newest_as_of_date') }} as days_known,
        next_purchases.days_until_purchase,
        {{ days_between('episodes.first_warned_on', 'staged.as_of_date') }} as lead_days
    from staged
    left join episodes
        on staged.member_key = episodes.member_key
        and staged.date_number > episodes.first_number
        and staged.date_number <= episodes.last_number + 1
    left join next_purchases
        on staged.member_key = next_purchases.member_key
        and staged.as_of_date = next_purchases.as_of_date
    where
        staged.is_computed
        and staged.was_active
        and not staged.is_active
)
{%- for horizon in var('churn_horizons') %}
{{ "union all" if not loop.first }}
select
    as_of_date,
    cast({{ horizon }} as integer) as horizon_days,
    count(*) as fallen_members,
    count(lead_days) as warned_members,
    {{ share('count(lead_days)', 'count(*)') }} as warned_share,
    {{ integer_sum('coalesce(lead_days, 0)') }} as lead_days_total,
    {{ ratio('sum(lead_days)', 'count(lead_days)') }} as lead_days
from fallen
where
    days_known >= {{ horizon }}
    and coalesce(days_until_purchase > {{ horizon }}, true)
group by as_of_date
{%- endfor %}
