-- Heaviest first; between equals what more members buy, then by product, so that ranks are the same in every run.
with matches as (
    {{ offer_matches(ref('fct_offer_candidate')) }}
),

settings as (
    select * from {{ ref('offer_settings') }}
),

weighed as (
    select
        member_key,
        as_of_date,
        source,
        product_id,
        count(*) as matched_rules,
        {{ integer_sum('weight') }} as total_weight
    from matches
    group by member_key, as_of_date, source, product_id
),

ranked as (
    select
        weighed.*,
        row_number() over (
            partition by weighed.member_key, weighed.as_of_date
            order by weighed.total_weight desc, products.buyers desc, weighed.source asc, weighed.product_id asc
        ) as offer_rank
    from weighed
    inner join {{ ref('fct_product_attributes') }} as products
        on weighed.source = products.source
        and weighed.product_id = products.product_id
        and weighed.as_of_date = products.as_of_date
)

select
    ranked.member_key,
    ranked.as_of_date,
    cast(ranked.offer_rank as integer) as offer_rank,
    ranked.source,
    ranked.product_id,
    shelves.home_store_id as store_id,
    shelves.is_stock_known,
    ranked.matched_rules,
    ranked.total_weight,
    {{ add_days('ranked.as_of_date', '1') }} as starts_on,
    {{ add_days('ranked.as_of_date', 'settings.valid_days') }} as ends_on
from ranked
cross join settings
inner join {{ ref('fct_member_shelf') }} as shelves {{ on_offer_key('ranked', 'shelves', with_product=false) }}
where
    ranked.offer_rank <= settings.offers_per_member
    and ranked.total_weight >= settings.minimum_weight
