{{ config(materialized='view') }}

-- Signs a member left, each with the day from which something later takes its place: what a member last did before any
-- day is the sign with happened_on <= day < stands_until_on, without looking at later facts. By each limit of its
-- signal a sign fires on some of these days.
with events as (
    select * from {{ ref('fct_event') }}
),

event_types as (
    select * from {{ ref('event_types') }}
    where is_key_behaviour
),

favourites as (
    select * from {{ ref('int_favourites') }}
),

coupons as (
    select * from {{ ref('fct_coupon') }}
),

refunds as (
    select * from {{ ref('fct_refund') }}
),

tickets as (
    select * from {{ ref('fct_ticket') }}
),

signals as (
    select * from {{ ref('dim_churn_signal') }}
    where is_active
),

thresholds as (
    select * from {{ ref('int_churn_signal__thresholds') }}
),

behaviour_days as (
    select distinct
        events.member_key,
        events.event_type as sign,
        events.happened_on
    from events
    inner join event_types on events.event_type = event_types.event_type
),

-- The newest coupon counts, as the last word on whether the member has a benefit.
issued as (
    select
        *,
        lead(issued_on) over (
            partition by member_key order by issued_on, expires_on, source, coupon_key
        ) as next_issued_on
    from coupons
),

signs as (
    select
        member_key,
        sign,
        happened_on,
        lead(happened_on) over (partition by member_key, sign order by happened_on) as stands_until_on,
        happened_on as solved_on
    from behaviour_days
    union all
    select
        member_key,
        'favourite' as sign,
        favourited_on,
        revisited_on,
        favourited_on as solved_on
    from favourites
    union all
    select
        member_key,
        'coupon' as sign,
        expires_on,
        next_issued_on,
        expires_on as solved_on
    from issued
    where redeemed_on is null
    union all
    select
        member_key,
        case when is_fault then 'fault_refund' else 'refund' end as sign,
        refunded_on,
        null as stands_until_on,
        refunded_on as solved_on
    from refunds
    where member_key is not null
    union all
    select
        member_key,
        'ticket' as sign,
        opened_on,
        null as stands_until_on,
        coalesce(resolved_on, {{ end_of_time() }}) as solved_on
    from tickets
    where is_negative
)

select
    signs.member_key,
    signals.signal,
    thresholds.threshold_order,
    thresholds.minimum_overdue_ratio,
    thresholds.minimum_purchase_days,
    signs.happened_on,
    {{ add_days('signs.happened_on', 'thresholds.at_least_days') }} as fires_from_on,
    least(
        coalesce(signs.stands_until_on, {{ end_of_time() }}),
        coalesce({{ add_days('signs.happened_on', 'thresholds.less_than_days') }}, {{ end_of_time() }})
    ) as fires_until_on,
    signs.solved_on
from signs
inner join signals on signs.sign = signals.measure
inner join thresholds on signals.signal = thresholds.signal
where signs.happened_on is not null
