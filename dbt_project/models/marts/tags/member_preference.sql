{%- set window = var('activity_windows') | max -%}
{%- set preferences = {
    'daypart': 'preferred_daypart', 'category': 'preferred_category',
    'brand': 'preferred_brand', 'pack_size': 'usual_pack_size',
} -%}
-- What each choice came to within the window before an as-of date is the totals at the date less those at the window's
-- start. The choice made most often counts, where it is made often enough to be called a preference.
with activity as (
    select
        member_key,
        as_of_date
    from {{ ref('member_activity') }}
),

as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
    where is_computed
),

choice_days as (
    select * from {{ ref('int_member_choice_days') }}
),

limits as (
    select * from {{ ref('preferences') }}
),

at_window_start as (
    select
        as_of_dates.as_of_date,
        choice_days.*
    from as_of_dates
    inner join choice_days
        on {{ add_days('as_of_dates.as_of_date', -window) }} >= choice_days.chosen_on
        and {{ add_days('as_of_dates.as_of_date', -window) }} < choice_days.next_on
),

chosen as (
    select
        choice_days.member_key,
        as_of_dates.as_of_date,
        choice_days.preference,
        choice_days.choice,
        choice_days.choices - coalesce(at_window_start.choices, 0) as choices,
        choice_days.net_amount - coalesce(at_window_start.net_amount, 0) as net_amount
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
),

ranked as (
    select
        member_key,
        as_of_date,
        preference,
        choice,
        choices,
        {{ share('choices', 'sum(choices) over (partition by member_key, as_of_date, preference)') }} as choice_share,
        row_number() over (
            partition by member_key, as_of_date, preference
            order by choices desc, net_amount desc, choice asc
        ) as choice_rank
    from chosen
),

preferred as (
    select
        {%- for preference, name in preferences.items() %}
        max(case when ranked.preference = '{{ preference }}' then ranked.choice end) as {{ name }},
        max(case when ranked.preference = '{{ preference }}' then ranked.choice_share end) as {{ preference }}_share,
        {%- endfor %}
        ranked.member_key,
        ranked.as_of_date
    from ranked
    inner join limits on ranked.preference = limits.preference
    where
        ranked.choice_rank = 1
        and ranked.choices >= limits.least_choices
        and ranked.choice_share >= limits.least_share
    group by ranked.member_key, ranked.as_of_date
)

select
    {%- for preference, name in preferences.items() %}
    preferred.{{ name }},
    preferred.{{ preference }}_share,
    {%- endfor %}
    activity.member_key,
    activity.as_of_date
from activity
left join preferred
    on activity.member_key = preferred.member_key
    and activity.as_of_date = preferred.as_of_date
