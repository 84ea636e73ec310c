{{ config(meta={'dagster': {'ref': {'name': 'fct_stage_period'}}}) }}

with periods as (
    select
        member_key,
        started_on,
        lag(ended_on) over (partition by member_key order by started_on) as previous_ended_on
    from {{ ref('fct_stage_period') }}
)

select *
from periods
where
    previous_ended_on is not null
    and started_on <> {{ add_days('previous_ended_on', 1) }}
