-- As dim_tag_path, for the tags of products.
with rules as (
    select * from {{ ref('product_tag_rules') }}
),

catalogue as (
    select * from {{ ref('product_attributes') }}
),

comparisons as (
    select * from {{ ref('tag_operators') }}
),

{{ tag_paths() }}
