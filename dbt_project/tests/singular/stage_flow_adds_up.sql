{{ config(meta={'dagster': {'ref': {'name': 'srv_lifecycle_flow'}}}) }}

with flowed as (
    select
        as_of_date,
        sum(members) as members
    from {{ ref('srv_lifecycle_flow') }}
    group by as_of_date
),

counted as (
    select
        as_of_date,
        count(*) as members
    from {{ ref('member_history') }}
    group by as_of_date
),

first_date as (
    select min(as_of_date) as as_of_date from counted
)

select counted.as_of_date
from counted
cross join first_date
left join flowed on counted.as_of_date = flowed.as_of_date
where
    counted.as_of_date > first_date.as_of_date
    and counted.members <> coalesce(flowed.members, 0)
