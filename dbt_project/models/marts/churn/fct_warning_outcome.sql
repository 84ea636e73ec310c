{%- set horizons = var('churn_horizons') -%}
-- Only episodes whose beginning is known and
-- whose window is over on the newest as-of date have an outcome.
with episodes as (
    select * from {{ ref('fct_warning_episode') }}
    where is_start_known
),

money_days as (
    select * from {{ ref('int_money_days') }}
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
),

money as (
    select
        windows.member_key,
        windows.started_on,
        windows.horizon_days,
        sum(money_days.net_amount) as net_amount,
        sum(money_days.known_margin_amount) as known_margin_amount,
        sum(money_days.unknown_margins) as unknown_margins
    from windows
    inner join money_days
        on windows.member_key = money_days.member_key
        and windows.started_on < money_days.booked_on
        and windows.ended_on >= money_days.booked_on
    group by windows.member_key, windows.started_on, windows.horizon_days
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
    {{ money('coalesce(money.net_amount, 0)') }} as net_amount,
    -- Without a purchase or refund nothing is unknown.
    case
        when coalesce(money.unknown_margins, 0) = 0 then {{ money('coalesce(money.known_margin_amount, 0)') }}
    end as margin_amount
from windows
inner join as_of_dates as newest
    on newest.is_newest
    and windows.ended_on <= newest.as_of_date
left join money
    on windows.member_key = money.member_key
    and windows.started_on = money.started_on
    and windows.horizon_days = money.horizon_days
