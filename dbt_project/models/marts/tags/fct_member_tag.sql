-- Every member meets every path in one pass over the attributes: no rule is ever turned into SQL of its own.
with holders as (
    select * from {{ ref('member_attributes') }}
),

paths as (
    select
        dim_tag_path.*,
        tags.valid_from,
        coalesce(tags.valid_to, {{ end_of_time() }}) as valid_to
    from {{ ref('dim_tag_path') }} as dim_tag_path
    inner join {{ ref('tags') }} as tags on dim_tag_path.tag = tags.tag
),

conflicts as (
    select * from {{ ref('tag_conflicts') }}
),

{{ tags_held(['member_key', 'as_of_date'], tag_attributes()) }}
