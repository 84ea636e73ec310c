with newest as (
    {{ newest_delivered('chain', 'refunds', ['system', 'refund_id']) }}
)

select
    source,
    {{ id_key('refund_id') }} as refund_key,
    refund_id,
    {{ id_key('order_id') }} as order_reference_key,
    order_id,
    system,
    {{ business_date('refunded_at') }} as refunded_on,
    kind,
    amount as refunded_amount,
    reason
from newest
