with newest as (
    {{ newest_delivered('complete_journey', 'products', ['product_id']) }}
)

select
    source,
    cast(product_id as {{ dbt.type_string() }}) as product_id,
    -- The data has no product names; the narrowest grouping that is filled stands in.
    coalesce(product_type, product_category, department) as product_name,
    department as category,
    brand,
    package_size as pack_size
from newest
