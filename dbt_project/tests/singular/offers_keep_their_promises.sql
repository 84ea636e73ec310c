{{ config(meta={'dagster': {'ref': {'name': 'fct_member_offer'}}}) }}

-- What an offer promises, asked of the facts again: on the shelf of the home store where stock is known there, not
-- before it is due, nothing lately refunded, and no more than the member may get.
with offers as (
    select * from {{ ref('fct_member_offer') }}
),

settings as (
    {{ settings('tag_settings', ['refund_days', 'offers_per_member']) }}
),

refunded as (
    select distinct
        refunds.member_key,
        refunds.refunded_on,
        items.source,
        items.product_id
    from {{ ref('fct_refund') }} as refunds
    inner join {{ ref('fct_order_item') }} as items
        on refunds.order_key = items.order_key
)

select
    offers.member_key,
    offers.as_of_date,
    offers.product_id
from offers
cross join settings
left join {{ ref('int_offers__product_stores') }} as stock
    on offers.as_of_date = stock.as_of_date
    and offers.source = stock.source
    and offers.store_id = stock.store_id
    and offers.product_id = stock.product_id
left join {{ ref('int_offers__replenishments') }} as replenishments
    on offers.member_key = replenishments.member_key
    and offers.as_of_date = replenishments.as_of_date
    and offers.source = replenishments.source
    and offers.product_id = replenishments.product_id
left join refunded
    on offers.member_key = refunded.member_key
    and offers.source = refunded.source
    and offers.product_id = refunded.product_id
    and offers.as_of_date >= refunded.refunded_on
    and {{ add_days('offers.as_of_date', '-settings.refund_days') }} < refunded.refunded_on
where
    (offers.is_stock_known and coalesce(stock.units, 0) <= 0)
    or replenishments.replenishment = 'early'
    or refunded.product_id is not null
    or offers.offer_rank > settings.offers_per_member
