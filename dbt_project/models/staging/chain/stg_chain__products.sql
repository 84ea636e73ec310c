with newest as (
    {{ newest_delivered('chain', 'products', ['product_id']) }}
)

select
    source,
    product_id,
    product_name,
    category,
    brand,
    pack_size,
    list_price,
    launched_on
from newest
