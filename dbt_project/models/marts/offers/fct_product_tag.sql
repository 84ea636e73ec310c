{%- set shapes = tag_shapes(ref('dim_product_tag_path')) -%}
-- As fct_member_tag, for products: the same evaluator over another catalogue.
with holders as (
    select * from {{ ref('fct_product_attributes') }}
),

tag_paths as (
    select * from {{ ref('dim_product_tag_path') }}
),

tags as (
    select * from {{ ref('product_tags') }}
),

conflicts as (
    select * from {{ ref('product_tag_conflicts') }}
),

{{ tags_held(['source', 'product_id', 'as_of_date'], product_tag_attributes(), shapes) }}

select
    source,
    product_id,
    as_of_date,
    tag
from held
