{{ config(materialized='table') }}

-- A table, for readers do not get what it is made of.
with offers as (
    select * from {{ ref('fct_member_offer') }}
),

products as (
    select * from {{ ref('dim_product') }}
),

stores as (
    select * from {{ ref('dim_store') }}
),

reasons as (
    select * from {{ ref('int_offers__reasons') }}
)

select
    offers.member_key,
    offers.as_of_date,
    offers.offer_rank,
    offers.source,
    offers.product_id,
    products.product_name,
    products.category,
    products.brand,
    products.list_price,
    offers.store_id,
    stores.store_name,
    offers.is_stock_known,
    offers.starts_on,
    offers.ends_on,
    offers.total_weight,
    offers.matched_rules,
    reasons.rule,
    reasons.reason_rank,
    reasons.weight,
    reasons.reason_en,
    reasons.reason_zh
from offers
inner join products
    on offers.source = products.source
    and offers.product_id = products.product_id
inner join reasons
    on offers.member_key = reasons.member_key
    and offers.as_of_date = reasons.as_of_date
    and offers.offer_rank = reasons.offer_rank
left join stores
    on offers.source = stores.source
    and offers.store_id = stores.store_id
