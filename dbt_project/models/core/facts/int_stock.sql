-- A count stands until the next one of that product in that store; nothing is assumed between two counts.
with stock as (
    select * from {{ ref('stg_chain__stock') }}
)

select
    source,
    store_id,
    product_id,
    counted_on,
    coalesce(
        lead(counted_on) over (partition by source, store_id, product_id order by counted_on),
        {{ end_of_time() }}
    ) as stands_until_on,
    units
from stock
