select
    version,
    fitted_on,
    category_group,
    basis,
    amount_shape,
    scale_shape,
    scale_amount,
    members
from {{ ref('stg_control__amount_parameters') }}
