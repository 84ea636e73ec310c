select
    version,
    calibrated_on,
    cast(horizon_days as integer) as horizon_days,
    cast(offset_logit as decimal(24, 12)) as offset_logit,
    cast(base_weight as decimal(24, 12)) as base_weight,
    cast(model_weight as decimal(24, 12)) as model_weight,
    first_matured_on,
    last_matured_on,
    cast(matured_dates as integer) as matured_dates,
    matured_rows
from {{ source('rekindle', 'churn_recalibrations') }}
