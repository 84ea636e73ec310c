-- Never members times products: what a member used, marked or looked at, and a handful from one shelf.
with shelves as (
    select * from {{ ref('int_offers__shelves') }}
),

settings as (
    {{ settings('tag_settings', ['favourite_days', 'trigger_days', 'refund_days']) }}
),

replenishments as (
    select * from {{ ref('int_offers__replenishments') }}
),

found as (
    select
        member_key,
        as_of_date,
        source,
        product_id,
        replenishment as link
    from replenishments
    where replenishment <> 'early'
    union all
    {{ marked_products(ref('int_favourites'), 'favourited_on', 'favourite', 'favourite_days') }}
    union all
    {{ marked_products(ref('fct_event'), 'happened_on', 'viewed', 'trigger_days') }}
    union all
    select
        shelves.member_key,
        shelves.as_of_date,
        shelves.source,
        top_products.product_id,
        case when shelves.category = 'any' then 'popular' else 'own_category' end as link
    from shelves
    inner join {{ ref('int_offers__top_products') }} as top_products
        on shelves.as_of_date = top_products.as_of_date
        and shelves.source = top_products.source
        and shelves.store_id = top_products.store_id
        and shelves.category = top_products.category
),

refunded as (
    select distinct
        refunds.member_key,
        offer_dates.as_of_date,
        items.source,
        items.product_id
    from {{ ref('fct_refund') }} as refunds
    cross join settings
    inner join {{ ref('int_offers__dates') }} as offer_dates
        on refunds.refunded_on <= offer_dates.as_of_date
        and {{ add_days('offer_dates.as_of_date', '-settings.refund_days') }} < refunds.refunded_on
    inner join {{ ref('fct_order_item') }} as items
        on refunds.order_key = items.order_key
)

select distinct
    found.member_key,
    found.as_of_date,
    found.source,
    found.product_id,
    found.link
from found
inner join shelves {{ on_offer_key('found', 'shelves', with_product=false) }}
inner join {{ ref('dim_product') }} as products
    on found.source = products.source
    and found.product_id = products.product_id
left join {{ ref('int_offers__product_stores') }} as stock
    on found.as_of_date = stock.as_of_date
    and found.source = stock.source
    and found.product_id = stock.product_id
    and shelves.home_store_id = stock.store_id
left join replenishments {{ on_offer_key('found', 'replenishments') }}
left join refunded {{ on_offer_key('found', 'refunded') }}
where
    (not shelves.is_stock_known or stock.units > 0)
    and coalesce(replenishments.replenishment, 'due') <> 'early'
    and refunded.product_id is null
