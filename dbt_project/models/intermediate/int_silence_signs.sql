{{ config(materialized='view') }}

{%- set window = var('activity_windows') | min -%}
-- What may tell why a member fell silent, each with the day on which it was known and what it counts for. Sums over days
-- give how often; a channel that is closed counts back what it counted when it was opened.
with touches as (
    select * from {{ ref('int_touch_reports') }}
),

events as (
    select * from {{ ref('int_events') }}
),

coupons as (
    select * from {{ ref('int_coupons') }}
),

refunds as (
    select * from {{ ref('int_refunds') }}
    where member_key is not null
),

tickets as (
    select * from {{ ref('int_tickets') }}
    where is_negative
),

answers as (
    select * from {{ ref('int_channel_answers') }}
),

signs as (
    {%- for sign, day in {
        'touch_sent': 'awaited_on', 'touch_delivered': 'delivered_on', 'touch_openable': 'openable_on',
        'touch_opened': 'opened_on', 'touch_rejected': 'rejected_on',
    }.items() %}
    select member_key, '{{ sign }}' as sign, {{ day }} as happened_on, 1 as amount from touches
    union all
    {%- endfor %}
    select member_key, 'touches_in_window', sent_on, touches_{{ window }}d from touches
    union all
    select member_key, 'coupon_issued', issued_on, 1 from coupons
    union all
    select member_key, 'coupon_redeemed', redeemed_on, 1 from coupons
    union all
    select member_key, event_type, happened_on, 1 from events
    union all
    select member_key, 'event', happened_on, 1 from events
    union all
    select member_key, 'competitor_search', happened_on, 1 from events
    where is_competitor
    union all
    select member_key, 'refund', refunded_on, 1 from refunds
    union all
    select member_key, 'negative_ticket', opened_on, 1 from tickets
    union all
    select member_key, 'channel_asked', answered_on, 1 from answers
    where answer_number = 1
    union all
    select
        member_key,
        'channel_open',
        answered_on,
        case when is_granted then 1 else 0 end - case when is_granted_before then 1 else 0 end
    from answers
)

select
    member_key,
    sign,
    happened_on,
    cast(amount as bigint) as amount
from signs
where happened_on is not null
