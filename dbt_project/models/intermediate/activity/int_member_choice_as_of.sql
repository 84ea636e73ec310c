{{ config(materialized='view') }}

{%- set window = var('activity_windows') | max -%}
-- What each choice came to within the window before an as-of date: the totals at the date less those at its start.
with as_of_dates as (
    select * from {{ ref('stg_rekindle__as_of_dates') }}
),

choice_days as (
    select * from {{ ref('int_member_choice_days') }}
),

at_window_start as (
    select
        as_of_dates.as_of_date,
        choice_days.*
    from as_of_dates
    inner join choice_days
        on {{ add_days('as_of_dates.as_of_date', -window) }} >= choice_days.chosen_on
        and {{ add_days('as_of_dates.as_of_date', -window) }} < choice_days.next_on
)

select
    choice_days.member_key,
    as_of_dates.as_of_date,
    choice_days.preference,
    choice_days.choice,
    choice_days.choices - coalesce(at_window_start.choices, 0) as choices_{{ window }}d,
    {{ money('choice_days.net_amount - coalesce(at_window_start.net_amount, 0)') }} as net_amount_{{ window }}d
from as_of_dates
inner join choice_days
    on as_of_dates.as_of_date >= choice_days.chosen_on
    and as_of_dates.as_of_date < choice_days.next_on
left join at_window_start
    on choice_days.member_key = at_window_start.member_key
    and choice_days.preference = at_window_start.preference
    and choice_days.choice = at_window_start.choice
    and as_of_dates.as_of_date = at_window_start.as_of_date
where {{ add_days('as_of_dates.as_of_date', -window) }} < choice_days.chosen_on
