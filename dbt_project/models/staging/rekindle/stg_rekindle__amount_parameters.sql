select
    version,
    fitted_on,
    category_group,
    basis,
    cast(p as decimal(24, 12)) as amount_shape,
    cast(q as decimal(24, 12)) as scale_shape,
    cast(gamma as decimal(24, 12)) as scale_amount,
    cast(came_share as decimal(9, 6)) as came_share,
    members
from {{ source('rekindle', 'amount_parameters') }}
