{%- set shapes = tag_shapes(ref('dim_tag_path'), 'member') -%}
with holders as (
    select * from {{ ref('member_attributes') }}
),

tag_paths as (
    select * from {{ ref('dim_tag_path') }}
    where subject = 'member'
),

tags as (
    select * from {{ ref('tags') }}
),

conflicts as (
    select * from {{ ref('tag_conflicts') }}
),

{{ tags_held(['member_key', 'as_of_date'], shapes) }}

select
    member_key,
    as_of_date,
    tag,
    path_no
from held
