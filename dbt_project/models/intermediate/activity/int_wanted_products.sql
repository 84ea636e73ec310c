-- What a member would come for: the products marked last, and those bought last. Each is wanted until the member marks,
-- or buys, something again, so no later fact is needed to know it at a date.
with favourites as (
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

days as (
    select
        wanted_because,
        member_key,
        wanted_from_on,
        coalesce(
            lead(wanted_from_on) over (partition by wanted_because, member_key order by wanted_from_on),
            {{ end_of_time() }}
        ) as wanted_until_on
    from (
        select distinct
            wanted_because,
            member_key,
            wanted_from_on
        from wishes
    ) as wish_days
)

select
    wishes.member_key,
    wishes.wanted_because,
    wishes.source,
    wishes.product_id,
    wishes.wanted_from_on,
    days.wanted_until_on
from wishes
inner join days
    on wishes.wanted_because = days.wanted_because
    and wishes.member_key = days.member_key
    and wishes.wanted_from_on = days.wanted_from_on
