-- Days per repeat purchase count the days on which nothing was bought too, up to the as-of date: of a product that one
-- buyer in a hundred bought twice, the gap of that one says little about the others.
with member_products as (
    select * from {{ ref('fct_member_product') }}
),

products as (
    select * from {{ ref('dim_product') }}
),

settings as (
    select * from {{ ref('offer_settings') }}
),

promotion_days as (
    select
        dim_offer_date.as_of_date,
        count(distinct fct_scene_day.scene_on) as promotion_days
    from {{ ref('dim_offer_date') }} as dim_offer_date
    cross join settings
    inner join {{ ref('fct_scene_day') }} as fct_scene_day
        on dim_offer_date.as_of_date >= fct_scene_day.scene_on
        and {{ add_days('dim_offer_date.as_of_date', '-settings.history_days') }} < fct_scene_day.scene_on
    inner join {{ ref('scenes') }} as scenes on fct_scene_day.scene = scenes.scene
    where scenes.is_promotion
    group by dim_offer_date.as_of_date
),

category_buyers as (
    select
        member_products.as_of_date,
        products.source,
        products.category,
        count(distinct member_products.member_key) as buyers
    from member_products
    inner join products
        on member_products.source = products.source
        and member_products.product_id = products.product_id
    group by member_products.as_of_date, products.source, products.category
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
)

select
    sales.as_of_date,
    sales.source,
    sales.product_id,
    sales.buyers,
    {{ share('sales.buyers', 'category_buyers.buyers') }} as category_buyer_share,
    cast(cast(sales.purchase_days as double) * settings.week_days / settings.history_days as decimal(12, 3))
        as weekly_purchases,
    {{ share('sales.repeat_buyers', 'sales.buyers') }} as repeat_buyer_share,
    cast(cast(sales.watched_days as double) / nullif(sales.repeat_purchases, 0) as decimal(12, 2))
        as replenishment_days,
    {{ share('sales.alone_lines', 'sales.order_lines') }} as bought_alone_share,
    {{ share('sales.promo_lines', 'sales.order_lines') }} as promo_sold_share,
    cast(
        (cast(sales.promotion_day_lines as double) / nullif(promotion_days.promotion_days, 0))
        * (settings.history_days - promotion_days.promotion_days)
        / nullif(sales.order_lines - sales.promotion_day_lines, 0)
        as decimal(12, 3)
    ) as promotion_uplift
from sales
cross join settings
inner join products
    on sales.source = products.source
    and sales.product_id = products.product_id
inner join category_buyers
    on sales.as_of_date = category_buyers.as_of_date
    and products.source = category_buyers.source
    and products.category = category_buyers.category
left join promotion_days on sales.as_of_date = promotion_days.as_of_date
