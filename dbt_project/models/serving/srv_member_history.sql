{%- set window = var('activity_windows') | max -%}
with lifecycle as (
    select * from {{ ref('member_lifecycle') }}
),

activity as (
    select * from {{ ref('member_activity') }}
),

rfm as (
    select * from {{ ref('member_rfm') }}
),

value_tiers as (
    select * from {{ ref('member_value_tier') }}
),

cycles as (
    select * from {{ ref('member_cycle') }}
)

select
    lifecycle.member_key,
    lifecycle.as_of_date,
    lifecycle.category_group,
    lifecycle.stage,
    lifecycle.is_high_intent,
    lifecycle.silence_tier,
    lifecycle.days_silent,
    lifecycle.days_since_purchase,
    lifecycle.reactivated_on,
    lifecycle.reactivated_from_stage,
    activity.first_purchase_on,
    activity.last_purchase_on,
    activity.orders_{{ window }}d,
    activity.net_amount_{{ window }}d,
    activity.margin_amount_{{ window }}d,
    rfm.rfm_cell,
    rfm.recency_score,
    rfm.frequency_score,
    rfm.monetary_score,
    rfm.margin_score,
    value_tiers.value_tier,
    cycles.cycle_days,
    cycles.cycle_band,
    cycles.next_purchase_due_on,
    cycles.overdue_ratio
from lifecycle
inner join activity
    on lifecycle.member_key = activity.member_key
    and lifecycle.as_of_date = activity.as_of_date
left join rfm
    on lifecycle.member_key = rfm.member_key
    and lifecycle.as_of_date = rfm.as_of_date
left join value_tiers
    on lifecycle.member_key = value_tiers.member_key
    and lifecycle.as_of_date = value_tiers.as_of_date
left join cycles
    on lifecycle.member_key = cycles.member_key
    and lifecycle.as_of_date = cycles.as_of_date
