{%- set shapes = tag_shapes(ref('dim_tag_path'), 'member', only_of=ref('tag_conflicts')) -%}
-- Only the paths of tags that have a conflict are looked at.
with holders as (
    select * from {{ ref('member_attributes') }}
),

conflicts as (
    select * from {{ ref('tag_conflicts') }}
),

tag_paths as (
    select * from {{ ref('dim_tag_path') }}
    where
        subject = 'member'
        and {{ tag_is_in_conflict('conflicts') }}
),

tags as (
    select * from {{ ref('tags') }}
),

{{ tag_bits(['member_key', 'as_of_date'], shapes) }}

select distinct
    bits.member_key,
    bits.as_of_date,
    conflicts.over_tag,
    conflicts.tag
from conflicts
inner join paths as weaker on conflicts.over_tag = weaker.tag
inner join paths as stronger on conflicts.tag = stronger.tag
inner join bits
    on {{ path_is_met(shapes, 'weaker') }}
    and {{ path_is_met(shapes, 'stronger') }}
