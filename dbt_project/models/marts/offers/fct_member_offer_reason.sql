with offers as (
    select * from {{ ref('fct_member_offer') }}
),

chosen as (
    select candidates.*
    from {{ ref('fct_offer_candidate') }} as candidates
    inner join offers {{ on_offer_key('candidates', 'offers') }}
),

matches as (
    {{ offer_matches('chosen') }}
)

select
    matches.member_key,
    matches.as_of_date,
    offers.offer_rank,
    cast(row_number() over (
        partition by matches.member_key, matches.as_of_date, offers.offer_rank
        order by matches.weight desc, matches.rule asc
    ) as integer) as reason_rank,
    matches.rule,
    matches.weight,
    rules.reason_en,
    rules.reason_zh
from matches
inner join offers {{ on_offer_key('matches', 'offers') }}
inner join {{ ref('offer_rules') }} as rules on matches.rule = rules.rule
