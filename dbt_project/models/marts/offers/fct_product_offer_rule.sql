-- The product's half of a rule: its tag.
with rules as (
    select * from {{ ref('offer_rules') }}
),

products as (
    select * from {{ ref('fct_product_attributes') }}
),

product_tags as (
    select * from {{ ref('fct_product_tag') }}
)

select
    products.source,
    products.product_id,
    products.as_of_date,
    rules.rule
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
