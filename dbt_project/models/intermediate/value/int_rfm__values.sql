-- What RFM scores: the purchases of the window before each scored day, of every member who has one in it.
with member_totals as (
    select * from {{ ref('int_member_totals') }}
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
    {{ totals_at('member_totals', 'scored_days') }}
),

at_window_start as (
    {{ totals_at('member_totals', 'scored_days', 'rfm_window_days') }}
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
