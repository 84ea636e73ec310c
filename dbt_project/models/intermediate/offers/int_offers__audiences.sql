{%- set audiences = ['value_tier', 'stage', 'category_group'] -%}
-- How much more often a kind of member is found among a product's buyers than among all buyers.
with member_products as (
    select * from {{ ref('int_offers__member_products') }}
),

activity as (
    select * from {{ ref('member_activity') }}
),

lifecycle as (
    select * from {{ ref('member_lifecycle') }}
),

value_tiers as (
    select * from {{ ref('member_value_tier') }}
),

settings as (
    {{ settings('tag_settings', ['minimum_audience_buyers']) }}
),

bought as (
    select
        member_products.as_of_date,
        member_products.source,
        member_products.product_id,
        value_tiers.value_tier,
        lifecycle.stage,
        activity.category_group,
        row_number() over (
            partition by member_products.as_of_date, member_products.member_key
            order by member_products.source, member_products.product_id
        ) = 1 as is_first
    from member_products
    inner join activity
        on member_products.member_key = activity.member_key
        and member_products.as_of_date = activity.as_of_date
    left join lifecycle
        on member_products.member_key = lifecycle.member_key
        and member_products.as_of_date = lifecycle.as_of_date
    left join value_tiers
        on member_products.member_key = value_tiers.member_key
        and member_products.as_of_date = value_tiers.as_of_date
),

everybody as (
    select
        as_of_date,
        count(*) as all_buyers
    from bought
    where is_first
    group by as_of_date
),

sold as (
    select
        as_of_date,
        source,
        product_id,
        count(*) as buyers
    from member_products
    where category is not null
    group by as_of_date, source, product_id
),

counted as (
    {%- for audience in audiences %}
    select
        as_of_date,
        source,
        product_id,
        '{{ audience }}' as audience_kind,
        {{ audience }} as audience,
        count(*) as buyers,
        sum(sum(case when is_first then 1 else 0 end)) over (partition by as_of_date, {{ audience }}) as of_audience
    from bought
    where {{ audience }} is not null
    group by as_of_date, source, product_id, {{ audience }}
    {{- "
    union all" if not loop.last }}
    {%- endfor %}
),

indexed as (
    select
        counted.*,
        cast(
            cast(counted.buyers as double) * everybody.all_buyers
            / (cast(sold.buyers as double) * counted.of_audience) as decimal(12, 3)
        ) as audience_index,
        sold.buyers >= settings.minimum_audience_buyers as has_enough_buyers
    from counted
    cross join settings
    inner join everybody on counted.as_of_date = everybody.as_of_date
    inner join sold
        on counted.as_of_date = sold.as_of_date
        and counted.source = sold.source
        and counted.product_id = sold.product_id
)

select
    as_of_date,
    source,
    product_id,
    audience_kind,
    audience,
    buyers,
    audience_index,
    has_enough_buyers
    and row_number() over (
        partition by as_of_date, source, product_id, audience_kind
        order by audience_index desc, buyers desc, audience asc
    ) = 1 as is_top
from indexed
