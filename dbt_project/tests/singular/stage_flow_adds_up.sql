-- The members who flowed into the stages of an as-of date are all members of that date.
{{ config(meta={'dagster': {'ref': {'name': 'fct_stage_flow'}}}) }}

with flowed as (
    select
        as_of_date,
        sum(members) as members
    from {{ ref('fct_stage_flow') }}
    group by as_of_date
),

counted as (
    select
        as_of_date,
        count(*) as members
    from {{ ref('member_lifecycle') }}
    group by as_of_date
)

select flowed.as_of_date
from flowed
inner join counted on flowed.as_of_date = counted.as_of_date
where flowed.members <> counted.members
