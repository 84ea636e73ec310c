{{ config(meta={'dagster': {'ref': {'name': 'fct_member_offer'}}}) }}

-- The total weight of an offer is the sum of the weights of its reasons, and no reason stands without its offer.
with reasons as (
    select
        member_key,
        as_of_date,
        offer_rank,
        count(*) as matched_rules,
        sum(weight) as total_weight
    from {{ ref('int_offers__reasons') }}
    group by member_key, as_of_date, offer_rank
)

select
    offers.member_key,
    reasons.member_key as member_key_of_reasons
from {{ ref('fct_member_offer') }} as offers
full outer join reasons
    on offers.member_key = reasons.member_key
    and offers.as_of_date = reasons.as_of_date
    and offers.offer_rank = reasons.offer_rank
where
    not coalesce(offers.total_weight = reasons.total_weight, false)
    or not coalesce(offers.matched_rules = reasons.matched_rules, false)
