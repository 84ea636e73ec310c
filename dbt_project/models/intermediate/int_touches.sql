with chain_touches as (
    select * from {{ ref('stg_chain__touches') }}
),

complete_journey_touches as (
    select * from {{ ref('int_complete_journey_touches') }}
),

member_records as (
    select * from {{ ref('int_member_records') }}
),

{%- set touch_columns %}
        source,
        touch_id,
        system,
        member_id,
        campaign_code,
        channel,
        planned_on,
        capped_on,
        sent_on,
        delivered_on,
        opened_on,
        clicked_on,
        connected_on,
        followed_up_on,
        unsubscribed_on,
        complained_on,
        blocked_on,
        cost_amount
{%- endset %}

touches as (
    select
        {{- touch_columns }},
        cast(null as date) as redeemed_on
    from chain_touches
    union all
    -- Letters report nothing but the coupon that came back.
    select
        {{- touch_columns }},
        responded_on as redeemed_on
    from complete_journey_touches
)

-- touch_number counts what was sent, in a total order; a touch planned or capped only was never a touch to the member.
select
    touches.source,
    touches.touch_id,
    member_records.member_key,
    touches.campaign_code,
    touches.channel,
    touches.planned_on,
    touches.capped_on,
    touches.sent_on,
    touches.delivered_on,
    touches.opened_on,
    touches.clicked_on,
    touches.connected_on,
    touches.followed_up_on,
    touches.unsubscribed_on,
    touches.complained_on,
    touches.blocked_on,
    -- Empty values are passed over, here and on Spark; without any answer the result is empty.
    least(touches.opened_on, touches.clicked_on, touches.connected_on, touches.redeemed_on) as engaged_on,
    case
        when touches.sent_on is not null
            then cast(row_number() over (
                partition by member_records.member_key, touches.sent_on is null
                order by touches.sent_on, touches.source, touches.touch_id
            ) as integer)
    end as touch_number,
    touches.cost_amount
from touches
inner join member_records
    on touches.source = member_records.source
    and touches.system = member_records.system
    and touches.member_id = member_records.member_id
