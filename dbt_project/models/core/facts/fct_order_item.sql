{%- set item_columns %}
        source,
        order_reference_key,
        line_number,
        product_id,
        quantity,
        net_amount,
        discount_amount,
        cost_amount
{%- endset -%}
with chain_order_items as (
    select * from {{ ref('stg_chain__order_items') }}
),

transactions as (
    select * from {{ ref('stg_complete_journey__transactions') }}
),

orders as (
    {{ orders_by_reference() }}
),

products as (
    select * from {{ ref('dim_product') }}
),

-- The lines of a Complete Journey basket have no number of their own.
complete_journey_order_items as (
    select
        source,
        {{ id_key('order_id') }} as order_reference_key,
        cast(row_number() over (partition by order_id order by product_id) as integer) as line_number,
        product_id,
        quantity,
        cast(sales_amount - coupon_discount_amount as decimal(18, 2)) as net_amount,
        cast(coupon_discount_amount + coupon_match_amount as decimal(18, 2)) as discount_amount,
        cast(null as decimal(18, 2)) as cost_amount
    from transactions
),

items as (
    select
        {{- item_columns }}
    from chain_order_items
    union all
    select
        {{- item_columns }}
    from complete_journey_order_items
)

select
    items.source,
    orders.order_key,
    items.line_number,
    orders.member_key,
    orders.ordered_on,
    orders.is_purchase,
    items.product_id,
    coalesce(products.category_group, '{{ var("general_category_group") }}') as category_group,
    items.quantity,
    items.net_amount,
    items.discount_amount,
    {{ money('items.net_amount - items.cost_amount') }} as margin_amount
from items
inner join orders on items.order_reference_key = orders.order_reference_key
left join products
    on items.source = products.source
    and items.product_id = products.product_id
order by
    {{ dbt.date_trunc('month', 'orders.ordered_on') }},
    orders.member_key,
    orders.ordered_on,
    orders.order_key,
    items.line_number
