-- The weeks this build decides: the newest of those whose Sunday is among the as-of dates.
with as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
    where campaign_week is not null
),

settings as (
    {{ settings('campaign_settings', ['decided_weeks']) }}
),

promotions as (
    select * from {{ ref('promotions') }}
),

ranked as (
    select
        as_of_dates.campaign_week,
        as_of_dates.as_of_date,
        {{ add_days('as_of_dates.campaign_week', 6) }} as ends_on,
        row_number() over (order by as_of_dates.as_of_date desc) as week_rank
    from as_of_dates
),

decided as (
    select ranked.*
    from ranked
    cross join settings
    where ranked.week_rank <= settings.decided_weeks
)

select
    decided.campaign_week,
    decided.as_of_date,
    decided.ends_on,
    count(promotions.code) > 0 as is_in_promotion,
    case
        when count(promotions.code) > 0 then greatest(min(promotions.starts_on), decided.campaign_week)
    end as promotion_on
from decided
left join promotions
    on decided.ends_on >= promotions.starts_on
    and decided.campaign_week <= promotions.ends_on
group by decided.campaign_week, decided.as_of_date, decided.ends_on
