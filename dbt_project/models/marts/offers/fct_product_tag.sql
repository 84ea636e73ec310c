{%- set shapes = tag_shapes(ref('dim_tag_path'), 'product') -%}
-- As fct_member_tag, for products.
with holders as (
    select * from {{ ref('fct_product_attributes') }}
),

tag_paths as (
    select * from {{ ref('dim_tag_path') }}
    where subject = 'product'
),

tags as (
    select * from {{ ref('tags') }}
),

conflicts as (
    select * from {{ ref('tag_conflicts') }}
),

{{ tags_held(['source', 'product_id', 'as_of_date'], shapes) }}

select
    source,
    product_id,
    as_of_date,
    tag
from held
