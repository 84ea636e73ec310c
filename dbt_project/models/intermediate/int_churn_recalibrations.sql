select
    version,
    calibrated_on,
    horizon_days,
    recalibration_offset,
    recalibration_slope,
    first_matured_on,
    last_matured_on,
    matured_dates,
    matured_rows
from {{ ref('stg_control__churn_recalibrations') }}
