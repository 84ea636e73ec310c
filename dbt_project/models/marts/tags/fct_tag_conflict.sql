-- Only tags that some conflict names are looked at: a quarter of the work that all of them take.
with holders as (
    select * from {{ ref('member_attributes') }}
),

conflicts as (
    select * from {{ ref('tag_conflicts') }}
),

paths as (
    select
        dim_tag_path.*,
        tags.valid_from,
        coalesce(tags.valid_to, {{ end_of_time() }}) as valid_to
    from {{ ref('dim_tag_path') }} as dim_tag_path
    inner join {{ ref('tags') }} as tags on dim_tag_path.tag = tags.tag
    where
        dim_tag_path.tag in (select conflicts.tag from conflicts)
        or dim_tag_path.tag in (select conflicts.over_tag from conflicts)
),

met as (
    {{ tags_met(['member_key', 'as_of_date'], tag_attributes()) }}
)

select
    weaker.member_key,
    weaker.as_of_date,
    weaker.tag as over_tag,
    stronger.tag
from met as weaker
inner join conflicts on weaker.tag = conflicts.over_tag
inner join met as stronger
    on weaker.member_key = stronger.member_key
    and weaker.as_of_date = stronger.as_of_date
    and conflicts.tag = stronger.tag
