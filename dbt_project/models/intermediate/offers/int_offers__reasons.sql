-- A rule matches when every part of it that is filled does: the member holds the tag, the product holds the tag, the
-- scene holds, the link is that of the candidate. Members and products are matched with the rules apart, so that
-- candidates meet only what is left. Heaviest first; between equals what more members buy, then by product, so that
-- ranks are the same in every run.
with candidates as (
    select * from {{ ref('int_offers__candidates') }}
),

rules as (
    select * from {{ ref('offer_rules') }}
),

settings as (
    {{ settings('tag_settings', ['minimum_weight', 'offers_per_member']) }}
),

products as (
    select * from {{ ref('fct_product_attributes') }}
),

product_tags as (
    select * from {{ ref('fct_product_tag') }}
),

member_rules as (
    select * from {{ ref('int_offers__member_rules') }}
),

product_rules as (
    select
        products.source,
        products.product_id,
        products.as_of_date,
        rules.rule,
        rules.link,
        rules.weight
    from products
    cross join rules
    left join product_tags
        on products.source = product_tags.source
        and products.product_id = product_tags.product_id
        and products.as_of_date = product_tags.as_of_date
        and rules.product_tag = product_tags.tag
    where
        rules.product_tag is null
        or product_tags.tag is not null
),

matches as (
    select distinct
        candidates.member_key,
        candidates.as_of_date,
        candidates.source,
        candidates.product_id,
        product_rules.rule,
        product_rules.weight
    from candidates
    inner join product_rules
        on candidates.as_of_date = product_rules.as_of_date
        and candidates.source = product_rules.source
        and candidates.product_id = product_rules.product_id
        and candidates.link = coalesce(product_rules.link, candidates.link)
    inner join member_rules
        on candidates.member_key = member_rules.member_key
        and candidates.as_of_date = member_rules.as_of_date
        and product_rules.rule = member_rules.rule
),

weighed as (
    select
        member_key,
        as_of_date,
        source,
        product_id,
        sum(weight) as total_weight
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
    inner join products
        on weighed.source = products.source
        and weighed.product_id = products.product_id
        and weighed.as_of_date = products.as_of_date
)

select
    matches.member_key,
    matches.as_of_date,
    cast(ranked.offer_rank as integer) as offer_rank,
    cast(row_number() over (
        partition by matches.member_key, matches.as_of_date, ranked.offer_rank
        order by matches.weight desc, matches.rule asc
    ) as integer) as reason_rank,
    matches.source,
    matches.product_id,
    matches.rule,
    matches.weight,
    rules.reason_en,
    rules.reason_zh
from ranked
cross join settings
inner join matches {{ on_offer_key('ranked', 'matches') }}
inner join rules on matches.rule = rules.rule
where
    ranked.offer_rank <= settings.offers_per_member
    and ranked.total_weight >= settings.minimum_weight
