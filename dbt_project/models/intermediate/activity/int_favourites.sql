-- Only products somebody marked are looked up among all events and purchases.
with events as (
    select * from {{ ref('fct_event') }}
    where product_id is not null
),

order_items as (
    select * from {{ ref('fct_order_item') }}
    where
        is_purchase
        and member_key is not null
),

favourites as (
    select distinct
        source,
        member_key,
        product_id,
        happened_on as favourited_on
    from events
    where event_type = 'favourite'
),

looks as (
    select
        source,
        member_key,
        product_id,
        happened_on as looked_on
    from events
    union all
    select
        source,
        member_key,
        product_id,
        ordered_on as looked_on
    from order_items
)

select
    favourites.source,
    favourites.member_key,
    favourites.product_id,
    favourites.favourited_on,
    min(looks.looked_on) as revisited_on
from favourites
left join looks
    on favourites.source = looks.source
    and favourites.member_key = looks.member_key
    and favourites.product_id = looks.product_id
    and favourites.favourited_on < looks.looked_on
group by favourites.source, favourites.member_key, favourites.product_id, favourites.favourited_on
