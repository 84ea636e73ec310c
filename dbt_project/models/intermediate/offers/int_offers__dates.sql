-- Two dates instead of all: what is offered now, and what was offered long enough ago to know what came of it.
with as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
    where is_computed
),

settings as (
    {{ settings('tag_settings', ['history_days', 'hit_days']) }}
),

promotion_days as (
    select distinct scene_days.scene_on
    from {{ ref('int_offers__scene_days') }} as scene_days
    inner join {{ ref('scenes') }} as scenes on scene_days.scene = scenes.scene
    where scenes.is_promotion
),

newest as (
    select as_of_date
    from as_of_dates
    where is_newest
),

matured as (
    select max(as_of_dates.as_of_date) as as_of_date
    from as_of_dates
    cross join newest
    cross join settings
    where as_of_dates.as_of_date <= {{ add_days('newest.as_of_date', '-settings.hit_days') }}
),

offer_dates as (
    select
        as_of_dates.as_of_date,
        as_of_dates.is_newest,
        {{ add_days('as_of_dates.as_of_date', '-settings.history_days') }} as history_from_on
    from as_of_dates
    cross join settings
    where
        as_of_dates.is_newest
        or as_of_dates.as_of_date in (select matured.as_of_date from matured)
)

select
    offer_dates.as_of_date,
    offer_dates.is_newest,
    not offer_dates.is_newest as is_matured,
    offer_dates.history_from_on,
    count(promotion_days.scene_on) as promotion_days
from offer_dates
left join promotion_days
    on offer_dates.as_of_date >= promotion_days.scene_on
    and offer_dates.history_from_on < promotion_days.scene_on
group by offer_dates.as_of_date, offer_dates.is_newest, offer_dates.history_from_on
