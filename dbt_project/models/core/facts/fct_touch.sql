{%- set dates = [
    'planned_on', 'capped_on', 'sent_on', 'delivered_on', 'opened_on', 'clicked_on', 'connected_on', 'followed_up_on',
    'unsubscribed_on', 'complained_on', 'blocked_on', 'reported_on', 'redeemed_on',
] -%}
{%- set told_by = {
    'chain_touches': dates[:-1],
    'letters': ['planned_on', 'sent_on', 'redeemed_on'],
    'receipt_touches': [
        'planned_on', 'sent_on', 'delivered_on', 'opened_on', 'clicked_on', 'connected_on', 'unsubscribed_on',
        'complained_on', 'blocked_on', 'reported_on',
    ],
} -%}
{%- set in_order = 'partition by member_key, sent_on is null order by sent_on, source, touch_key' -%}
{%- set campaign_number = 'cast(campaigns.campaign_id as ' ~ dbt.type_string() ~ ')' -%}
with campaigns as (
    select * from {{ ref('stg_complete_journey__campaigns') }}
),

campaign_descriptions as (
    select * from {{ ref('stg_complete_journey__campaign_descriptions') }}
),

coupon_redemptions as (
    select * from {{ ref('stg_complete_journey__coupon_redemptions') }}
),

member_records as (
    select * from {{ ref('int_identity__members') }}
),

chain_touches as (
    select
        touches.*,
        member_records.member_key
    from {{ ref('stg_chain__touches') }} as touches
    inner join member_records
        on touches.source = member_records.source
        and touches.system = member_records.system
        and touches.member_id = member_records.member_id
),

-- A step that waited for room is in several weeks; what was sent is the one that was planned last. One that a
-- correction dropped may have been sent before.
plans as (
    select
        sealed.planned_touch_id,
        sealed.campaign,
        sealed.channel,
        sealed.planned_on,
        member_records.member_key,
        row_number() over (
            partition by sealed.planned_touch_id
            order by
                case when sealed.is_newest then 0 else 1 end,
                case when sealed.status = 'planned' then 0 else 1 end,
                sealed.campaign_week desc,
                sealed.ledger_version desc
        ) as plan_rank
    from {{ ref('stg_rekindle__sealed_touches') }} as sealed
    inner join member_records on sealed.member_key = member_records.record_key
),

-- The Complete Journey dates the campaign, not the letter: it counts as sent on the first day, and reports nothing but
-- the coupon that came back.
letters as (
    select
        campaigns.source,
        {{ text_key(dbt.concat(["'touch-'", campaign_number, "'-'", 'campaigns.member_id'])) }} as touch_key,
        member_records.member_key,
        {{ dbt.concat(["'campaign_'", campaign_number]) }} as campaign_code,
        'mail' as channel,
        campaign_descriptions.started_on as planned_on,
        campaign_descriptions.started_on as sent_on,
        min(coupon_redemptions.redeemed_on) as redeemed_on,
        cast(null as decimal(18, 4)) as cost_amount
    from campaigns
    inner join campaign_descriptions on campaigns.campaign_id = campaign_descriptions.campaign_id
    inner join member_records
        on campaigns.source = member_records.source
        and campaigns.system = member_records.system
        and campaigns.member_id = member_records.member_id
    left join coupon_redemptions
        on campaigns.campaign_id = coupon_redemptions.campaign_id
        and campaigns.system = coupon_redemptions.system
        and campaigns.member_id = coupon_redemptions.member_id
    group by
        campaigns.source, campaigns.campaign_id, campaigns.member_id, member_records.member_key,
        campaign_descriptions.started_on
),

-- A receipt of a touch that is not in the ledger, or whose member was erased, belongs to nobody.
receipt_touches as (
    select
        receipts.*,
        {{ text_key('receipts.planned_touch_id') }} as touch_key,
        plans.member_key,
        plans.campaign as campaign_code,
        plans.channel,
        plans.planned_on
    from {{ ref('stg_receipts__touches') }} as receipts
    inner join plans on receipts.planned_touch_id = plans.planned_touch_id
    where plans.plan_rank = 1
),

touches as (
    {%- for relation, told in told_by.items() %}
    {{ "union all" if not loop.first }}
    select
        source,
        touch_key,
        member_key,
        campaign_code,
        channel,
        {%- for day in dates %}
        {{ day if day in told else 'cast(null as date)' }} as {{ day }},
        {%- endfor %}
        cost_amount
    from {{ relation }}
    {%- endfor %}
)

-- touch_number counts what was sent, in a total order; a touch planned or capped only was never a touch to the member.
select
    source,
    touch_key,
    member_key,
    campaign_code,
    channel,
    {{ dates[:-1] | join(',\n    ') }},
    -- Empty values are passed over, here and on Spark; without any answer the result is empty.
    least(opened_on, clicked_on, connected_on, redeemed_on) as engaged_on,
    case when sent_on is not null then cast(row_number() over ({{ in_order }}) as integer) end as touch_number,
    cost_amount
from touches
