-- The paths of both tags of a conflict are held against the member at once: no list of all tags met is made or joined.
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
)

select distinct
    holders.member_key,
    holders.as_of_date,
    conflicts.over_tag,
    conflicts.tag
from conflicts
inner join paths as weaker on conflicts.over_tag = weaker.tag
inner join paths as stronger on conflicts.tag = stronger.tag
inner join holders
    on {{ path_is_met(tag_attributes(), 'weaker') }}
    and {{ path_is_met(tag_attributes(), 'stronger') }}
