with chain_orders as (
    select * from {{ ref('stg_chain__orders') }}
),

complete_journey_orders as (
    select * from {{ ref('int_complete_journey_orders') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

{%- set order_columns %}
        source,
        order_id,
        system,
        member_id,
        store_id,
        channel,
        ordered_on,
        ordered_hour,
        status,
        gross_amount,
        discount_amount,
        net_amount,
        cost_amount,
        is_campaign
{%- endset %}

orders as (
    select
        {{- order_columns }}
    from chain_orders
    union all
    select
        {{- order_columns }}
    from complete_journey_orders
)

-- An order without member stays: an anonymous sale is a sale.
select
    orders.source,
    orders.order_id,
    member_records.member_key,
    orders.store_id,
    orders.channel,
    orders.ordered_on,
    orders.ordered_hour,
    orders.status,
    orders.status = 'completed' and orders.net_amount > 0 as is_purchase,
    orders.is_campaign or orders.discount_amount > 0 as is_promo,
    orders.gross_amount,
    orders.discount_amount,
    orders.net_amount,
    orders.cost_amount,
    {{ money('orders.net_amount - orders.cost_amount') }} as margin_amount
from orders
left join member_records
    on orders.source = member_records.source
    and orders.system = member_records.system
    and orders.member_id = member_records.member_id
order by
    {{ dbt.date_trunc('month', 'orders.ordered_on') }},
    member_records.member_key,
    orders.ordered_on,
    orders.order_id
