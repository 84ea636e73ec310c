select
    version,
    fitted_on,
    category_group,
    model,
    rate_shape,
    rate_days,
    leaving,
    staying,
    log_likelihood,
    members
from {{ ref('int_churn_parameters') }}
