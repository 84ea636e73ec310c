{{ config(meta={'dagster': {'ref': {'name': 'dayparts'}}}) }}

-- Each daypart ends where exactly one begins, and together they are one day: so there is neither gap nor overlap.
with dayparts as (
    select * from {{ ref('dayparts') }}
),

followed as (
    select
        dayparts.daypart,
        count(followers.daypart) as followers
    from dayparts
    left join dayparts as followers on dayparts.to_hour = followers.from_hour
    group by dayparts.daypart
),

lengths as (
    select sum(to_hour - from_hour + case when to_hour < from_hour then 24 else 0 end) as hours
    from dayparts
)

select
    followed.daypart,
    followed.followers,
    lengths.hours
from followed
cross join lengths
where
    followed.followers <> 1
    or lengths.hours <> 24
