-- Only shelves known to be empty count; a product that the home store does not carry, or has not counted lately, is not
-- known to be out.
with out_of_stock as (
    select * from {{ ref('fct_stock') }}
    where is_out_of_stock
),

members as (
    select * from {{ ref('dim_member') }}
),

wanted_products as (
    select * from {{ ref('int_wanted_products') }}
)

select
    wanted_products.member_key,
    out_of_stock.as_of_date,
    wanted_products.wanted_because,
    wanted_products.source,
    wanted_products.product_id,
    out_of_stock.store_id,
    out_of_stock.counted_on,
    cast(row_number() over (
        partition by wanted_products.member_key, out_of_stock.as_of_date
        order by wanted_products.wanted_because asc, wanted_products.source asc, wanted_products.product_id asc
    ) as integer) as missed_rank
from out_of_stock
inner join members on out_of_stock.store_id = members.home_store_id
inner join wanted_products
    on members.member_key = wanted_products.member_key
    and out_of_stock.source = wanted_products.source
    and out_of_stock.product_id = wanted_products.product_id
    and out_of_stock.as_of_date >= wanted_products.wanted_from_on
    and out_of_stock.as_of_date < wanted_products.wanted_until_on
