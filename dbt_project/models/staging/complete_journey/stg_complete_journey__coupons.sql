with newest as (
    {{ newest_delivered('complete_journey', 'coupons', ['campaign_id', 'coupon_upc', 'product_id']) }}
)

select
    'complete_journey' as source,
    campaign_id,
    coupon_upc,
    cast(product_id as {{ dbt.type_string() }}) as product_id
from newest
