-- Tags that no product holds are counted too.
with held as (
    select
        as_of_date,
        tag,
        count(*) as products
    from {{ ref('fct_product_tag') }}
    group by as_of_date, tag
),

assortment as (
    select
        as_of_date,
        count(*) as products
    from {{ ref('fct_product_attributes') }}
    group by as_of_date
),

tags as (
    select * from {{ ref('dim_product_tag') }}
),

shares as (
    select
        assortment.as_of_date,
        tags.tag,
        tags.lowest_expected_share,
        tags.highest_expected_share,
        coalesce(held.products, 0) as products,
        {{ share('coalesce(held.products, 0)', 'assortment.products') }} as product_share
    from assortment
    inner join tags
        on assortment.as_of_date >= tags.starts_on
        and assortment.as_of_date <= coalesce(tags.ends_on, {{ end_of_time() }})
    left join held
        on assortment.as_of_date = held.as_of_date
        and tags.tag = held.tag
)

select
    as_of_date,
    tag,
    products,
    product_share,
    lowest_expected_share,
    highest_expected_share,
    product_share between lowest_expected_share and highest_expected_share as is_as_expected
from shares
