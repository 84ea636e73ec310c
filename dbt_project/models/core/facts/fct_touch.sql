{%- set touch_columns = [
    'source', 'touch_id', 'campaign_code', 'channel', 'planned_on', 'capped_on', 'sent_on', 'delivered_on', 'opened_on',
    'clicked_on', 'connected_on', 'followed_up_on', 'unsubscribed_on', 'complained_on', 'blocked_on', 'cost_amount',
] -%}
with chain_touches as (
    select * from {{ ref('stg_chain__touches') }}
),

complete_journey_touches as (
    select * from {{ ref('int_complete_journey_touches') }}
),

receipt_touches as (
    select * from {{ ref('int_receipt_touches') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

recorded as (
    select
        {{ touch_columns | join(',\n        ') }},
        system,
        member_id,
        cast(null as date) as redeemed_on
    from chain_touches
    union all
    -- Letters report nothing but the coupon that came back.
    select
        {{ touch_columns | join(',\n        ') }},
        system,
        member_id,
        responded_on as redeemed_on
    from complete_journey_touches
),

touches as (
    select
        recorded.{{ touch_columns | join(',\n        recorded.') }},
        recorded.redeemed_on,
        member_records.member_key
    from recorded
    inner join member_records
        on recorded.source = member_records.source
        and recorded.system = member_records.system
        and recorded.member_id = member_records.member_id
    union all
    -- Receipts name no record: whose touch it was is in the ledger.
    select
        {{ touch_columns | join(',\n        ') }},
        cast(null as date) as redeemed_on,
        member_key
    from receipt_touches
)

-- touch_number counts what was sent, in a total order; a touch planned or capped only was never a touch to the member.
select
    source,
    touch_id,
    member_key,
    {{ touch_columns[2:-1] | join(',\n    ') }},
    -- Empty values are passed over, here and on Spark; without any answer the result is empty.
    least(opened_on, clicked_on, connected_on, redeemed_on) as engaged_on,
    case
        when sent_on is not null
            then cast(row_number() over (
                partition by member_key, sent_on is null
                order by sent_on, source, touch_id
            ) as integer)
    end as touch_number,
    cost_amount
from touches
