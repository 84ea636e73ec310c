{{ config(materialized='view') }}

{%- set window = var('activity_windows') | min -%}
-- What may tell why a member fell silent, for each evidence that counts it or compares with it, with the day on which
-- it was known and what it counts for. Sums over days give how often; a channel that is closed counts back what it
-- counted when it was opened.
with touches as (
    select * from {{ ref('fct_touch') }}
    where sent_on is not null
),

events as (
    select * from {{ ref('fct_event') }}
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

answers as (
    select
        *,
        case when is_allowed then 1 else 0 end - case when is_allowed_before then 1 else 0 end as opened
    from {{ ref('fct_contact_permission') }}
    where purpose = 'marketing'
),

evidence as (
    select * from {{ ref('silence_evidence') }}
),

channels as (
    select
        source,
        channel,
        min(delivered_on) as deliveries_from_on,
        min(opened_on) as openings_from_on
    from touches
    group by source, channel
),

-- A letter reports neither delivery nor opening, a call no opening: what a channel does not report, or not yet, cannot
-- be missed.
reports as (
    select
        touches.*,
        case when touches.sent_on >= channels.deliveries_from_on then touches.sent_on end as awaited_on,
        case when touches.delivered_on >= channels.openings_from_on then touches.delivered_on end as openable_on,
        least(touches.unsubscribed_on, touches.complained_on, touches.blocked_on) as rejected_on,
        count(*) over (
            partition by touches.member_key
            order by {{ days_between("cast('2000-01-01' as date)", 'touches.sent_on') }}
            range between {{ window - 1 }} preceding and current row
        ) as touches_{{ window }}d
    from touches
    inner join channels
        on touches.source = channels.source
        and touches.channel = channels.channel
),

signs as (
    {%- for relation, sign, day, amount in [
        ('reports', "'touch_sent'", 'awaited_on', '1'),
        ('reports', "'touch_delivered'", 'delivered_on', '1'),
        ('reports', "'touch_openable'", 'openable_on', '1'),
        ('reports', "'touch_opened'", 'opened_on', '1'),
        ('reports', "'touch_rejected'", 'rejected_on', '1'),
        ('reports', "'touches_in_window'", 'sent_on', 'touches_' ~ window ~ 'd'),
        ('coupons', "'coupon_issued'", 'issued_on', '1'),
        ('coupons', "'coupon_redeemed'", 'redeemed_on', '1'),
        ('events', 'event_type', 'happened_on', '1'),
        ('events', "'event'", 'happened_on', '1'),
        ('events', "'competitor_search'", 'case when is_competitor then happened_on end', '1'),
        ('refunds', "'fault_refund'", 'case when is_fault then refunded_on end', '1'),
        ('tickets', "'negative_ticket'", 'case when is_negative then opened_on end', '1'),
        ('answers', "'channel_asked'", 'case when change_number = 1 then changed_on end', '1'),
        ('answers', "'channel_open'", 'changed_on', 'opened'),
    ] %}
    {{ "union all" if not loop.first }}
    select
        member_key,
        {{ sign }} as sign,
        {{ day }} as happened_on,
        cast({{ amount }} as bigint) as amount
    from {{ relation }}
    {%- endfor %}
),

watched as (
    {%- for column in ['sign', 'base_sign'] %}
    {{ "union all" if not loop.first }}
    select
        evidence,
        {{ column }} as sign,
        {{ 'false' if loop.first else 'true' }} as is_base
    from evidence
    {%- endfor %}
)

select
    signs.member_key,
    watched.evidence,
    watched.is_base,
    signs.happened_on,
    signs.amount
from signs
inner join watched on signs.sign = watched.sign
where
    signs.happened_on is not null
    and signs.member_key is not null
