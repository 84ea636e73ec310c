{%- set window = var('activity_windows') | max -%}
-- The same per category group, with the spend of the last year that makes a group the member's main one, and for the
-- days looked back to as well: scores depend on the main group.
with as_of_dates as (
    {{ scored_days() }}
),

category_days as (
    select * from {{ ref('int_member_category_days') }}
),

at_date as (
    select
        as_of_dates.as_of_date,
        category_days.*
    from as_of_dates
    inner join category_days
        on as_of_dates.as_of_date >= category_days.activity_on
        and as_of_dates.as_of_date < category_days.next_on
),

at_window_start as (
    select
        as_of_dates.as_of_date,
        category_days.member_key,
        category_days.category_group,
        category_days.purchase_days,
        category_days.net_amount
    from as_of_dates
    inner join category_days
        on {{ add_days('as_of_dates.as_of_date', -window) }} >= category_days.activity_on
        and {{ add_days('as_of_dates.as_of_date', -window) }} < category_days.next_on
),

windowed as (
    select
        at_date.member_key,
        at_date.as_of_date,
        at_date.category_group,
        at_date.purchase_days,
        at_date.first_purchase_on,
        at_date.last_purchase_on,
        at_date.activity_on as last_active_on,
        at_date.purchase_days - coalesce(at_window_start.purchase_days, 0) as purchase_days_{{ window }}d,
        {{ money('at_date.net_amount - coalesce(at_window_start.net_amount, 0)') }} as net_amount_{{ window }}d,
        at_date.net_amount
    from at_date
    left join at_window_start
        on at_date.member_key = at_window_start.member_key
        and at_date.category_group = at_window_start.category_group
        and at_date.as_of_date = at_window_start.as_of_date
)

-- Most spend in the window; where there was none, most spend ever; the name decides between equals.
select
    *,
    row_number() over (
        partition by member_key, as_of_date
        order by net_amount_{{ window }}d desc, net_amount desc, category_group
    ) = 1
    and last_purchase_on is not null as is_main_group
from windowed
