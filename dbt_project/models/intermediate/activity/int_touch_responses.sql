-- When a sent touch was answered: opened, clicked, connected, or a purchase within the channel's response window.
with touches as (
    select * from {{ ref('fct_touch') }}
    where touch_number is not null
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

response_window as (
    select * from {{ ref('response_window') }}
),

purchases_after as (
    select
        touches.member_key,
        touches.touch_number,
        min(purchase_days.purchased_on) as purchased_on
    from touches
    inner join response_window on touches.channel = response_window.channel
    inner join purchase_days
        on touches.member_key = purchase_days.member_key
        and touches.sent_on <= purchase_days.purchased_on
        and purchase_days.purchased_on <= {{ add_days('touches.sent_on', 'response_window.response_days') }}
    group by touches.member_key, touches.touch_number
),

answered as (
    select
        touches.member_key,
        touches.touch_number,
        touches.sent_on,
        least(touches.engaged_on, purchases_after.purchased_on) as responded_on
    from touches
    left join purchases_after
        on touches.member_key = purchases_after.member_key
        and touches.touch_number = purchases_after.touch_number
)

select
    member_key,
    touch_number,
    sent_on,
    responded_on,
    lag(responded_on) over (partition by member_key order by touch_number) as previous_responded_on
from answered
