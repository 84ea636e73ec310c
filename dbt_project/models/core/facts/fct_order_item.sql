with chain_order_items as (
    select * from {{ ref('stg_chain__order_items') }}
),

complete_journey_order_items as (
    select * from {{ ref('int_complete_journey_order_items') }}
),

orders as (
    select * from {{ ref('fct_order') }}
),

products as (
    select * from {{ ref('dim_product') }}
),

{%- set item_columns %}
        source,
        order_id,
        line_number,
        product_id,
        quantity,
        net_amount,
        discount_amount,
        cost_amount
{%- endset %}

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
    items.order_id,
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
inner join orders
    on items.source = orders.source
    and items.order_id = orders.order_id
left join products
    on items.source = products.source
    and items.product_id = products.product_id
order by
    {{ dbt.date_trunc('month', 'orders.ordered_on') }},
    orders.member_key,
    orders.ordered_on,
    items.order_id,
    items.line_number
