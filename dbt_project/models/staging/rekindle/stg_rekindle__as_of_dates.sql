select distinct as_of_date
from {{ source('rekindle', 'as_of_dates') }}
