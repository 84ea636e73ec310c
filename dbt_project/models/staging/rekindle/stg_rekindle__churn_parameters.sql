select
    version,
    fitted_on,
    category_group,
    model,
    cast(r as decimal(24, 12)) as rate_shape,
    cast(alpha as decimal(24, 12)) as rate_days,
    cast(a as decimal(24, 12)) as leaving,
    cast(b as decimal(24, 12)) as staying,
    cast(log_likelihood as decimal(18, 4)) as log_likelihood,
    members
from {{ source('rekindle', 'churn_parameters') }}
