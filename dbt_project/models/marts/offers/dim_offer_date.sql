-- Two dates instead of all: what is offered now, and what was offered long enough ago to know what came of it.
with as_of_dates as (
    select distinct as_of_date
    from {{ ref('member_activity') }}
),

settings as (
    select * from {{ ref('offer_settings') }}
),

newest as (
    select max(as_of_date) as as_of_date
    from as_of_dates
),

matured as (
    select max(as_of_dates.as_of_date) as as_of_date
    from as_of_dates
    cross join newest
    cross join settings
    where as_of_dates.as_of_date <= {{ add_days('newest.as_of_date', '-settings.hit_days') }}
)

select
    as_of_date,
    true as is_newest,
    false as is_matured
from newest
where as_of_date is not null
union all
select
    as_of_date,
    false as is_newest,
    true as is_matured
from matured
where as_of_date is not null
