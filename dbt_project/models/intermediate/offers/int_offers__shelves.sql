-- Where offers of a member are looked for: the home store if it counted stock lately, and the category most spent in.
-- `any` stands for either that is not known.
with members as (
    select * from {{ ref('dim_member') }}
),

activity as (
    select
        member_key,
        as_of_date
    from {{ ref('member_activity') }}
),

counting_stores as (
    select distinct
        as_of_date,
        source,
        store_id
    from {{ ref('int_offers__product_stores') }}
),

sources as (
    select distinct source
    from {{ ref('dim_product') }}
),

spent as (
    select
        member_key,
        as_of_date,
        source,
        category,
        row_number() over (
            partition by member_key, as_of_date, source
            order by sum(net_amount) desc, category asc
        ) as spend_rank
    from {{ ref('int_offers__member_products') }}
    where category is not null
    group by member_key, as_of_date, source, category
)

select
    activity.member_key,
    activity.as_of_date,
    sources.source,
    case when members.home_store_source = sources.source then members.home_store_id end as home_store_id,
    coalesce(counting_stores.store_id, 'any') as store_id,
    counting_stores.store_id is not null as is_stock_known,
    coalesce(spent.category, 'any') as category
from activity
inner join {{ ref('int_offers__dates') }} as offer_dates on activity.as_of_date = offer_dates.as_of_date
inner join members on activity.member_key = members.member_key
cross join sources
left join counting_stores
    on activity.as_of_date = counting_stores.as_of_date
    and sources.source = counting_stores.source
    and members.home_store_source = counting_stores.source
    and members.home_store_id = counting_stores.store_id
left join spent
    on activity.member_key = spent.member_key
    and activity.as_of_date = spent.as_of_date
    and sources.source = spent.source
    and spent.spend_rank = 1
