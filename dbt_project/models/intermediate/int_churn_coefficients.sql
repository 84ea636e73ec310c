select
    version,
    fitted_on,
    horizon_days,
    feature,
    feature_mean,
    feature_deviation,
    coefficient
from {{ ref('stg_control__churn_coefficients') }}
