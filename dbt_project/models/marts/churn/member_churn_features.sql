{%- set window = var('churn_frequency_window') -%}
-- What the trained churn model looks at. Logarithms, so that nobody's extremes outweigh everybody else.
with activity as (
    select * from {{ ref('member_activity') }}
    where purchase_days > 0
),

cycles as (
    select * from {{ ref('member_cycle') }}
),

purchases as (
    select * from {{ ref('int_purchase_days') }}
),

-- A gap is between two purchases up to the as-of date; the one under way is compared with them.
own as (
    select
        activity.member_key,
        activity.as_of_date,
        sum(
            case
                when
                    {{ days_between('purchases.previous_purchased_on', 'purchases.purchased_on') }}
                    >= activity.days_since_purchase
                    then 1
                else 0
            end
        ) as gaps_this_long,
        sum(
            case
                when {{ days_between('purchases.purchased_on', 'activity.as_of_date') }} < {{ window }} then 1
                else 0
            end
        ) as purchase_days_{{ window }}d
    from activity
    inner join purchases
        on activity.member_key = purchases.member_key
        and activity.as_of_date >= purchases.purchased_on
    group by activity.member_key, activity.as_of_date
)

select
    activity.member_key,
    activity.as_of_date,
    {{ log_of_one_more('activity.days_since_purchase') }} as purchase_gap_log,
    {{ log_of_one_more('cycles.overdue_ratio') }} as overdue_log,
    {{ log_of_one_more('cycles.cycle_days') }} as cycle_log,
    {{ share('own.gaps_this_long + 1', 'activity.purchase_days') }} as own_gaps_this_long_share,
    {{ log_of_one_more('activity.purchase_days_30d') }} as purchase_days_30d_log,
    {{ log_of_one_more('activity.purchase_days_90d') }} as purchase_days_90d_log,
    {{ log_of_one_more('own.purchase_days_' ~ window ~ 'd') }} as purchase_days_{{ window }}d_log,
    coalesce(
        {{ share('activity.purchase_days_30d', 'activity.purchase_days_90d') }}, cast(0 as decimal(9, 6))
    ) as recent_purchases_share,
    {{ log_of_one_more('activity.orders') }} as orders_log,
    {{ log_of_one_more('activity.interactions_30d') }} as interactions_30d_log,
    -- Refunds of older orders can make the net amount negative.
    {{ log_of_one_more('coalesce(greatest(activity.net_amount_365d, 0) / nullif(activity.orders_365d, 0), 0)') }}
        as average_order_log,
    {{ log_of_one_more(days_between('activity.first_purchase_on', 'activity.as_of_date')) }} as tenure_log,
    {{ share('activity.promo_orders', 'activity.orders') }} as promo_orders_share,
    {{ log_of_one_more('activity.negative_events_90d') }} as negative_events_90d_log
from activity
inner join own
    on activity.member_key = own.member_key
    and activity.as_of_date = own.as_of_date
inner join cycles
    on activity.member_key = cycles.member_key
    and activity.as_of_date = cycles.as_of_date
