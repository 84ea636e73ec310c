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

choice_totals as (
    select * from {{ ref('int_member_choice_totals') }}
),

limits as (
    select * from {{ ref('preferences') }}
),

at_date as (
    {{ totals_at('choice_totals', 'as_of_dates') }}
),

at_window_start as (
    {{ totals_at('choice_totals', 'as_of_dates', window) }}
),

chosen as (
    select
        at_date.member_key,
        at_date.as_of_date,
        at_date.preference,
        at_date.choice,
        at_date.choices - coalesce(at_window_start.choices, 0) as choices,
        at_date.net_amount - coalesce(at_window_start.net_amount, 0) as net_amount
    from at_date
    left join at_window_start
        on at_date.member_key = at_window_start.member_key
        and at_date.preference = at_window_start.preference
        and at_date.choice = at_window_start.choice
        and at_date.as_of_date = at_window_start.as_of_date
    where at_date.choices > coalesce(at_window_start.choices, 0)
),

made as (
    select
        member_key,
        as_of_date,
        preference,
        sum(choices) as choices
    from chosen
    group by member_key, as_of_date, preference
),

-- Whoever reaches the limits is ranked, and nobody who does not comes before one who does.
ranked as (
    select
        chosen.member_key,
        chosen.as_of_date,
        chosen.preference,
        chosen.choice,
        {{ share('chosen.choices', 'made.choices') }} as choice_share,
        row_number() over (
            partition by chosen.member_key, chosen.as_of_date, chosen.preference
            order by chosen.choices desc, chosen.net_amount desc, chosen.choice asc
        ) as choice_rank
    from chosen
    inner join limits
        on chosen.preference = limits.preference
        and chosen.choices >= limits.least_choices
    inner join made
        on chosen.member_key = made.member_key
        and chosen.as_of_date = made.as_of_date
        and chosen.preference = made.preference
    where {{ share('chosen.choices', 'made.choices') }} >= limits.least_share
),

preferred as (
    select
        {%- for preference, name in preferences.items() %}
        max(case when preference = '{{ preference }}' then choice end) as {{ name }},
        max(case when preference = '{{ preference }}' then choice_share end) as {{ preference }}_share,
        {%- endfor %}
        member_key,
        as_of_date
    from ranked
    where choice_rank = 1
    group by member_key, as_of_date
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
