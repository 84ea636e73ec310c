-- As fct_member_tag, for products: the same evaluator over another catalogue.
with holders as (
    select * from {{ ref('fct_product_attributes') }}
),

paths as (
    select
        dim_product_tag_path.*,
        tags.valid_from,
        coalesce(tags.valid_to, {{ end_of_time() }}) as valid_to
    from {{ ref('dim_product_tag_path') }} as dim_product_tag_path
    inner join {{ ref('product_tags') }} as tags on dim_product_tag_path.tag = tags.tag
),

conflicts as (
    select * from {{ ref('product_tag_conflicts') }}
),

{{ tags_held(['source', 'product_id', 'as_of_date'], product_tag_attributes()) }}
