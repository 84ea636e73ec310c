-- The yardstick is exact and not drawn: a random product of the same category hits as often as the member bought such
-- products, over how many of them sell at all.
with offers as (
    select
        member_offers.*,
        products.category,
        reasons.rule as main_rule
    from {{ ref('fct_member_offer') }} as member_offers
    inner join {{ ref('dim_offer_date') }} as offer_dates on member_offers.as_of_date = offer_dates.as_of_date
    inner join {{ ref('dim_product') }} as products
        on member_offers.source = products.source
        and member_offers.product_id = products.product_id
    inner join {{ ref('fct_member_offer_reason') }} as reasons
        on member_offers.member_key = reasons.member_key
        and member_offers.as_of_date = reasons.as_of_date
        and member_offers.offer_rank = reasons.offer_rank
        and reasons.reason_rank = 1
    where offer_dates.is_matured
),

bought as (
    select distinct
        items.member_key,
        offer_dates.as_of_date,
        items.source,
        items.product_id
    from {{ ref('fct_order_item') }} as items
    cross join {{ ref('offer_settings') }} as limits
    inner join {{ ref('dim_offer_date') }} as offer_dates
        on items.ordered_on > offer_dates.as_of_date
        and items.ordered_on <= {{ add_days('offer_dates.as_of_date', 'limits.hit_days') }}
    where
        items.is_purchase
        and offer_dates.is_matured
),

categories as (
    select
        as_of_date,
        source,
        category,
        count(*) as products
    from {{ ref('fct_product_attributes') }}
    where buyers > 0
    group by as_of_date, source, category
),

bought_of_category as (
    select
        bought.member_key,
        bought.as_of_date,
        bought.source,
        products.category,
        count(*) as bought_products
    from bought
    inner join {{ ref('fct_product_attributes') }} as products
        on bought.as_of_date = products.as_of_date
        and bought.source = products.source
        and bought.product_id = products.product_id
    where products.buyers > 0
    group by bought.member_key, bought.as_of_date, bought.source, products.category
)

select
    offers.as_of_date,
    offers.offer_rank,
    offers.main_rule,
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
group by offers.as_of_date, offers.offer_rank, offers.main_rule
