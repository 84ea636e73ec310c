{%- set audiences = ['value_tier', 'stage', 'category_group'] -%}
-- How much more often a kind of member is found among a product's buyers than among all buyers.
with sales as (
    select * from {{ ref('fct_product_sales') }}
),

bought as (
    select
        member_products.as_of_date,
        member_products.source,
        member_products.product_id,
        members.value_tier,
        members.stage,
        members.category_group,
        row_number() over (
            partition by member_products.as_of_date, member_products.member_key
            order by member_products.source, member_products.product_id
        ) = 1 as is_first
    from {{ ref('fct_member_product') }} as member_products
    inner join {{ ref('member_attributes') }} as members
        on member_products.member_key = members.member_key
        and member_products.as_of_date = members.as_of_date
),

everybody as (
    select
        as_of_date,
        count(*) as all_buyers
    from bought
    where is_first
    group by as_of_date
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
        {{ share('counted.buyers', 'sales.buyers') }} as buyer_share,
        cast(
            cast(counted.buyers as double) * everybody.all_buyers
            / (cast(sales.buyers as double) * counted.of_audience) as decimal(12, 3)
        ) as audience_index,
        sales.buyers >= limits.minimum_audience_buyers as has_enough_buyers
    from counted
    cross join {{ ref('offer_settings') }} as limits
    inner join everybody on counted.as_of_date = everybody.as_of_date
    inner join sales
        on counted.as_of_date = sales.as_of_date
        and counted.source = sales.source
        and counted.product_id = sales.product_id
)

select
    as_of_date,
    source,
    product_id,
    audience_kind,
    audience,
    buyers,
    buyer_share,
    audience_index,
    has_enough_buyers
    and row_number() over (
        partition by as_of_date, source, product_id, audience_kind
        order by audience_index desc, buyers desc, audience asc
    ) = 1 as is_top
from indexed
