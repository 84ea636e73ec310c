-- What a member would come for: the products marked last, and those bought last. Each is wanted until the member marks,
-- or buys, something again, so no later fact is needed to know it at a date. Only shelves known to be empty count; a
-- product that the home store does not carry, or has not counted lately, is not known to be out.
with out_of_stock as (
    select * from {{ ref('fct_stock') }}
    where is_out_of_stock
),

members as (
    select * from {{ ref('dim_member') }}
),

favourites as (
    select * from {{ ref('int_favourites') }}
),

order_items as (
    select * from {{ ref('fct_order_item') }}
    where
        is_purchase
        and member_key is not null
),

wishes as (
    select
        'favourite' as wanted_because,
        source,
        member_key,
        product_id,
        favourited_on as wanted_from_on
    from favourites
    union
    select
        'last_bought' as wanted_because,
        source,
        member_key,
        product_id,
        ordered_on as wanted_from_on
    from order_items
),

wish_days as (
    select
        wanted_because,
        member_key,
        wanted_from_on,
        lead(wanted_from_on) over (
            partition by wanted_because, member_key order by wanted_from_on
        ) as wanted_until_on
    from wishes
    group by wanted_because, member_key, wanted_from_on
)

select
    wishes.member_key,
    out_of_stock.as_of_date,
    wishes.wanted_because,
    wishes.source,
    wishes.product_id,
    out_of_stock.store_id,
    out_of_stock.counted_on,
    cast(row_number() over (
        partition by wishes.member_key, out_of_stock.as_of_date
        order by wishes.wanted_because asc, wishes.source asc, wishes.product_id asc
    ) as integer) as missed_rank
from out_of_stock
inner join members
    on out_of_stock.source = members.home_store_source
    and out_of_stock.store_id = members.home_store_id
inner join wishes
    on members.member_key = wishes.member_key
    and out_of_stock.source = wishes.source
    and out_of_stock.product_id = wishes.product_id
    and out_of_stock.as_of_date >= wishes.wanted_from_on
inner join wish_days
    on wishes.wanted_because = wish_days.wanted_because
    and wishes.member_key = wish_days.member_key
    and wishes.wanted_from_on = wish_days.wanted_from_on
    and (out_of_stock.as_of_date < wish_days.wanted_until_on or wish_days.wanted_until_on is null)
