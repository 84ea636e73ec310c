{{ config(meta={'dagster': {'ref': {'name': 'stg_rekindle__churn_coefficients'}}}) }}

-- A coefficient takes no sign that makes no sense: longer away is never safer.
select
    coefficients.version,
    coefficients.horizon_days,
    coefficients.feature,
    coefficients.coefficient,
    features.sign_limit
from {{ ref('stg_rekindle__churn_coefficients') }} as coefficients
inner join {{ ref('churn_model_features') }} as features on coefficients.feature = features.feature
where features.sign_limit * coefficients.coefficient < 0
