-- The member's totals at each as-of date asked for: the last day of the fold on or before it.
with as_of_dates as (
    select * from {{ ref('stg_rekindle__as_of_dates') }}
),

member_days as (
    select * from {{ ref('int_member_days') }}
),

touch_responses as (
    select * from {{ ref('int_touch_responses') }}
),

at_date as (
    select
        as_of_dates.as_of_date,
        member_days.*
    from as_of_dates
    inner join member_days
        on as_of_dates.as_of_date >= member_days.activity_on
        and as_of_dates.as_of_date < member_days.next_on
)

select
    at_date.member_key,
    at_date.as_of_date,
    at_date.purchase_days,
    at_date.orders,
    at_date.promo_orders,
    at_date.net_amount,
    at_date.known_margin_amount,
    at_date.unknown_margins,
    {{ margin_if_known('at_date') }} as margin_amount,
    at_date.discount_amount,
    at_date.interactions,
    at_date.visits,
    at_date.intent_actions,
    at_date.touches,
    at_date.negative_events,
    at_date.first_purchase_on,
    at_date.last_purchase_on,
    at_date.last_interaction_on,
    at_date.last_active_on,
    at_date.touches - at_date.touches_at_last_active as touches_since_active,
    {{ unanswered_touches('touch_responses', 'at_date.as_of_date') }} as unanswered_touches
from at_date
left join touch_responses
    on at_date.member_key = touch_responses.member_key
    and at_date.touches = touch_responses.touch_number
