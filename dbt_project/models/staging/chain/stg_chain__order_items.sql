with newest as (
    {{ newest_delivered('chain', 'order_items', ['system', 'order_id', 'line_number']) }}
)

select
    source,
    {{ id_key('order_id') }} as order_reference_key,
    order_id,
    system,
    line_number,
    {{ business_date('ordered_at') }} as ordered_on,
    product_id,
    quantity,
    net_amount,
    coalesce(discount_amount, 0) as discount_amount,
    cost_amount
from newest
