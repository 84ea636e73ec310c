with chain_products as (
    select * from {{ ref('stg_chain__products') }}
),

complete_journey_products as (
    select * from {{ ref('stg_complete_journey__products') }}
),

categories as (
    select * from {{ ref('categories') }}
),

products as (
    select
        source,
        product_id,
        product_name,
        category,
        brand,
        pack_size,
        list_price
    from chain_products
    union all
    select
        source,
        product_id,
        product_name,
        category,
        brand,
        pack_size,
        cast(null as decimal(18, 2)) as list_price
    from complete_journey_products
)

-- A category that nobody has put into a group belongs to the general one; the test on dim_product counts them.
select
    products.source,
    products.product_id,
    products.product_name,
    products.category,
    coalesce(categories.category_group, '{{ var("general_category_group") }}') as category_group,
    categories.category_group is not null as is_category_known,
    products.brand,
    products.pack_size,
    products.list_price
from products
left join categories on products.category = categories.category
