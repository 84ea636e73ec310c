select as_of_date
from {{ ref('stg_control__as_of_dates') }}
