-- What RFM scores: the purchases of the window before the as-of date, of every member who has one in it.
with as_of_dates as (
    select * from {{ ref('stg_control__as_of_dates') }}
),

settings as (
    select * from {{ ref('rfm_settings') }}
),

activity as (
    select * from {{ ref('int_member_activity') }}
),

member_days as (
    select * from {{ ref('int_member_days') }}
),

at_window_start as (
    select
        as_of_dates.as_of_date,
        member_days.member_key,
        member_days.purchase_days,
        member_days.net_amount,
        member_days.known_margin_amount,
        member_days.unknown_margins
    from as_of_dates
    cross join settings
    inner join member_days
        on {{ add_days('as_of_dates.as_of_date', '-settings.window_days') }} >= member_days.activity_on
        and {{ add_days('as_of_dates.as_of_date', '-settings.window_days') }} < member_days.next_on
)

select
    activity.member_key,
    activity.as_of_date,
    activity.category_group,
    cast(-activity.days_since_purchase as decimal(18, 2)) as recency,
    cast(activity.purchase_days - coalesce(at_window_start.purchase_days, 0) as decimal(18, 2)) as frequency,
    {{ money('activity.net_amount - coalesce(at_window_start.net_amount, 0)') }} as monetary,
    {{ margin_if_known('activity', 'at_window_start') }} as margin
from activity
left join at_window_start
    on activity.member_key = at_window_start.member_key
    and activity.as_of_date = at_window_start.as_of_date
where activity.purchase_days > coalesce(at_window_start.purchase_days, 0)
