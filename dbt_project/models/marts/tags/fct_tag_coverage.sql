-- Tags that nobody holds are counted too.
with held as (
    select
        as_of_date,
        tag,
        count(*) as members
    from {{ ref('fct_member_tag') }}
    group by as_of_date, tag
),

everybody as (
    select
        as_of_date,
        count(*) as members
    from {{ ref('member_attributes') }}
    group by as_of_date
),

tags as (
    select * from {{ ref('dim_tag') }}
),

settings as (
    select * from {{ ref('tag_settings') }}
),

shares as (
    select
        everybody.as_of_date,
        tags.tag,
        tags.lowest_expected_share,
        tags.highest_expected_share,
        coalesce(held.members, 0) as members,
        {{ share('coalesce(held.members, 0)', 'everybody.members') }} as member_share
    from everybody
    inner join tags
        on everybody.as_of_date >= tags.starts_on
        and everybody.as_of_date <= coalesce(tags.ends_on, {{ end_of_time() }})
    left join held
        on everybody.as_of_date = held.as_of_date
        and tags.tag = held.tag
)

select
    shares.as_of_date,
    shares.tag,
    shares.members,
    shares.member_share,
    shares.lowest_expected_share,
    shares.highest_expected_share,
    shares.member_share between shares.lowest_expected_share and shares.highest_expected_share as is_as_expected,
    cast(shares.member_share - earlier.member_share as decimal(9, 6)) as drift_share,
    coalesce(abs(shares.member_share - earlier.member_share) <= settings.most_drift_share, true) as is_steady
from shares
cross join settings
left join shares as earlier
    on shares.tag = earlier.tag
    and earlier.as_of_date = {{ add_days('shares.as_of_date', '-settings.drift_days') }}
