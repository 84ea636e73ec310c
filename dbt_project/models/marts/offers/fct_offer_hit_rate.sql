{{ config(materialized='history') }}

-- The yardstick is exact and not drawn: a random product of the same category hits as often as the member bought such
-- products, over how many of them sell at all.
with limits as (
    {{ settings('tag_settings', ['hit_days']) }}
),

offer_dates as (
    select * from {{ ref('int_offers__dates') }}
    where is_matured
),

sold_products as (
    select * from {{ ref('fct_product_attributes') }}
    where buyers > 0
),

offers as (
    select
        reasons.*,
        products.category
    from {{ ref('int_offers__reasons') }} as reasons
    inner join offer_dates on reasons.as_of_date = offer_dates.as_of_date
    inner join {{ ref('dim_product') }} as products
        on reasons.source = products.source
        and reasons.product_id = products.product_id
    where reasons.reason_rank = 1
),

bought as (
    select distinct
        items.member_key,
        offer_dates.as_of_date,
        items.source,
        items.product_id
    from {{ ref('fct_order_item') }} as items
    cross join limits
    inner join offer_dates
        on items.ordered_on > offer_dates.as_of_date
        and items.ordered_on <= {{ add_days('offer_dates.as_of_date', 'limits.hit_days') }}
    where items.is_purchase
),

categories as (
    select
        as_of_date,
        source,
        category,
        count(*) as products
    from sold_products
    group by as_of_date, source, category
),

bought_of_category as (
    select
        bought.member_key,
        bought.as_of_date,
        bought.source,
        sold_products.category,
        count(*) as bought_products
    from bought
    inner join sold_products
        on bought.as_of_date = sold_products.as_of_date
        and bought.source = sold_products.source
        and bought.product_id = sold_products.product_id
    group by bought.member_key, bought.as_of_date, bought.source, sold_products.category
)

select
    offers.as_of_date,
    offers.offer_rank,
    offers.rule as main_rule,
    count(*) as offers,
    count(bought.product_id) as hits,
    {{ share('count(bought.product_id)', 'count(*)') }} as hit_share,
    {{ share('sum(coalesce(cast(of_category.bought_products as double) / categories.products, 0))', 'count(*)') }}
        as random_hit_share
from offers
left join bought {{ on_offer_key('offers', 'bought') }}
left join bought_of_category as of_category
    {{ on_offer_key('offers', 'of_category', with_product=false) }}
    and offers.category = of_category.category
left join categories
    on offers.as_of_date = categories.as_of_date
    and offers.source = categories.source
    and offers.category = categories.category
group by offers.as_of_date, offers.offer_rank, offers.rule
