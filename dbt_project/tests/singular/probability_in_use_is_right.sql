{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'fct_churn_bias'}}}) }}

-- Only the alarm of the newest date is news.
with newest as (
    select
        horizon_days,
        max(as_of_date) as as_of_date
    from {{ ref('fct_churn_bias') }}
    where method = 'champion'
    group by horizon_days
)

select
    bias.as_of_date,
    bias.horizon_days,
    bias.bias
from {{ ref('fct_churn_bias') }} as bias
inner join newest
    on bias.as_of_date = newest.as_of_date
    and bias.horizon_days = newest.horizon_days
where bias.method = 'champion' and bias.is_alarm
