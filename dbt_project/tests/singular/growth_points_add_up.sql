{{ config(meta={'dagster': {'ref': {'name': 'member_growth'}}}) }}

with held as (
    select
        as_of_date,
        sum(growth_points) as points
    from {{ ref('member_growth') }}
    group by as_of_date
),

earned as (
    select
        earned_on,
        sum(points) as points
    from {{ ref('fct_growth_ledger') }}
    group by earned_on
),

growth as (
    {{ settings('value_settings', ['validity_days']) }}
),

valid as (
    select
        held.as_of_date,
        sum(earned.points) as points
    from held
    cross join growth
    inner join earned
        on held.as_of_date >= earned.earned_on
        and earned.earned_on > {{ add_days('held.as_of_date', '-growth.validity_days') }}
    group by held.as_of_date
)

select held.as_of_date
from held
left join valid on held.as_of_date = valid.as_of_date
where held.points <> coalesce(valid.points, 0)
