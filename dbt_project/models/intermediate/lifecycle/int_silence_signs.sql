{{ config(materialized='view') }}

{%- set window = var('activity_windows') | min -%}
-- What may tell why a member fell silent, each with the day on which it was known and what it counts for. Sums over
-- days give how often; a channel that is closed counts back what it counted when it was opened.
with touches as (
    select * from {{ ref('int_touch_reports') }}
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

signs as (
    {%- for relation, sign, day, amount in [
        ('touches', "'touch_sent'", 'awaited_on', '1'),
        ('touches', "'touch_delivered'", 'delivered_on', '1'),
        ('touches', "'touch_openable'", 'openable_on', '1'),
        ('touches', "'touch_opened'", 'opened_on', '1'),
        ('touches', "'touch_rejected'", 'rejected_on', '1'),
        ('touches', "'touches_in_window'", 'sent_on', 'touches_' ~ window ~ 'd'),
        ('coupons', "'coupon_issued'", 'issued_on', '1'),
        ('coupons', "'coupon_redeemed'", 'redeemed_on', '1'),
        ('events', 'event_type', 'happened_on', '1'),
        ('events', "'event'", 'happened_on', '1'),
        ('events', "'competitor_search'", 'case when is_competitor then happened_on end', '1'),
        ('refunds', "'refund'", 'refunded_on', '1'),
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
)

select * from signs
where
    happened_on is not null
    and member_key is not null
