select
    version,
    fitted_on,
    cast(horizon_days as integer) as horizon_days,
    feature,
    cast(mean as decimal(24, 12)) as feature_mean,
    cast(deviation as decimal(24, 12)) as feature_deviation,
    cast(coefficient as decimal(24, 12)) as coefficient
from {{ source('rekindle', 'churn_coefficients') }}
