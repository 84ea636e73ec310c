with newest as (
    {{ newest_delivered('chain', 'refunds', ['refund_id']) }}
)

select
    source,
    refund_id,
    order_id,
    {{ business_date('refunded_at') }} as refunded_on,
    kind,
    amount as refunded_amount,
    reason
from newest
