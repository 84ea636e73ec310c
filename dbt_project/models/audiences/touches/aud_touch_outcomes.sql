-- What became of each sealed touch. The sending tool reports a touch under the number made of its name; of one it has
-- not reported nothing is known, and it is not said to have been sent.
with sealed_touches as (
    select * from {{ ref('int_sealed_touches') }}
),

touches as (
    select * from {{ ref('fct_touch') }}
),

response_window as (
    select * from {{ ref('response_window') }}
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

coupons as (
    select * from {{ ref('fct_coupon') }}
    where redeemed_on is not null
),

reported as (
    select
        sealed_touches.*,
        touches.sent_on,
        -- Whoever answered was reached, whether the tool saw the delivery or not.
        least(touches.delivered_on, touches.opened_on, touches.clicked_on, touches.connected_on) as reached_on,
        touches.opened_on,
        touches.clicked_on,
        touches.connected_on,
        least(touches.unsubscribed_on, touches.complained_on, touches.blocked_on) as opted_out_on,
        {{ add_days('touches.sent_on', 'response_window.response_days') }} as answers_until_on
    from sealed_touches
    left join response_window on sealed_touches.channel = response_window.channel
    left join touches
        on sealed_touches.status = 'planned'
        and sealed_touches.campaign = touches.campaign_code
        and {{ text_key('sealed_touches.planned_touch_id') }} = touches.touch_key
)

select
    reported.planned_touch_id,
    reported.campaign,
    reported.campaign_week,
    reported.entry_week,
    reported.member_key,
    reported.arm,
    reported.step_no,
    reported.channel,
    reported.benefit,
    case when reported.status = 'planned' then reported.planned_on end as planned_on,
    case when reported.status = 'capped' then reported.planned_on end as capped_on,
    max(reported.sent_on) as sent_on,
    max(reported.reached_on) as reached_on,
    max(reported.opened_on) as opened_on,
    max(reported.clicked_on) as clicked_on,
    max(reported.connected_on) as connected_on,
    min(purchase_days.purchased_on) as ordered_on,
    min(coupons.redeemed_on) as redeemed_on,
    max(reported.opted_out_on) as opted_out_on
from reported
left join purchase_days
    on reported.member_key = purchase_days.member_key
    and reported.sent_on <= purchase_days.purchased_on
    and reported.answers_until_on >= purchase_days.purchased_on
left join coupons
    on reported.member_key = coupons.member_key
    and reported.campaign = coupons.campaign_code
    and reported.sent_on <= coupons.redeemed_on
    and reported.answers_until_on >= coupons.redeemed_on
group by
    reported.planned_touch_id, reported.campaign, reported.campaign_week, reported.entry_week, reported.member_key,
    reported.arm, reported.step_no, reported.channel, reported.benefit, reported.status, reported.planned_on
