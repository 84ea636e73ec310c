{{ config(meta={'dagster': {'ref': {'name': 'fct_churn_reason'}}}) }}

-- The contributions of a member, as-of date and horizon add up to the log-odds of the published probability.
{%- set horizons = var('churn_horizons') %}
with reasons as (
    select
        member_key,
        as_of_date,
        horizon_days,
        sum(cast(contribution as double)) as logit
    from {{ ref('fct_churn_reason') }}
    group by member_key, as_of_date, horizon_days
),

probabilities as (
    {%- for horizon in horizons %}
    select
        member_key,
        as_of_date,
        {{ horizon }} as horizon_days,
        p_no_purchase_{{ horizon }}d as p_no_purchase
    from {{ ref('member_churn_probability') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    coalesce(probabilities.member_key, reasons.member_key) as member_key,
    probabilities.p_no_purchase,
    reasons.logit
from probabilities
full outer join reasons
    on probabilities.member_key = reasons.member_key
    and probabilities.as_of_date = reasons.as_of_date
    and probabilities.horizon_days = reasons.horizon_days
where
    probabilities.p_no_purchase is null
    or abs(1 / (1 + exp(-coalesce(reasons.logit, 0))) - cast(probabilities.p_no_purchase as double)) > 0.0000011
