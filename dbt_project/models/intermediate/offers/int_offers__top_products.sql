-- The shelf `any` and the category `any` serve members whose store or category is not known.
with limits as (
    {{ settings('tag_settings', ['top_products', 'top_products_per_tag']) }}
),

products as (
    select * from {{ ref('fct_product_attributes') }}
    where buyers > 0
),

stock as (
    select * from {{ ref('int_offers__product_stores') }}
    where units > 0
),

product_tags as (
    select * from {{ ref('fct_product_tag') }}
),

tags_in_rules as (
    select distinct product_tag
    from {{ ref('offer_rules') }}
    where product_tag is not null
),

on_shelf as (
    select
        as_of_date,
        source,
        store_id,
        product_id
    from stock
    union all
    select
        as_of_date,
        source,
        'any' as store_id,
        product_id
    from products
),

placed as (
    {%- for category in ("coalesce(products.category, 'any')", "'any'") %}
    select
        on_shelf.*,
        {{ category }} as category,
        products.buyers
    from on_shelf
    inner join products
        on on_shelf.as_of_date = products.as_of_date
        and on_shelf.source = products.source
        and on_shelf.product_id = products.product_id
    {{- "
    union" if not loop.last }}
    {%- endfor %}
),

ranked as (
    select
        placed.*,
        tags_in_rules.product_tag,
        row_number() over (
            partition by placed.as_of_date, placed.source, placed.store_id, placed.category, tags_in_rules.product_tag
            order by placed.buyers desc, placed.product_id asc
        ) as tag_rank,
        dense_rank() over (
            partition by placed.as_of_date, placed.source, placed.store_id, placed.category
            order by placed.buyers desc, placed.product_id asc
        ) as top_rank
    from placed
    left join product_tags
        on placed.as_of_date = product_tags.as_of_date
        and placed.source = product_tags.source
        and placed.product_id = product_tags.product_id
    left join tags_in_rules on product_tags.tag = tags_in_rules.product_tag
)

select
    ranked.as_of_date,
    ranked.source,
    ranked.store_id,
    ranked.category,
    ranked.product_id,
    cast(min(ranked.top_rank) as integer) as top_rank
from ranked
cross join limits
where
    ranked.top_rank <= limits.top_products
    or (ranked.product_tag is not null and ranked.tag_rank <= limits.top_products_per_tag)
group by ranked.as_of_date, ranked.source, ranked.store_id, ranked.category, ranked.product_id
