-- A refund counts against an order that counts, from the order's day on, and no further than what was paid: what
-- several refunds of an order give back beyond that is surplus, in the order of their days. All others wait for their
-- order (fct_unmatched_row counts them).
with refunds as (
    select * from {{ ref('stg_chain__refunds') }}
),

orders as (
    {{ orders_by_reference() }}
),

reasons as (
    select * from {{ ref('refund_reasons') }}
    where is_fault
),

matched as (
    select
        refunds.*,
        orders.order_key,
        orders.member_key,
        orders.net_amount,
        orders.margin_amount,
        coalesce(sum(refunds.refunded_amount) over (
            partition by orders.order_key
            order by refunds.refunded_on, refunds.refund_key
            rows between unbounded preceding and 1 preceding
        ), 0) as refunded_before
    from refunds
    inner join orders on refunds.order_reference_key = orders.order_reference_key
    where orders.status = 'completed' and refunds.refunded_on >= orders.ordered_on
),

counted as (
    select
        *,
        {{ money('least(refunded_amount, greatest(net_amount - refunded_before, 0))') }} as counted_amount
    from matched
)

-- The margin lost with a refund is the order's margin rate on the money returned.
select
    counted.source,
    counted.refund_key,
    counted.refund_id,
    counted.order_key,
    counted.member_key,
    counted.refunded_on,
    counted.kind,
    counted.reason,
    reasons.reason is not null as is_fault,
    counted.counted_amount as refunded_amount,
    {{ money('counted.refunded_amount - counted.counted_amount') }} as surplus_amount,
    cast(
        {{ exact_product('counted.counted_amount', 'counted.margin_amount') }} / nullif(counted.net_amount, 0)
        as decimal(18, 2)
    ) as refunded_margin_amount
from counted
left join reasons on counted.reason = reasons.reason
where counted.counted_amount > 0 or counted.refunded_amount = 0
