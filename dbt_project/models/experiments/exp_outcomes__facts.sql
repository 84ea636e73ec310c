{{ config(materialized='view') }}

{%- set of_purchases = {
    'margin': 'margin_amount', 'net_amount': 'net_amount', 'orders': '1', 'returned': '1', 'repurchased': '1',
    'repurchased_full_price': 'case when not is_promo then 1 end',
} -%}
{%- set of_refunds = {'margin': '-refunded_margin_amount', 'net_amount': '-refunded_amount', 'refunded': '1'} -%}
-- What members did, by metric and day. What is known of a control as well as of the contacted: opening a message is no
-- return, for nobody in a control could open one.
with purchases as (
    select * from {{ ref('fct_order') }}
    where is_purchase and member_key is not null
),

refunds as (
    select * from {{ ref('fct_refund') }}
    where member_key is not null
),

touches as (
    select * from {{ ref('fct_touch') }}
),

tickets as (
    select * from {{ ref('fct_ticket') }}
    where kind = 'complaint' and member_key is not null
),

coupons as (
    select * from {{ ref('fct_coupon') }}
    where redeemed_on is not null
),

interactions as (
    select events.*
    from {{ ref('fct_event') }} as events
    inner join {{ ref('event_types') }} as event_types on events.event_type = event_types.event_type
    where event_types.is_interaction and events.member_key is not null
),

facts as (
    {%- for relation, day, metrics in [
        ('purchases', 'ordered_on', of_purchases),
        ('refunds', 'refunded_on', of_refunds),
        ('touches', 'unsubscribed_on', {'unsubscribed': '1'}),
        ('touches', 'complained_on', {'complained': '1'}),
        ('tickets', 'opened_on', {'complained': '1'}),
        ('coupons', 'redeemed_on', {'redeemed': '1'}),
        ('interactions', 'happened_on', {'returned': '1'}),
    ] %}
    {%- set relation_no = loop.index %}
    {%- for metric, amount in metrics.items() %}
    {{ "union all" if relation_no > 1 or not loop.first }}
    select
        member_key,
        {{ day }} as happened_on,
        '{{ metric }}' as metric,
        {{ amount }} as amount
    from {{ relation }}
    {%- endfor %}
    {%- endfor %}
)

select
    member_key,
    happened_on,
    metric,
    cast(amount as decimal(18, 4)) as amount
from facts
where amount is not null and happened_on is not null
