{%- set horizons = var('churn_horizons') -%}
-- Money of a window is what was bought and paid back on its days. Only episodes whose beginning is known and
-- whose window is over on the newest as-of date have an outcome.
with episodes as (
    select * from {{ ref('fct_warning_episode') }}
    where is_start_known
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

refunds as (
    select * from {{ ref('fct_refund') }}
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

facts as (
    select
        member_key,
        purchased_on as happened_on,
        net_amount,
        known_margin_amount,
        unknown_margins
    from purchase_days
    union all
    select
        member_key,
        refunded_on as happened_on,
        -refunded_amount as net_amount,
        -coalesce(refunded_margin_amount, 0) as known_margin_amount,
        case when refunded_margin_amount is null and refunded_amount > 0 then 1 else 0 end as unknown_margins
    from refunds
    where member_key is not null
),

moved as (
    select
        windows.member_key,
        windows.started_on,
        windows.horizon_days,
        {{ money_sum('facts.net_amount') }} as net_amount,
        {{ money_sum('facts.known_margin_amount') }} as known_margin_amount,
        {{ integer_sum('facts.unknown_margins') }} as unknown_margins
    from windows
    inner join facts
        on windows.member_key = facts.member_key
        and windows.started_on < facts.happened_on
        and windows.ended_on >= facts.happened_on
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
    {{ money('coalesce(moved.net_amount, 0)') }} as net_amount,
    case
        when coalesce(moved.unknown_margins, 0) = 0 then {{ money('coalesce(moved.known_margin_amount, 0)') }}
    end as margin_amount
from windows
inner join as_of_dates as newest
    on newest.is_newest
    and windows.ended_on <= newest.as_of_date
left join moved
    on windows.member_key = moved.member_key
    and windows.started_on = moved.started_on
    and windows.horizon_days = moved.horizon_days
