with newest as (
    {{ newest_delivered('chain', 'stores', ['store_id']) }}
)

select
    source,
    store_id,
    store_name,
    region,
    city,
    opened_on,
    closed_on
from newest
