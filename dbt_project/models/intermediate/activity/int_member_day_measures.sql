{{ config(materialized='view') }}

-- Everything a member did or received, folded to days. A refund counts on the day of the refund, so totals up to any
-- day hold only what was known that day. The registration is a day too: from it on the member exists.
with member_records as (
    select * from {{ ref('int_identity__members') }}
),

purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

refunds as (
    select * from {{ ref('fct_refund') }}
),

events as (
    select * from {{ ref('fct_event') }}
),

event_types as (
    select * from {{ ref('event_types') }}
),

touches as (
    select * from {{ ref('fct_touch') }}
),

tickets as (
    select * from {{ ref('fct_ticket') }}
),

{%- set measures = [
    'purchase_days', 'orders', 'promo_orders', 'net_amount', 'known_margin_amount', 'unknown_margins',
    'discount_amount', 'interactions', 'visits', 'intent_actions', 'touches', 'negative_events',
] %}
{%- set money = ['net_amount', 'known_margin_amount', 'discount_amount'] %}
{%- set typed_events = 'events inner join event_types on events.event_type = event_types.event_type' %}

facts as (
    {{ member_day_fact('member_records', 'registered_on', measures, {}) }}
    union all
    {{ member_day_fact('purchase_days', 'purchased_on', measures, {
        'purchase_days': '1', 'orders': 'orders', 'promo_orders': 'promo_orders', 'net_amount': 'net_amount',
        'known_margin_amount': 'known_margin_amount', 'unknown_margins': 'unknown_margins',
        'discount_amount': 'discount_amount',
    }) }}
    union all
    {{ member_day_fact('refunds', 'refunded_on', measures, {
        'net_amount': '-refunded_amount', 'known_margin_amount': '-coalesce(refunded_margin_amount, 0)',
        'unknown_margins': 'case when refunded_margin_amount is null and refunded_amount > 0 then 1 else 0 end',
        'negative_events': '1',
    }) }}
    union all
    {{ member_day_fact(typed_events, 'happened_on', measures, {
        'interactions': 'case when is_interaction then 1 else 0 end', 'visits': 'case when is_visit then 1 else 0 end',
        'intent_actions': 'case when is_intent or is_competitor then 1 else 0 end',
    }) }}
    union all
    {{ member_day_fact('touches', 'sent_on', measures, {'touches': '1'}) }}
    union all
    {{ member_day_fact('touches', 'engaged_on', measures, {'interactions': '1'}) }}
    union all
    {#- Who opened a message and clicked it days later was there on both days. #}
    {{ member_day_fact('touches', 'case when clicked_on > engaged_on then clicked_on end', measures, {
        'interactions': '1',
    }) }}
    union all
    {{ member_day_fact('tickets', 'opened_on', measures, {
        'negative_events': 'case when is_negative then 1 else 0 end',
    }) }}
)

select
    member_key,
    {%- for measure in measures %}
    {{ money_sum(measure) if measure in money else integer_sum(measure) }} as {{ measure }},
    {%- endfor %}
    activity_on
from facts
where
    member_key is not null
    and activity_on is not null
group by member_key, activity_on
