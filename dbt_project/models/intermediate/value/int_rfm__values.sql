-- What RFM scores: the purchases of the window before each scored day, of every member who has one in it.
with scored_days as (
    {{ scored_days() }}
),

settings as (
    {{ settings('value_settings', ['rfm_window_days']) }}
),

member_days as (
    select * from {{ ref('int_member_days') }}
),

main_groups as (
    select
        member_key,
        as_of_date,
        category_group
    from {{ ref('int_member_category_as_of') }}
    where is_main_group
),

at_day as (
    select
        scored_days.as_of_date,
        scored_days.is_asked_for,
        member_days.*
    from scored_days
    inner join member_days
        on scored_days.as_of_date >= member_days.activity_on
        and scored_days.as_of_date < member_days.next_on
),

at_window_start as (
    select
        scored_days.as_of_date,
        member_days.member_key,
        member_days.purchase_days,
        member_days.net_amount,
        member_days.known_margin_amount,
        member_days.unknown_margins
    from scored_days
    cross join settings
    inner join member_days
        on {{ add_days('scored_days.as_of_date', '-settings.rfm_window_days') }} >= member_days.activity_on
        and {{ add_days('scored_days.as_of_date', '-settings.rfm_window_days') }} < member_days.next_on
)

select
    at_day.member_key,
    at_day.as_of_date,
    at_day.is_asked_for,
    coalesce(main_groups.category_group, '{{ var("general_category_group") }}') as category_group,
    cast(-{{ days_between('at_day.last_purchase_on', 'at_day.as_of_date') }} as decimal(18, 2)) as recency,
    cast(at_day.purchase_days - coalesce(at_window_start.purchase_days, 0) as decimal(18, 2)) as frequency,
    {{ money('at_day.net_amount - coalesce(at_window_start.net_amount, 0)') }} as monetary,
    {{ margin_if_known('at_day', 'at_window_start') }} as margin
from at_day
left join main_groups
    on at_day.member_key = main_groups.member_key
    and at_day.as_of_date = main_groups.as_of_date
left join at_window_start
    on at_day.member_key = at_window_start.member_key
    and at_day.as_of_date = at_window_start.as_of_date
where
    at_day.is_buyer
    and at_day.purchase_days > coalesce(at_window_start.purchase_days, 0)
