-- Every member meets every path in one pass over the attributes: no rule is ever turned into SQL of its own.
with members as (
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

met as (
    select distinct
        members.member_key,
        members.as_of_date,
        paths.tag
    from members
    cross join paths
    where
        members.as_of_date >= paths.valid_from
        and members.as_of_date <= paths.valid_to
        {%- for slot in range(1, var('most_tag_clauses') + 1) %}
        and {{ tag_clause(slot) }}
        {%- endfor %}
),

gave_way as (
    select distinct
        met.member_key,
        met.as_of_date,
        met.tag
    from met
    inner join conflicts on met.tag = conflicts.over_tag
    inner join met as stronger
        on met.member_key = stronger.member_key
        and met.as_of_date = stronger.as_of_date
        and conflicts.tag = stronger.tag
)

select
    met.member_key,
    met.as_of_date,
    met.tag
from met
left join gave_way
    on met.member_key = gave_way.member_key
    and met.as_of_date = gave_way.as_of_date
    and met.tag = gave_way.tag
where gave_way.member_key is null
