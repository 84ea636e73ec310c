-- A step that waited for room is in several weeks; what was sent is the one that was planned last. A receipt of a touch
-- that is not in the ledger, or whose member was erased, belongs to nobody.
with receipts as (
    select * from {{ ref('stg_receipts__touches') }}
),

sealed as (
    select
        *,
        row_number() over (
            partition by planned_touch_id
            order by case when status = 'planned' then 0 else 1 end, campaign_week desc
        ) as plan_rank
    from {{ ref('int_sealed_touches') }}
)

select
    receipts.source,
    {{ text_key('receipts.planned_touch_id') }} as touch_id,
    receipts.planned_touch_id,
    sealed.member_key,
    sealed.campaign as campaign_code,
    sealed.channel,
    sealed.planned_on,
    cast(null as date) as capped_on,
    receipts.sent_on,
    receipts.delivered_on,
    receipts.opened_on,
    receipts.clicked_on,
    receipts.connected_on,
    cast(null as date) as followed_up_on,
    receipts.unsubscribed_on,
    receipts.complained_on,
    receipts.blocked_on,
    receipts.cost_amount
from receipts
inner join sealed
    on receipts.planned_touch_id = sealed.planned_touch_id
    and sealed.plan_rank = 1
