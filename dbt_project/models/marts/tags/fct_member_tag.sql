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

given_way as (
    select distinct
        member_key,
        as_of_date,
        over_tag
    from {{ ref('fct_tag_conflict') }}
),

met as (
    {{ tags_met(['member_key', 'as_of_date'], tag_attributes()) }}
)

select
    met.member_key,
    met.as_of_date,
    met.tag,
    met.path_no
from met
left join given_way
    on met.member_key = given_way.member_key
    and met.as_of_date = given_way.as_of_date
    and met.tag = given_way.over_tag
where given_way.member_key is null
