select
    as_of_date,
    is_computed,
    computed_because,
    is_told,
    told_by,
    definition_hash
from {{ source('rekindle', 'as_of_dates') }}
