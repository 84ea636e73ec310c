-- Only the days within history_days before a date count, so the fold reads half a year and not the whole past.
with order_items as (
    select * from {{ ref('fct_order_item') }}
    where
        is_purchase
        and member_key is not null
        and product_id is not null
),

products as (
    select * from {{ ref('dim_product') }}
),

offer_dates as (
    select * from {{ ref('int_offers__dates') }}
),

promotion_days as (
    select distinct scene_days.scene_on
    from {{ ref('int_offers__scene_days') }} as scene_days
    inner join {{ ref('scenes') }} as scenes on scene_days.scene = scenes.scene
    where scenes.is_promotion
),

recent_lines as (
    select *
    from order_items
    where ordered_on > (select min(offer_dates.history_from_on) from offer_dates)
),

baskets as (
    select
        source,
        order_key,
        count(distinct product_id) as products
    from recent_lines
    group by source, order_key
),

days as (
    select
        recent_lines.member_key,
        recent_lines.source,
        recent_lines.product_id,
        recent_lines.ordered_on,
        count(*) as order_lines,
        sum(case when recent_lines.discount_amount > 0 then 1 else 0 end) as promo_lines,
        sum(case when baskets.products = 1 then 1 else 0 end) as alone_lines,
        sum(recent_lines.net_amount) as net_amount
    from recent_lines
    inner join baskets
        on recent_lines.source = baskets.source
        and recent_lines.order_key = baskets.order_key
    group by recent_lines.member_key, recent_lines.source, recent_lines.product_id, recent_lines.ordered_on
)

select
    days.member_key,
    offer_dates.as_of_date,
    days.source,
    days.product_id,
    products.category,
    count(*) as purchase_days,
    min(days.ordered_on) as first_bought_on,
    max(days.ordered_on) as last_bought_on,
    {{ integer_sum('days.order_lines') }} as order_lines,
    {{ integer_sum('days.promo_lines') }} as promo_lines,
    {{ integer_sum('days.alone_lines') }} as alone_lines,
    {{ integer_sum('case when promotion_days.scene_on is not null then days.order_lines else 0 end') }}
        as promotion_day_lines,
    {{ money_sum('days.net_amount') }} as net_amount
from days
inner join offer_dates
    on days.ordered_on <= offer_dates.as_of_date
    and days.ordered_on > offer_dates.history_from_on
left join promotion_days on days.ordered_on = promotion_days.scene_on
left join products
    on days.source = products.source
    and days.product_id = products.product_id
group by days.member_key, offer_dates.as_of_date, days.source, days.product_id, products.category
