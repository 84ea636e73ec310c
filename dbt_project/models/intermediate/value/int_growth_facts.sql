{{ config(materialized='view') }}

-- Everything a rule of growth points may name, in one shape: money, purchase days, and each event or ticket once.
with purchase_days as (
    select * from {{ ref('int_purchase_days') }}
),

refunds as (
    select * from {{ ref('fct_refund') }}
    where member_key is not null
),

behaviour_events as (
    select * from {{ ref('fct_event') }}
),

tickets as (
    select * from {{ ref('fct_ticket') }}
)

select
    member_key,
    purchased_on as earned_on,
    'net_amount' as fact,
    {{ money('net_amount') }} as units
from purchase_days
union all
select
    member_key,
    refunded_on as earned_on,
    'net_amount' as fact,
    {{ money('-refunded_amount') }} as units
from refunds
union all
select
    member_key,
    purchased_on as earned_on,
    'purchase_days' as fact,
    {{ money('1') }} as units
from purchase_days
union all
select
    member_key,
    happened_on as earned_on,
    event_type as fact,
    {{ money('1') }} as units
from behaviour_events
union all
select
    member_key,
    opened_on as earned_on,
    kind as fact,
    {{ money('1') }} as units
from tickets
