select distinct as_of_date
from {{ source('control', 'as_of_dates') }}
