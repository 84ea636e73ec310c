{%- set window = var('activity_windows') | max -%}
{%- set preferences = {
    'daypart': 'preferred_daypart', 'category': 'preferred_category',
    'brand': 'preferred_brand', 'pack_size': 'usual_pack_size',
} -%}
-- The choice made most often, where it is made often enough to be called a preference. What a choice came to within the
-- window is its total at the date less that at the start of the window.
with activity as (
    select
        member_key,
        as_of_date
    from {{ ref('member_activity') }}
),

as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
),

choice_days as (
    select * from {{ ref('int_member_choice_days') }}
),

limits as (
    select * from {{ ref('preferences') }}
),

before_window as (
    select
        as_of_dates.as_of_date,
        choice_days.*
    from as_of_dates
    inner join choice_days
        on {{ add_days('as_of_dates.as_of_date', -window) }} >= choice_days.chosen_on
        and {{ add_days('as_of_dates.as_of_date', -window) }} < choice_days.next_on
),

within_window as (
    select
        choice_days.member_key,
        as_of_dates.as_of_date,
        choice_days.preference,
        choice_days.choice,
        choice_days.choices - coalesce(before_window.choices, 0) as choices,
        choice_days.net_amount - coalesce(before_window.net_amount, 0) as net_amount
    from as_of_dates
    inner join choice_days
        on as_of_dates.as_of_date >= choice_days.chosen_on
        and as_of_dates.as_of_date < choice_days.next_on
    left join before_window
        on choice_days.member_key = before_window.member_key
        and choice_days.preference = before_window.preference
        and choice_days.choice = before_window.choice
        and as_of_dates.as_of_date = before_window.as_of_date
    where {{ add_days('as_of_dates.as_of_date', -window) }} < choice_days.chosen_on
),

ranked as (
    select
        within_window.*,
        {{ share('choices', 'sum(choices) over (partition by member_key, as_of_date, preference)') }} as choice_share,
        row_number() over (
            partition by member_key, as_of_date, preference
            order by choices desc, net_amount desc, choice asc
        ) as choice_rank
    from within_window
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
