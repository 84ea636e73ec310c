with refunds as (
    select * from {{ ref('stg_chain__refunds') }}
),

orders as (
    select * from {{ ref('fct_order') }}
),

reasons as (
    select * from {{ ref('refund_reasons') }}
    where is_fault
)

-- The margin lost with a refund is the order's margin rate on the money returned.
select
    refunds.source,
    refunds.refund_id,
    refunds.order_id,
    orders.member_key,
    refunds.refunded_on,
    refunds.kind,
    refunds.reason,
    reasons.reason is not null as is_fault,
    refunds.refunded_amount,
    cast(
        {{ exact_product('refunds.refunded_amount', 'orders.margin_amount') }} / nullif(orders.net_amount, 0)
        as decimal(18, 2)
    ) as refunded_margin_amount
from refunds
inner join orders
    on refunds.source = orders.source
    and refunds.order_id = orders.order_id
left join reasons on refunds.reason = reasons.reason
