-- A tag with one path that gives way to none is held as soon as the path is met. The other tags ask which path is first
-- and what goes before them; they are the fewer, and the only ones that need an aggregate and a join.
with conflicts as (
    select * from {{ ref('tag_conflicts') }}
),

given_way as (
    select distinct
        member_key,
        as_of_date,
        over_tag
    from {{ ref('fct_tag_conflict') }}
),

paths as (
    select
        dim_tag_path.*,
        tags.valid_from,
        coalesce(tags.valid_to, {{ end_of_time() }}) as valid_to,
        count(*) over (partition by dim_tag_path.tag) as paths_of_tag
    from {{ ref('dim_tag_path') }} as dim_tag_path
    inner join {{ ref('tags') }} as tags on dim_tag_path.tag = tags.tag
),

lone_paths as (
    select * from paths
    where
        paths_of_tag = 1
        and tag not in (select conflicts.over_tag from conflicts)
),

other_paths as (
    select * from paths
    where
        paths_of_tag > 1
        or tag in (select conflicts.over_tag from conflicts)
),

first_met as (
    select
        holders.member_key,
        holders.as_of_date,
        other_paths.tag,
        min(other_paths.path_no) as path_no
    from {{ ref('member_attributes') }} as holders
    inner join other_paths on {{ path_is_met(tag_attributes(), 'other_paths') }}
    group by holders.member_key, holders.as_of_date, other_paths.tag
)

select
    holders.member_key,
    holders.as_of_date,
    lone_paths.tag,
    lone_paths.path_no
from {{ ref('member_attributes') }} as holders
inner join lone_paths on {{ path_is_met(tag_attributes(), 'lone_paths') }}
union all
select
    first_met.member_key,
    first_met.as_of_date,
    first_met.tag,
    first_met.path_no
from first_met
left join given_way
    on first_met.member_key = given_way.member_key
    and first_met.as_of_date = given_way.as_of_date
    and first_met.tag = given_way.over_tag
where given_way.member_key is null
