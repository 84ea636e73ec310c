{%- set horizons = var('churn_horizons') -%}
-- Money of a window is the total at its end less the total at the warning. Only episodes whose beginning is known and
-- whose window is over on the newest as-of date have an outcome.
with episodes as (
    select * from {{ ref('fct_warning_episode') }}
    where is_start_known
),

activity as (
    select * from {{ ref('member_activity') }}
),

member_days as (
    select * from {{ ref('int_member_days') }}
),

as_of_dates as (
    select * from {{ ref('dim_as_of_date') }}
),

numbered as (
    select
        *,
        row_number() over (partition by member_key order by started_on) as episode_number
    from episodes
),

windows as (
    {%- for horizon in horizons %}
    select
        *,
        cast({{ horizon }} as integer) as horizon_days,
        {{ add_days('started_on', horizon) }} as ended_on
    from numbered
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    windows.member_key,
    windows.started_on,
    windows.horizon_days,
    windows.ended_on,
    windows.churn_level,
    windows.is_held_out,
    windows.episode_number = 1 as is_first_episode,
    coalesce(windows.answered_on <= windows.ended_on, false) as is_answered,
    coalesce(windows.returned_on <= windows.ended_on, false) as is_returned,
    {{ money('member_days.net_amount - activity.net_amount') }} as net_amount,
    {{ margin_if_known('member_days', 'activity') }} as margin_amount
from windows
inner join as_of_dates as newest
    on newest.is_newest
    and windows.ended_on <= newest.as_of_date
inner join activity
    on windows.member_key = activity.member_key
    and windows.started_on = activity.as_of_date
inner join member_days
    on windows.member_key = member_days.member_key
    and windows.ended_on >= member_days.activity_on
    and windows.ended_on < member_days.next_on
