with coefficients as (
    select * from {{ ref('stg_rekindle__churn_coefficients') }}
),

features as (
    select * from {{ ref('churn_model_features') }}
)

select
    coefficients.version,
    coefficients.fitted_on,
    coefficients.horizon_days,
    coefficients.feature,
    coefficients.feature_mean,
    coefficients.feature_deviation,
    coefficients.coefficient,
    features.sign_limit,
    features.sign_limit <> 0 and coefficients.coefficient = 0 as is_at_limit
from coefficients
left join features on coefficients.feature = features.feature
