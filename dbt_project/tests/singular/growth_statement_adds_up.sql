{{ config(meta={'dagster': {'ref': {'name': 'member_growth'}}}) }}

with stated as (
    select
        member_key,
        sum(points) as points
    from {{ ref('fct_growth_statement') }}
    group by member_key
),

newest as (
    select max(as_of_date) as as_of_date from {{ ref('member_growth') }}
),

held as (
    select
        members.member_key,
        members.growth_points as points
    from {{ ref('member_growth') }} as members
    inner join newest on members.as_of_date = newest.as_of_date
)

select coalesce(held.member_key, stated.member_key) as member_key
from held
full outer join stated on held.member_key = stated.member_key
where coalesce(held.points, 0) <> coalesce(stated.points, 0)
