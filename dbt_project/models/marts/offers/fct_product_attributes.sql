{%- set tops = {'tier': 'value_tier', 'stage': 'stage', 'category_group': 'category_group'} -%}
-- The attributes that rules of product tags may use, as seeds/tags/product_attributes.csv lists them.
with products as (
    select * from {{ ref('dim_product') }}
),

sales as (
    select * from {{ ref('fct_product_sales') }}
),

audiences as (
    select * from {{ ref('fct_product_audience') }}
    where is_top
),

stock as (
    select
        as_of_date,
        source,
        product_id,
        count(*) as stores_counted,
        sum(case when units > 0 then 1 else 0 end) as stores_in_stock
    from {{ ref('fct_product_store') }}
    group by as_of_date, source, product_id
)

select
    products.source,
    products.product_id,
    offer_dates.as_of_date,
    products.category,
    products.category_group,
    products.brand,
    products.list_price,
    coalesce(sales.buyers, 0) as buyers,
    sales.category_buyer_share,
    cast(coalesce(sales.weekly_purchases, 0) as decimal(12, 3)) as weekly_purchases,
    sales.repeat_buyer_share,
    sales.replenishment_days,
    sales.bought_alone_share,
    sales.promo_sold_share,
    sales.promotion_uplift,
    top_tier.audience as top_tier,
    top_tier.audience_index as top_tier_index,
    top_stage.audience as top_stage,
    top_stage.audience_index as top_stage_index,
    top_category_group.audience as top_category_group,
    coalesce(stock.stores_counted, 0) as stores_counted,
    {{ share('stock.stores_in_stock', 'stock.stores_counted') }} as in_stock_store_share
from products
cross join {{ ref('dim_offer_date') }} as offer_dates
left join sales
    on products.source = sales.source
    and products.product_id = sales.product_id
    and offer_dates.as_of_date = sales.as_of_date
{%- for name, kind in tops.items() %}
left join audiences as top_{{ name }}
    on products.source = top_{{ name }}.source
    and products.product_id = top_{{ name }}.product_id
    and offer_dates.as_of_date = top_{{ name }}.as_of_date
    and top_{{ name }}.audience_kind = '{{ kind }}'
{%- endfor %}
left join stock
    on products.source = stock.source
    and products.product_id = stock.product_id
    and offer_dates.as_of_date = stock.as_of_date
