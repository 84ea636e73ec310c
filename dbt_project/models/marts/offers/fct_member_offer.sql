-- An offer is the sum of its reasons.
with reasons as (
    select * from {{ ref('int_offers__reasons') }}
),

shelves as (
    select * from {{ ref('int_offers__shelves') }}
),

settings as (
    {{ settings('tag_settings', ['valid_days']) }}
),

weighed as (
    select
        member_key,
        as_of_date,
        offer_rank,
        source,
        product_id,
        count(*) as matched_rules,
        {{ integer_sum('weight') }} as total_weight
    from reasons
    group by member_key, as_of_date, offer_rank, source, product_id
)

select
    weighed.member_key,
    weighed.as_of_date,
    weighed.offer_rank,
    weighed.source,
    weighed.product_id,
    shelves.home_store_id as store_id,
    shelves.is_stock_known,
    weighed.matched_rules,
    weighed.total_weight,
    {{ add_days('weighed.as_of_date', '1') }} as starts_on,
    {{ add_days('weighed.as_of_date', 'settings.valid_days') }} as ends_on
from weighed
cross join settings
inner join shelves {{ on_offer_key('weighed', 'shelves', with_product=false) }}
