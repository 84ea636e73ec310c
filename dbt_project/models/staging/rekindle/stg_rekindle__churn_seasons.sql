select
    version,
    fitted_on,
    period_of_year,
    cast(days_before as decimal(24, 12)) as days_before,
    cast(pace as decimal(24, 12)) as pace
from {{ source('rekindle', 'churn_seasons') }}
