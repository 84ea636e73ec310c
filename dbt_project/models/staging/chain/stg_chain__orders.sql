with newest as (
    {{ newest_delivered('chain', 'orders', ['order_id']) }}
)

select
    source,
    order_id,
    system,
    member_id,
    store_id,
    channel,
    ordered_at,
    {{ business_date('ordered_at') }} as ordered_on,
    {{ business_hour('ordered_at') }} as ordered_hour,
    status,
    gross_amount,
    discount_amount,
    net_amount,
    cost_amount,
    coalesce(is_campaign, false) as is_campaign
from newest
