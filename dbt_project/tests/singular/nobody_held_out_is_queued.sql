{{ config(meta={'dagster': {'ref': {'name': 'fct_churn_response_queue'}}}) }}

-- Whoever answers a held-out member takes away what the answered are compared with.
select
    queued.as_of_date,
    queued.member_key
from {{ ref('fct_churn_response_queue') }} as queued
left join {{ ref('member_churn_warning') }} as warnings
    on queued.member_key = warnings.member_key
    and queued.as_of_date = warnings.as_of_date
where coalesce(warnings.is_held_out, true)
