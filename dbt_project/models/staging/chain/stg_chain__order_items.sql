with newest as (
    {{ newest_delivered('chain', 'order_items', ['order_id', 'line_number']) }}
)

select
    source,
    order_id,
    line_number,
    {{ business_date('ordered_at') }} as ordered_on,
    product_id,
    quantity,
    net_amount,
    coalesce(discount_amount, 0) as discount_amount,
    cost_amount
from newest
