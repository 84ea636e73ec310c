{%- set window = var('activity_windows') | max -%}
{%- set preferences = {
    'daypart': 'preferred_daypart', 'category': 'preferred_category',
    'brand': 'preferred_brand', 'pack_size': 'usual_pack_size',
} -%}
-- The choice made most often, where it is made often enough to be called a preference.
with activity as (
    select
        member_key,
        as_of_date
    from {{ ref('member_activity') }}
),

choices as (
    select * from {{ ref('int_member_choice_as_of') }}
),

limits as (
    select * from {{ ref('preferences') }}
),

ranked as (
    select
        member_key,
        as_of_date,
        preference,
        choice,
        choices_{{ window }}d as choices,
        {{ share(
            'choices_' ~ window ~ 'd',
            'sum(choices_' ~ window ~ 'd) over (partition by member_key, as_of_date, preference)',
        ) }} as choice_share,
        row_number() over (
            partition by member_key, as_of_date, preference
            order by choices_{{ window }}d desc, net_amount_{{ window }}d desc, choice
        ) as choice_rank
    from choices
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
