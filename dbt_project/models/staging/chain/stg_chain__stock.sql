with newest as (
    {{ newest_delivered('chain', 'stock', ['store_id', 'product_id', 'counted_on']) }}
)

select
    source,
    store_id,
    product_id,
    counted_on,
    units
from newest
