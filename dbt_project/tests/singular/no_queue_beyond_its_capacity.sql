{{ config(meta={'dagster': {'ref': {'name': 'fct_churn_response_queue'}}}) }}

-- A queue holds no more members a day than its own row, or the default, says; nobody stands in it without a warning.
select
    queued.as_of_date,
    queued.response_queue
from {{ ref('fct_churn_response_queue') }} as queued
inner join {{ ref('response_capacity') }} as of_all on of_all.response_queue = 'default'
left join {{ ref('response_capacity') }} as of_queue on queued.response_queue = of_queue.response_queue
left join {{ ref('member_churn_warning') }} as warnings
    on queued.member_key = warnings.member_key
    and queued.as_of_date = warnings.as_of_date
group by queued.as_of_date, queued.response_queue, of_all.members_per_day, of_queue.members_per_day
having
    count(*) > coalesce(of_queue.members_per_day, of_all.members_per_day)
    or count(warnings.member_key) < count(*)
