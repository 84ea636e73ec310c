{{ config(meta={'dagster': {'ref': {'name': 'member_lifecycle'}}}) }}

with newest as (
    select max(as_of_date) as as_of_date from {{ ref('dim_as_of_date') }}
),

staged as (
    select distinct as_of_date from {{ ref('member_lifecycle') }}
)

select newest.as_of_date
from newest
left join staged on newest.as_of_date = staged.as_of_date
where staged.as_of_date is null
