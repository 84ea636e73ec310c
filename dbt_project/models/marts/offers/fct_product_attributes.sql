{%- set tops = {'tier': 'value_tier', 'stage': 'stage', 'category_group': 'category_group'} -%}
-- The attributes that rules of product tags may use, as seeds/tags/attributes.csv lists them. Days per repeat purchase
-- count the days on which nothing was bought too, up to the as-of date: of a product that one buyer in a hundred bought
-- twice, the gap of that one says little about the others.
with products as (
    select * from {{ ref('dim_product') }}
),

settings as (
    {{ settings('tag_settings', ['history_days', 'week_days']) }}
),

offer_dates as (
    select * from {{ ref('int_offers__dates') }}
),

member_products as (
    select * from {{ ref('int_offers__member_products') }}
    where category is not null
),

audiences as (
    select * from {{ ref('int_offers__audiences') }}
    where is_top
),

category_buyers as (
    select
        as_of_date,
        source,
        category,
        count(distinct member_key) as buyers
    from member_products
    group by as_of_date, source, category
),

sales as (
    select
        as_of_date,
        source,
        product_id,
        count(*) as buyers,
        sum(case when purchase_days > 1 then 1 else 0 end) as repeat_buyers,
        {{ integer_sum('purchase_days') }} as purchase_days,
        {{ integer_sum('purchase_days - 1') }} as repeat_purchases,
        {{ integer_sum(days_between('first_bought_on', 'as_of_date')) }} as watched_days,
        {{ integer_sum('order_lines') }} as order_lines,
        {{ integer_sum('promo_lines') }} as promo_lines,
        {{ integer_sum('alone_lines') }} as alone_lines,
        {{ integer_sum('promotion_day_lines') }} as promotion_day_lines
    from member_products
    group by as_of_date, source, product_id
),

stock as (
    select
        as_of_date,
        source,
        product_id,
        count(*) as stores_counted,
        sum(case when units > 0 then 1 else 0 end) as stores_in_stock
    from {{ ref('int_offers__product_stores') }}
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
    {{ share('sales.buyers', 'category_buyers.buyers') }} as category_buyer_share,
    cast(
        coalesce(cast(sales.purchase_days as double) * settings.week_days / settings.history_days, 0) as decimal(12, 3)
    ) as weekly_purchases,
    {{ share('sales.repeat_buyers', 'sales.buyers') }} as repeat_buyer_share,
    cast(cast(sales.watched_days as double) / nullif(sales.repeat_purchases, 0) as decimal(12, 2))
        as replenishment_days,
    {{ share('sales.alone_lines', 'sales.order_lines') }} as bought_alone_share,
    {{ share('sales.promo_lines', 'sales.order_lines') }} as promo_sold_share,
    cast(
        (cast(sales.promotion_day_lines as double) / nullif(offer_dates.promotion_days, 0))
        * (settings.history_days - offer_dates.promotion_days)
        / nullif(sales.order_lines - sales.promotion_day_lines, 0)
        as decimal(12, 3)
    ) as promotion_uplift,
    top_tier.audience as top_tier,
    top_tier.audience_index as top_tier_index,
    top_stage.audience as top_stage,
    top_stage.audience_index as top_stage_index,
    top_category_group.audience as top_category_group,
    coalesce(stock.stores_counted, 0) as stores_counted,
    {{ share('stock.stores_in_stock', 'stock.stores_counted') }} as in_stock_store_share
from products
cross join offer_dates
cross join settings
left join sales
    on products.source = sales.source
    and products.product_id = sales.product_id
    and offer_dates.as_of_date = sales.as_of_date
left join category_buyers
    on products.source = category_buyers.source
    and products.category = category_buyers.category
    and offer_dates.as_of_date = category_buyers.as_of_date
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
